"""How each vendor's connections are opened, set up, cancelled and ended, a module per vendor."""
