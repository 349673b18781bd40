"""How many bytes of memory schemas take: counted from tables, types and texts, not measured.

The constants are what CPython 3.11 takes for the objects of one column, field and so on.
`tests/schema/test_memory_size.py` compares the counts with a walk of the objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from sys import getsizeof
from typing import cast

from dynamic_databases.catalog.types import Column, Table
from schema.built_schema import BuiltSchema
from schema.names.tables import NamedTable
from schema.types.lazy import LazySchema

_TABLE, _COLUMN, _KEY = 700, 100, 400
_NAMED_TABLE, _FIELD, _RELATION = 2_200, 150, 400
_SCHEMA, _ENTRY = 50_000, 600  # an entry is a table's place in the catalog, names and root fields


def shared_parts(built: BuiltSchema) -> Iterator[tuple[object, int]]:
    """Yield what other schemas may hold too, each once, with its bytes: its tables."""
    seen: set[int] = set()
    waiting: list[Table | NamedTable] = [*built.catalog.tables, *built.tables()]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, Table):
            yield part, table_bytes(part)
        else:
            yield part, named_table_bytes(part)
            waiting += [part.table, *part.made_of]


def own_bytes(built: BuiltSchema) -> int:
    """Return what a schema takes besides its tables; it grows with the types that are made."""
    tables = len(built.catalog.tables) + sum(1 for _ in built.tables())
    schema = cast("LazySchema", built.schema.graphql_schema)
    return _SCHEMA + _ENTRY * tables + schema.size_bytes


def table_bytes(table: Table) -> int:
    """Return what a table of a catalog takes, with its columns and their texts."""
    keys = len(table.unique_keys) + len(table.foreign_keys)
    texts = sum(_text_bytes(column) for column in table.columns)
    size = _TABLE + _COLUMN * len(table.columns) + _KEY * keys
    return size + texts + len(table.comment)


def named_table_bytes(table: NamedTable) -> int:
    """Return what the names of a table take besides the table."""
    fields = len(table.columns) + len(table.custom)
    return _NAMED_TABLE + _FIELD * fields + _RELATION * len(table.relations)


def _text_bytes(column: Column) -> int:
    texts = [column.name, column.default, column.comment, *column.type.labels]
    return sum(getsizeof(text) for text in texts if text)
