"""What ORM execution says differently to each vendor, a module per vendor."""
