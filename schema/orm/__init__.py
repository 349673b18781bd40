"""The same plans by ORM rows and Python, one statement per level.

It serves where a server can't build JSON, and it is the oracle of the other way: both give equal
JSON for every plan.
"""

from schema.orm.read import OrmReader

__all__ = ["OrmReader"]
