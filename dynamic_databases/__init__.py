"""Databases as data: registered at run time, read from their own catalogs, usable through the ORM."""
