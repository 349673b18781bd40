"""Builds schemas from catalogs, and keeps them."""
