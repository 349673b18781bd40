"""How a sample describes a table."""

from __future__ import annotations

# A table: its columns as (name, type), "!" after a type is NOT NULL, then the key, then foreign
# keys as (columns, table, its columns). Types are those of `type_of`.
Table = tuple[str, list[tuple[str, str]], list[str], list[tuple[list[str], str, list[str]]]]
