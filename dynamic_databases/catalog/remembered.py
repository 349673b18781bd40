"""SQLite's columns by their table's text: a table is read again only if its text changed.

A table's columns follow from its `CREATE TABLE` alone, which SQLite rewrites with each change
(https://sqlite.org/schematab.html): databases whose tables are made alike share their columns too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NewType

from dynamic_databases.catalog.types import Column
from dynamic_databases.concurrency.lru import LruCache

TextKey = NewType("TextKey", bytes)
_MAX_COLUMNS = 20_000  # in all: some 5 MB


@dataclass(frozen=True)
class TableColumns:
    """A table's columns in their order, and the names of those that are its primary key."""

    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()


def new_memory(max_columns: int = _MAX_COLUMNS) -> LruCache[TextKey, TableColumns]:
    """Return an empty memory of tables; those used longest ago are forgotten first."""
    return LruCache(max_columns, size_of=lambda table: len(table.columns))


def key_of(sql: str) -> TextKey:
    """Return what stands for a table's text: a hash, as texts may be long."""
    return TextKey(hashlib.blake2b(sql.encode("utf-8", "surrogatepass"), digest_size=16).digest())
