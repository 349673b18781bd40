"""Columns of SQLite's tables by the text that made them, so that a table is read again only where its text changed.

A table's columns follow from its `CREATE TABLE` alone, which SQLite rewrites with each change
(https://sqlite.org/schematab.html): databases whose tables are made alike share their columns too.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import NewType

from dynamic_databases.catalog.types import Column

TextKey = NewType("TextKey", bytes)
_MAX_COLUMNS = 20_000  # in all: some 5 MB


@dataclass(frozen=True)
class TableColumns:
    """A table's columns in their order, and the names of those that are its primary key."""

    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()


class Remembered:
    """A bounded memory of tables; those used longest ago are forgotten first. Safe for threads."""

    def __init__(self, max_columns: int = _MAX_COLUMNS) -> None:
        self._max_columns = max_columns
        self._lock = threading.Lock()
        self._tables: OrderedDict[TextKey, TableColumns] = OrderedDict()
        self._count = 0  # of columns

    def get(self, key: TextKey) -> TableColumns | None:
        with self._lock:
            known = self._tables.get(key)
            if known is not None:
                self._tables.move_to_end(key)
            return known

    def put(self, key: TextKey, table: TableColumns) -> None:
        with self._lock:
            if key in self._tables:
                return
            self._tables[key] = table
            self._count += len(table.columns)
            while self._count > self._max_columns:
                _, forgotten = self._tables.popitem(last=False)
                self._count -= len(forgotten.columns)


def key_of(sql: str) -> TextKey:
    """Return what stands for a table's text: a hash, as texts may be long."""
    return TextKey(hashlib.blake2b(sql.encode("utf-8", "surrogatepass"), digest_size=16).digest())
