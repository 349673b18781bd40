"""`Connection` → a statement of one row per edge: what its cursor holds, then its nodes' JSON.

A cursor holds the values of the order terms (keyset paging): the page after it is found by
comparing with them, so rows that are added or removed elsewhere don't shift it.
"""

from __future__ import annotations

from collections.abc import Sequence

from schema.limits import Limits
from schema.plan.arguments import Constant, VariableRef
from schema.plan.context import ROWS
from schema.plan.nodes import Connection, OrderTerm, PageInfoFields, Slot, TotalCount, Use
from schema.plan.order_by import reversed_order
from schema.plan.select import columns_of
from schema.sql.dialect import Dialect
from schema.sql.read import Counters, column_aliases, condition_to_sql, pairs_to_sql
from schema.sql.statement import Sql, joined, sql
from schema.sql.where import Aliases, order_to_sql, order_type, ordered_to_sql, where_to_sql

AFTER, BEFORE = "\0after", "\0before"  # no variable of GraphQL can have these names
# The order in which a row must come after the one whose values the variable holds.
Bound = tuple[tuple[OrderTerm, ...], str]


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


def wants_total(connection: Connection) -> bool:
    return any(isinstance(part, TotalCount) for part in connection.answer)


def wants_behind(connection: Connection) -> bool:
    """Return whether it is asked if there are rows on the side where the page begins."""
    field = "hasNextPage" if connection.is_backward else "hasPreviousPage"
    bound = connection.before if connection.is_backward else connection.after
    return bound is not None and any(
        name == field
        for part in connection.answer
        if isinstance(part, PageInfoFields)
        for _, name in part.parts
    )


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
        beyond_to_sql(terms, name, table, dialect, counters.tables)
        for terms, name in _bounds(connection)
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


def _bounds(connection: Connection) -> list[Bound]:
    bounds: list[Bound] = []
    if connection.after is not None:
        bounds.append((connection.order_by, AFTER))
    if connection.before is not None:
        bounds.append((reversed_order(connection.order_by), BEFORE))
    return bounds


def _extras(connection: Connection, dialect: Dialect, counters: Counters) -> list[Sql]:
    extras: list[Sql] = []
    if wants_total(connection):
        extras.append(sql("(SELECT count(*) {})", _others(connection, None, dialect, counters)))
    if wants_behind(connection):
        bound = _bounds(connection)[-1 if connection.is_backward else 0]
        rows = _others(connection, bound, dialect, counters)
        extras.append(sql("(SELECT CASE WHEN EXISTS (SELECT 1 {}) THEN 1 ELSE 0 END)", rows))
    return extras


def _others(
    connection: Connection, bound: Bound | None, dialect: Dialect, counters: Counters
) -> Sql:
    """Return `FROM … WHERE …` of all rows that match, or of those that aren't beyond the bound."""
    table = counters.tables.next()
    conditions = [where_to_sql(connection.where, table, dialect, counters.tables)]
    if bound is not None:
        beyond = beyond_to_sql(*bound, table, dialect, counters.tables)
        conditions.append(sql("CASE WHEN {} THEN 0 ELSE 1 END = 1", beyond))
    return condition_to_sql(table, conditions, dialect, connection.table)


def beyond_to_sql(
    terms: Sequence[OrderTerm], name: str, table: str, dialect: Dialect, aliases: Aliases
) -> Sql:
    """Return the condition for rows after the one whose order values variable `name` holds."""
    condition: Sql | None = None
    for i, term in reversed(list(enumerate(terms))):
        expression = order_to_sql(term, table, dialect, aliases)
        value = dialect.slot(Slot(VariableRef(name, (i,)), order_type(term, dialect), Use.RAW))
        condition = _after(term, expression, value, condition, dialect)
    return condition or Sql("1 = 1")


def _after(term: OrderTerm, expression: Sql, value: Sql, rest: Sql | None, dialect: Dialect) -> Sql:
    """`rest` is the same of the terms that follow, for rows that are equal in this one."""
    symbol = "<" if term.descending else ">"
    sql_type = order_type(term, dialect)
    operator = dialect.operator(symbol, sql_type)
    strictly = sql("{} {} {}", expression, operator, value)
    if not term.nullable:
        if rest is None:
            return strictly
        # The redundant half is what an index can be searched with.
        or_equal = dialect.operator(f"{symbol}=", sql_type)
        return sql("({} {} {} AND ({} OR {}))", expression, or_equal, value, strictly, rest)
    null, given = ("IS NOT NULL", "IS NULL") if term.nulls_first else ("IS NULL", "IS NOT NULL")
    parts = [strictly, sql(f"({{}} {null} AND {{}} {given})", expression, value)]
    if rest is not None:
        equal = "({} {} {} OR ({} IS NULL AND {} IS NULL))"
        equals = dialect.operator("=", sql_type)
        same = sql(equal, expression, equals, value, expression, value)
        parts.append(sql("({} AND {})", same, rest))
    return sql("({})", joined(" OR ", parts))
