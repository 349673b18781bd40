"""Databases as data: registered at run time, read from their catalogs, usable by the ORM."""
