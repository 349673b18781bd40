"""The ways of authenticating a caller."""
