"""`trackGroupBy(by, where, having, orderBy, limit, offset)` → `GroupBy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamic_databases.catalog.types import Column
from schema.errors import BadUserInput
from schema.names.tables import NamedTable
from schema.plan.aggregate import aggregate_type
from schema.plan.context import (
    CollectedField,
    PlanContext,
    check_comparable,
    collect_fields,
    columns_named,
    given_arguments,
)
from schema.plan.nodes import (
    EVERYTHING,
    AggregateFields,
    AllOf,
    AnyOf,
    Function,
    GroupAggregate,
    GroupBy,
    GroupKeys,
    Not,
    OrderTerm,
    Typename,
    Value,
    Where,
)
from schema.plan.order_by import ascending, given_fields, items_of, term
from schema.plan.select import limit_of, offset_of, plan_aggregate_fields_of
from schema.plan.where import comparisons, plan_where


def plan_group_by(context: PlanContext, field: CollectedField, table: NamedTable) -> GroupBy:
    given = given_arguments(context, field, "Query")
    by = columns_named(given["by"], table)
    if not by:
        raise BadUserInput(
            f"by must name at least one column; {table.field}Aggregate is of all rows."
        )
    check_comparable("by", by, table)
    answer: list[GroupKeys | AggregateFields | Typename] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            answer.append(Typename(part.key, f"{table.type}Group"))
        elif part.name == "keys":
            answer.append(_keys(context, part, by, table))
        else:
            answer.append(plan_aggregate_fields_of(context, part, table))
    return GroupBy(
        table=table.table,
        by=by,
        answer=tuple(answer),
        where=plan_where(given.get("where"), table, context.names),
        having=_having(given.get("having"), table),
        order_by=_order(given.get("orderBy"), by, table),
        limit=limit_of(given),
        offset=offset_of(given),
    )


def _keys(
    context: PlanContext, field: CollectedField, by: tuple[Column, ...], table: NamedTable
) -> GroupKeys:
    parts: list[Value | Typename] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            parts.append(Typename(part.key, f"{table.type}GroupKeys"))
        else:
            parts.append(Value(part.key, _grouped(part.name, by, table)))
    return GroupKeys(field.key, tuple(parts))


def _grouped(name: str, by: tuple[Column, ...], table: NamedTable) -> Column:
    column = table.column(name)
    if column not in by:
        fields = ", ".join(table.field_of[c.name] for c in by)
        raise BadUserInput(f"The rows aren't grouped by {name}: by is [{fields}].")
    return column


def _having(tree: Any, table: NamedTable) -> Where:
    """`{aggregate: {count: {_gt: 5}, sum: {bytes: {_lt: "10"}}}, _or: […]}`."""
    parts: list[Where] = []
    for name, value in (tree or {}).items():
        if value is None:
            raise BadUserInput(f"having.{name} must not be null; leave it out.")
        if name == "_not":
            parts.append(Not(_having(value, table)))
        elif name in ("_and", "_or"):
            items = tuple(_having(item, table) for item in items_of(value))
            parts.append(AllOf(items) if name == "_and" else AnyOf(items))
        else:
            parts += _having_aggregates(value, table)
    if not parts:
        return EVERYTHING
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _having_aggregates(tree: Mapping[str, Any], table: NamedTable) -> list[Where]:
    found: list[Where] = []
    for name, value in tree.items():
        if name == "count":
            found += comparisons("having.aggregate.count", _COUNT, value)
            continue
        if value is None:
            raise BadUserInput(f"having.aggregate.{name} must not be null; leave it out.")
        for field, comparison in value.items():
            aggregate = _aggregate(name, field, table)
            found += comparisons(f"having.aggregate.{name}.{field}", aggregate, comparison)
    return found


def _order(tree: Any, by: tuple[Column, ...], table: NamedTable) -> tuple[OrderTerm, ...]:
    """`[{aggregate: {count: DESC}}, {keys: {genreId: ASC}}]`, and after it the keys."""
    terms: list[OrderTerm] = []
    for item in items_of(tree):
        for name, value in given_fields(item):
            if name == "keys":
                terms += [
                    term(_grouped(field, by, table), direction)
                    for field, direction in given_fields(value)
                ]
            else:
                terms += _order_aggregates(value, table)
    given = {t.subject for t in terms}
    return (*terms, *(ascending(column) for column in by if column not in given))


def _order_aggregates(tree: Mapping[str, Any], table: NamedTable) -> list[OrderTerm]:
    terms: list[OrderTerm] = []
    for name, value in given_fields(tree):
        if name == "count":
            terms.append(term(_COUNT, value))
            continue
        terms += [
            term(_aggregate(name, field, table), direction)
            for field, direction in given_fields(value)
        ]
    return terms


def _aggregate(function: str, field: str, table: NamedTable) -> GroupAggregate:
    column = table.column(field)
    kind = aggregate_type(Function(function), column)
    if kind is None:
        raise BadUserInput(f"{function} can't be computed of {field}.")
    return GroupAggregate(Function(function), column, kind)


_COUNT = GroupAggregate(None, None, nullable=False)
