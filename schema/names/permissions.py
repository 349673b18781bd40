"""An access → what it permits of each table, by the names of the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from dynamic_databases.catalog.types import Table, TableName
from schema.access import Access, TableAccess, ambiguous_names, permitted


def permissions_of(
    access: Access, fields: Mapping[TableName, str], columns: Mapping[TableName, Mapping[str, str]]
) -> dict[TableName, TableAccess]:
    """Return what is permitted of each table.

    `fields` are the names that the API gives to tables, and `columns` those of their columns.
    """
    ambiguous = ambiguous_names({str(name): field for name, field in fields.items()})
    return {
        name: access.of(str(name), field, ambiguous).in_columns(columns[name])
        for name, field in fields.items()
    }


def shown_columns(table: Table, access: TableAccess, columns: frozenset[str]) -> frozenset[str]:
    """Return those of a table's columns that are seen: of its key those that all roles see.

    Where a role of a union doesn't see the key, other roles' rows can't be found by it either.
    """
    seen = permitted(access.select, columns)
    hidden = access.cell_rules(seen & frozenset(table.primary_key)) if access.roles else {}
    return seen - hidden.keys() if hidden else seen


def with_hidden_cells(table: Table, access: TableAccess, seen: frozenset[str]) -> Table:
    """Return a table whose columns may be NULL where they are hidden in some rows."""
    hidden = access.cell_rules(seen) if access.roles else {}
    if not hidden:
        return table
    columns = (replace(c, nullable=True) if c.name in hidden else c for c in table.columns)
    return replace(table, columns=tuple(columns))


def given_columns(
    access: TableAccess,
    operation: Literal["insert", "update"],
    columns: frozenset[str],
    field_of: Mapping[str, str],
) -> frozenset[str]:
    """Return those of `columns` that some role may give: it sees them, and doesn't set them itself.

    `field_of` has the fields by column; presets may go by either.
    """
    found: frozenset[str] = frozenset()
    for role in access.each_role:
        is_insert = operation == "insert"
        presets = role.rules.insert_presets if is_insert else role.rules.update_presets
        seen = permitted(role.select, columns)
        given = permitted(role.insert if is_insert else role.update, seen)
        given = _less(given, presets, field_of)
        found = found | given if found else given
    return found


def _less(columns: frozenset[str], presets: str, field_of: Mapping[str, str]) -> frozenset[str]:
    """Return columns without those that the role sets itself: a JSON object by field or column."""
    if not presets:
        return columns
    preset = frozenset(json.loads(presets))
    return frozenset(c for c in columns if c not in preset and field_of[c] not in preset)
