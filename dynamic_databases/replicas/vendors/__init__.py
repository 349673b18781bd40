"""Where a server stands in what was written, a module per vendor."""
