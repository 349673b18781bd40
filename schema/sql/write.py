"""`Write` plans → the statements that they run, one after the other, in a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dynamic_databases.catalog.types import Column, Table
from schema.arguments import VariableRef
from schema.plan.nodes import AllOf, Assignment, Compare, Insert, Op, Page, Slot, Use
from schema.sql.dialect import Dialect
from schema.sql.read import row_condition
from schema.sql.statement import Sql, joined, sql

RETURNED_KEY = "\0returned"  # no variable of GraphQL can have this name


@dataclass(frozen=True)
class Probe:
    """What a look at the current row asks: whether it holds something else than each value."""

    values: tuple[Assignment, ...]
    shown: tuple[Column, ...] = ()  # columns whose JSON is wanted besides


def insert_to_sql(insert: Insert, dialect: Dialect) -> Sql:
    """Return an INSERT that returns the new row's key."""
    table = dialect.table(insert.table.name)
    key = ", ".join(dialect.key_out(dialect.quote(column)) for column in insert.table.primary_key)
    if not insert.values:
        return Sql(f"INSERT INTO {table} {dialect.insert_defaults} RETURNING {key}")
    columns = ", ".join(dialect.quote(a.column.name) for a in insert.values)
    values = joined(", ", (dialect.slot(a.slot) for a in insert.values))
    return sql("INSERT INTO {} ({}) VALUES ({}) RETURNING {}", table, columns, values, key)


def probe_to_sql(table: Table, key: Sequence[Assignment], probe: Probe, dialect: Dialect) -> Sql:
    """Return a locking SELECT: one flag per value, then one JSON object of the columns shown."""
    flags = [
        sql(
            "CASE WHEN {} THEN 1 ELSE 0 END",
            dialect.differs(f"t1.{dialect.quote(a.column.name)}", a.slot),
        )
        for a in probe.values
    ]
    pairs = [
        (column.name, Sql(dialect.json_value(f"t1.{dialect.quote(column.name)}", column.type)))
        for column in probe.shown
    ]
    chosen = [*flags, dialect.json_text(dialect.json_object(pairs))] if pairs else flags
    source = dialect.table(table.name)
    return sql(
        "SELECT {} FROM {} t1 WHERE {}{}",
        joined(", ", chosen),
        source,
        _key(key, dialect),
        dialect.locked(),
    )


def update_to_sql(
    table: Table, key: Sequence[Assignment], values: Sequence[Assignment], dialect: Dialect
) -> Sql:
    """Return an UPDATE of `values` alone, of the row with this key."""
    pairs = joined(
        ", ", (sql("{} = {}", dialect.quote(a.column.name), dialect.slot(a.slot)) for a in values)
    )
    name = dialect.table(table.name)
    return sql("UPDATE {} SET {} WHERE {}", name, pairs, _plain_key(key, dialect))


def delete_to_sql(table: Table, key: Sequence[Assignment], dialect: Dialect) -> Sql:
    return sql("DELETE FROM {} WHERE {}", dialect.table(table.name), _plain_key(key, dialect))


def raw_key(table: Table) -> tuple[tuple[Column, Slot], ...]:
    """Return the key's columns with slots that take what `INSERT … RETURNING` gave."""
    columns = [table.by_name[name] for name in table.primary_key]
    return tuple(
        (c, Slot(VariableRef(RETURNED_KEY, (i,)), c.type, Use.RAW)) for i, c in enumerate(columns)
    )


def keyed(page: Page, key: Sequence[tuple[Column, Slot]]) -> Page:
    """Return `page` for the row with this key."""
    from_key = tuple(Compare(column, Op.EQ, slot) for column, slot in key)
    return replace(page, where=AllOf(from_key))


def _key(key: Sequence[Assignment], dialect: Dialect) -> Sql:
    return row_condition(((a.column, a.slot) for a in key), "t1", dialect)


def _plain_key(key: Sequence[Assignment], dialect: Dialect) -> Sql:
    return joined(
        " AND ", (sql("{} = {}", dialect.quote(a.column.name), dialect.slot(a.slot)) for a in key)
    )
