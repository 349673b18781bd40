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
    conditions = [(c, dialect.lost(f"t1.{dialect.quote(c.name)}", c.type)) for c in table.columns]
    kept = [(column, condition) for column, condition in conditions if condition]
    if not kept:
        return None
    counts = ", ".join(
        f"count(CASE WHEN t1.{dialect.quote(column.name)} IS NOT NULL AND {condition} THEN 1 END)"
        for column, condition in kept
    )
    source = f"(SELECT * FROM {dialect.table(table.name)} LIMIT {rows}) t1"
    return tuple(column for column, _ in kept), Sql(f"SELECT {counts} FROM {source}")
