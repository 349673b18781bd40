"""A statement met what is gone: what the catalog, read again, says of it."""

from __future__ import annotations

from dynamic_databases.catalog.types import Catalog
from dynamic_databases.errors import (
    ColumnRetyped,
    RefusedByTrigger,
    SchemaChanged,
    StatementFailed,
)
from dynamic_databases.outcomes.messages import BROKEN_TRIGGER
from schema.names.tables import Names


def what_is_gone(
    error: SchemaChanged, changed: tuple[str, ...] | None, *, is_mutation: bool
) -> StatementFailed:
    """Return the failure that a client sees; `changed` is None where the catalog can't be read.

    Where the catalog is as it was, a mutation named nothing that is gone: its trigger did.
    """
    if is_mutation and changed == () and not isinstance(error, ColumnRetyped):
        return RefusedByTrigger(BROKEN_TRIGGER, BROKEN_TRIGGER)
    return SchemaChanged(str(error), changed or ())


def fields_changed(names: Names, catalog: Catalog) -> tuple[str, ...]:
    """Return the fields, or types of missing tables, that `catalog` lacks or has otherwise."""
    found: list[str] = []
    for table in names.tables.values():
        now = catalog.by_name.get(table.table.name)
        if now is None:
            found.append(table.type)
            continue
        found += [
            f"{table.type}.{field}"
            for field, column in table.columns.items()
            if column.name not in now.by_name or now.by_name[column.name].type != column.type
        ]
    return tuple(found)
