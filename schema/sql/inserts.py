"""`INSERT … ON CONFLICT … RETURNING` as SQLite and PostgreSQL write it alike."""

from __future__ import annotations

from dynamic_databases.catalog.types import Column
from schema.plan.nodes import InsertedRow, OnConflict, Slot
from schema.sql.dialect import Dialect
from schema.sql.statement import Sql, joined, sql

INSERTED = "t1"  # what the row that is there already is called in a condition


def insert_returning(row: InsertedRow, returned: Sql, condition: Sql, dialect: Dialect) -> Sql:
    """Return an INSERT of one row; no row is returned where a conflict does nothing."""
    name = dialect.table(row.table.name)
    if not row.values:
        return sql("INSERT INTO {} DEFAULT VALUES RETURNING {}", name, returned)
    columns = ", ".join(dialect.quote(a.column.name) for a in row.values)
    slots = joined(
        ", ", (dialect.reference(row.table, a) or dialect.slot(a.slot) for a in row.values)
    )
    conflict = (
        _on_conflict(row, row.on_conflict, condition, dialect) if row.on_conflict else Sql("")
    )
    text = f"INSERT INTO {{}} AS {INSERTED} ({{}}) VALUES ({{}}){{}} RETURNING {{}}"
    return sql(text, name, columns, slots, conflict, returned)


def key_out(columns: tuple[Column, ...], prefix: str, dialect: Dialect) -> Sql:
    """Return columns in the form in which slots of use RAW take them back."""
    return joined(
        ", ", (dialect.key_out(f"{prefix}{dialect.quote(c.name)}", c.type) for c in columns)
    )


def _on_conflict(
    row: InsertedRow, on_conflict: OnConflict, condition: Sql, dialect: Dialect
) -> Sql:
    key = ", ".join(dialect.quote(column) for column in on_conflict.key)
    if not on_conflict.update:
        return Sql(f" ON CONFLICT ({key}) DO NOTHING")
    slots = {a.column.name: a.slot for a in row.values}
    updates = joined(
        ", ", (_overwritten(c, slots.get(c.name), dialect) for c in on_conflict.update)
    )
    where = sql(" WHERE {}", condition) if condition.text else Sql("")
    return sql(" ON CONFLICT ({}) DO UPDATE SET {}{}", key, updates, where)


def _overwritten(column: Column, slot: Slot | None, dialect: Dialect) -> Sql:
    """Return the assignment of what would have been inserted."""
    name = dialect.quote(column.name)
    value = Sql(f"excluded.{name}")
    if slot is not None:
        value = dialect.overwritten(f"{INSERTED}.{name}", slot, value)
    return sql("{} = {}", name, value)
