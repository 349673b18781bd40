"""`GroupBy` → one SQL expression: the groups are an inner query, their JSON is made outside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from dynamic_databases.catalog.types import Column
from schema.plan.nodes import (
    AggregateColumn,
    AggregateColumns,
    AggregateFields,
    Count,
    GroupBy,
    GroupKeys,
    Typename,
)
from schema.sql.aggregates import aggregate_fields_to_sql
from schema.sql.dialect import Dialect
from schema.sql.read import condition_to_sql, place_of_row
from schema.sql.statement import Sql, joined, sql
from schema.sql.where import Aliases, count_to_sql, ordered_to_sql, where_to_sql

_TABLE, _GROUPS = "t1", "p1"


@dataclass
class _Chosen:
    """The expressions that the inner query computes, each once, with the alias of each."""

    aliases: dict[str, str] = field(default_factory=dict)

    def add(self, expression: str) -> str:
        alias = self.aliases.setdefault(expression, f"c{len(self.aliases)}")
        return f"{_GROUPS}.{alias}"


def group_by_to_sql(group_by: GroupBy, dialect: Dialect) -> Sql:
    """Return a scalar expression: a JSON array of the groups."""
    chosen = _Chosen()
    keys = [_key(column, dialect) for column in group_by.by]
    for key in keys:
        chosen.add(key)
    pairs: list[tuple[str, Sql]] = []
    for part in group_by.answer:
        if isinstance(part, Typename):
            pairs.append((part.key, Sql(dialect.text(part.name))))
        elif isinstance(part, GroupKeys):
            pairs.append((part.key, _keys(part, chosen, dialect)))
        else:
            pairs.append((part.key, _aggregates(part, chosen, dialect)))
    return dialect.json_list(pairs, _groups(group_by, keys, chosen, dialect), _GROUPS)


def _groups(group_by: GroupBy, keys: list[str], chosen: _Chosen, dialect: Dialect) -> Sql:
    aliases = Aliases(1)
    named = ", ".join(f"{expression} AS {alias}" for expression, alias in chosen.aliases.items())
    where = where_to_sql(group_by.where, _TABLE, dialect, aliases)
    having = where_to_sql(group_by.having, _TABLE, dialect, aliases)
    order = ordered_to_sql(group_by.order_by, _TABLE, dialect, aliases)
    parts = [
        sql(
            "SELECT {} {}",
            Sql(named) + place_of_row(order, dialect),
            condition_to_sql(_TABLE, [where], dialect, group_by.table),
        ),
        Sql(f"GROUP BY {', '.join(keys)}"),
        *([sql("HAVING {}", having)] if having.text else []),
        sql("ORDER BY {}", order),
        dialect.limited(group_by.limit, group_by.offset),
    ]
    return joined(" ", parts)


def _key(column: Column, dialect: Dialect) -> str:
    return dialect.distinct_value(f"{_TABLE}.{dialect.quote(column.name)}", column.type)


def _keys(part: GroupKeys, chosen: _Chosen, dialect: Dialect) -> Sql:
    pairs: list[tuple[str, Sql]] = []
    for item in part.parts:
        if isinstance(item, Typename):
            pairs.append((item.key, Sql(dialect.text(item.name))))
        else:
            value = chosen.add(_key(item.column, dialect))
            pairs.append((item.key, Sql(dialect.json_value(value, item.column.type))))
    return dialect.json_object(pairs)


def _aggregates(part: AggregateFields, chosen: _Chosen, dialect: Dialect) -> Sql:
    def count(one: Count) -> str:
        counted = [(f"{_TABLE}.{dialect.quote(c.name)}", c.type) for c in one.columns]
        return chosen.add(count_to_sql(counted, dialect, distinct=one.distinct))

    def expression(aggregates: AggregateColumns, one: AggregateColumn) -> str:
        column = f"{_TABLE}.{dialect.quote(one.column.name)}"
        return chosen.add(dialect.aggregate(aggregates.function, column, one.column.type))

    return aggregate_fields_to_sql(part, count, expression, dialect)
