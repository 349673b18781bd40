"""Reports about databases: checks, drift and saved operations."""
