"""An access → what it permits of each table, by the names of the database."""

from __future__ import annotations

from collections.abc import Mapping

from dynamic_databases.catalog.types import TableName
from schema.access import Access, TableAccess, ambiguous_names


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
