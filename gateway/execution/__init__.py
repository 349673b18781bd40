"""Runs operations on tenants' connections, under their limits."""
