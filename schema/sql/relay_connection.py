"""`Connection` → a statement of one row per edge: what its cursor holds, then its nodes' JSON.

A cursor holds the values of the order terms (keyset paging): the page after it is found by
comparing with them, so rows that are added or removed elsewhere don't shift it.
"""

from __future__ import annotations

from schema.limits import Limits
from schema.plan.connection import behind_of, bounds_of
from schema.plan.context import ROWS
from schema.plan.nodes import Connection, Slot, Use, Where
from schema.plan.operands import Constant
from schema.plan.order_by import reversed_order
from schema.plan.select import columns_of
from schema.sql.dialect import Dialect
from schema.sql.read import Counters, column_aliases, condition_to_sql, pairs_to_sql
from schema.sql.statement import Sql, joined, sql
from schema.sql.where import order_to_sql, order_type, ordered_to_sql, where_to_sql


def connection_to_sql(connection: Connection, limits: Limits, dialect: Dialect) -> Sql:
    """Return the SELECT: cursor values, nodes; if wanted `totalCount` and whether rows follow."""
    counters = Counters()
    outer = counters.pages.next()
    selected = columns_of([item for items in connection.selections for item in items])
    columns = column_aliases(selected)
    rows = _rows(connection, columns, limits, dialect, counters)
    keys = [f"{outer}.k{i}" for i in range(len(connection.order_by))]
    nodes = [
        dialect.json_text(
            dialect.json_object(pairs_to_sql(selection, outer, columns, dialect, counters))
        )
        for selection in connection.selections
    ]
    order = joined(
        ", ",
        (
            dialect.order(Sql(key), term, nullable=term.nullable)
            for key, term in zip(keys, connection.order_by, strict=True)
        ),
    )
    extras = _extras(connection, dialect, counters)
    cursors = [
        Sql(dialect.key_out(key, order_type(term, dialect)))
        for key, term in zip(keys, connection.order_by, strict=True)
    ]
    chosen = joined(", ", [*cursors, *nodes, *extras])
    # Of an empty page the extras are wanted all the same.
    source = sql("(SELECT 1 AS one) o LEFT JOIN ({}) {} ON 1 = 1", rows, outer)
    source = source if extras else sql("({}) {}", rows, outer)
    return sql("SELECT {} FROM {} ORDER BY {}{}", chosen, source, order, dialect.after_order)


def _rows(
    connection: Connection,
    columns: dict[str, str],
    limits: Limits,
    dialect: Dialect,
    counters: Counters,
) -> Sql:
    table = counters.tables.next()
    keys = [
        sql("{} AS k{}", order_to_sql(term, table, dialect, counters.tables), str(i))
        for i, term in enumerate(connection.order_by)
    ]
    values = [Sql(f"{table}.{dialect.quote(name)} AS {alias}") for name, alias in columns.items()]
    conditions = [where_to_sql(connection.where, table, dialect, counters.tables)]
    conditions += [
        where_to_sql(bound, table, dialect, counters.tables) for bound in bounds_of(connection)
    ]
    terms = connection.order_by
    terms = reversed_order(terms) if connection.is_backward else terms
    wanted = connection.last if connection.is_backward else connection.first
    limit = Slot(wanted or Constant(limits.default_rows), ROWS, Use.ROWS_AND_ONE)
    return sql(
        "SELECT {} {} ORDER BY {} {}",
        joined(", ", [*keys, *values]),
        condition_to_sql(table, conditions, dialect, connection.table),
        ordered_to_sql(terms, table, dialect, counters.tables),
        dialect.limited(limit, None),
    )


def _extras(connection: Connection, dialect: Dialect, counters: Counters) -> list[Sql]:
    extras: list[Sql] = []
    if connection.wants_total:
        rows = _others(connection, connection.where, dialect, counters)
        extras.append(sql("(SELECT count(*) {})", rows))
    if connection.wants_behind:
        rows = _others(connection, behind_of(connection), dialect, counters)
        extras.append(sql("(SELECT CASE WHEN EXISTS (SELECT 1 {}) THEN 1 ELSE 0 END)", rows))
    return extras


def _others(connection: Connection, where: Where, dialect: Dialect, counters: Counters) -> Sql:
    """Return `FROM … WHERE …` of all rows that match."""
    table = counters.tables.next()
    conditions = [where_to_sql(where, table, dialect, counters.tables)]
    return condition_to_sql(table, conditions, dialect, connection.table)
