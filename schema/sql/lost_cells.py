"""Cells whose value their type can't carry → a statement that counts them by column."""

from __future__ import annotations

from dynamic_databases.catalog.types import Column, Table
from schema.sql.dialect import Dialect
from schema.sql.statement import Sql


def lost_cells_to_sql(
    table: Table, rows: int, dialect: Dialect
) -> tuple[tuple[Column, ...], Sql] | None:
    """Return the columns that may hold such cells, and a SELECT of their numbers in that order.

    Of so many `rows` at most. None where every type of the table carries all of its values.
    """
    conditions = [(c, dialect.lost(f"t1.c{i}", c.type)) for i, c in enumerate(table.columns)]
    kept = {i: (c, lost) for i, (c, lost) in enumerate(conditions) if lost}
    if not kept:
        return None
    counts = ", ".join(
        f"count(CASE WHEN t1.c{i} IS NOT NULL AND {lost} THEN 1 END)"
        for i, (_, lost) in kept.items()
    )
    # Renamed: SQLite takes a column called `true` of a derived table for the boolean.
    named = ", ".join(f"t0.{dialect.quote(column.name)} AS c{i}" for i, (column, _) in kept.items())
    source = f"(SELECT {named} FROM {dialect.table(table.name)} t0 LIMIT {rows}) t1"
    return tuple(column for column, _ in kept.values()), Sql(f"SELECT {counts} FROM {source}")
