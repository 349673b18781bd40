"""Interns tables: equal ones are one object, so that a catalog costs only its own tables.

Customers' databases are made alike and differ in a few tables that have columns of their own; a
change of a column leaves all other tables as they were.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from weakref import WeakValueDictionary

from dynamic_databases.catalog.types import Catalog, Table, TableName


class SharedTables:
    """The tables of all catalogs that are in use, each once. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: WeakValueDictionary[bytes, Table] = WeakValueDictionary()
        self._last: WeakValueDictionary[TableName, Table] = WeakValueDictionary()  # of each name

    def share(self, catalog: Catalog, before: Catalog | None = None) -> Catalog:
        """Return the catalog with those of its tables that are there already.

        `before` is what the same database held when it was last read. Comparing costs less than a
        digest, and most tables are as they were there, or in the database that was read last.
        """
        known = before.by_name if before is not None else {}
        tables = [self._shared(table, known.get(table.name)) for table in catalog.tables]
        return replace(catalog, tables=tuple(tables))

    def _shared(self, table: Table, before: Table | None) -> Table:
        for known in (before, self._last.get(table.name)):
            if known == table and _types(known) == _types(table):
                return known
        digest = table.digest  # computed before the lock: it takes a while
        with self._lock:
            shared = self._tables.setdefault(digest, table)
            self._last[table.name] = shared
            return shared


def _types(table: Table | None) -> list[tuple[object, ...]]:
    """Return all that the types of columns are; types compare as equal without some of it."""
    return [column.type.facts for column in table.columns] if table is not None else []
