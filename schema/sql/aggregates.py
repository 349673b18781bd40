"""`AggregateFields` → the JSON object of the field `aggregate`, wherever its values come from."""

from __future__ import annotations

from collections.abc import Callable

from schema.plan.nodes import (
    Absent,
    AggregateColumn,
    AggregateColumns,
    AggregateFields,
    Count,
    Typename,
)
from schema.sql.dialect import Dialect
from schema.sql.statement import Sql


def aggregate_fields_to_sql(
    aggregates: AggregateFields,
    count: Callable[[Count], str],
    expression: Callable[[AggregateColumns, AggregateColumn], str],
    dialect: Dialect,
) -> Sql:
    """Return the object; `count` and `expression` give the expression of each of its values."""
    pairs: list[tuple[str, Sql]] = []
    for part in aggregates.parts:
        if isinstance(part, Typename):
            pairs.append((part.key, Sql(dialect.text(part.name))))
        elif isinstance(part, Count):
            pairs.append((part.key, Sql(count(part))))
        else:
            pairs.append((part.key, _set_to_sql(part, expression, dialect)))
    return dialect.json_object(pairs)


def _set_to_sql(
    part: AggregateColumns,
    expression: Callable[[AggregateColumns, AggregateColumn], str],
    dialect: Dialect,
) -> Sql:
    pairs: list[tuple[str, Sql]] = []
    for one in part.parts:
        if isinstance(one, Typename):
            pairs.append((one.key, Sql(dialect.text(one.name))))
        elif isinstance(one, Absent):
            pairs.append((one.key, Sql("NULL")))
        else:
            pairs.append((one.key, Sql(dialect.json_value(expression(part, one), one.type))))
    return dialect.json_object(pairs)
