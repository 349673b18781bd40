"""Database catalogs as frozen values, and one reader per vendor that makes them."""
