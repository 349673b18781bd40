"""How each vendor's driver is sent round trips in a thread that may block: a module per vendor."""
