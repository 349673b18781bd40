"""Plans → SQL statements with slots: pure functions, one dialect per vendor, no connection."""
