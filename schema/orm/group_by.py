"""Groups by `values().annotate()` of the ORM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import F, Value

from schema.json_values import encode
from schema.orm.aggregates import (
    aggregate_expressions,
    aggregate_fields_answer,
    aggregate_of,
    aggregate_types,
    count_of,
)
from schema.orm.sizes import Sizes
from schema.orm.where import Conditions, Model
from schema.plan.nodes import (
    AggregateFields,
    AllOf,
    AnyOf,
    Compare,
    GroupAggregate,
    GroupBy,
    GroupKeys,
    IsNull,
    Not,
    Typename,
    Where,
)


def read_groups(
    group_by: GroupBy,
    model: Model,
    conditions: Conditions,
    keys: Mapping[str, Any],
    rows: slice,
    sizes: Sizes,
) -> list[dict[str, Any]]:
    """Return the groups of `rows`; `keys` are the expressions that spell the grouped columns."""
    vendor = sizes.vendor

    def attribute_of(column: Any) -> str:
        return model.attribute_of_column[column.name]

    sizes.check_compared(
        conditions.query(group_by.table, group_by.where),
        {attribute_of(column): column.type for column in group_by.by},
    )
    wanted: dict[str, Any] = {}
    for part in group_by.answer:
        if isinstance(part, AggregateFields):
            found = aggregate_expressions(part, attribute_of, vendor)
            wanted |= {f"{part.key}/{name}": value for name, value in found.items()}
    aggregates = [*_aggregates(group_by.having), *(term.subject for term in group_by.order_by)]
    of_groups = {
        aggregate: (
            aggregate_of(aggregate.function, aggregate.column, attribute_of, vendor)
            if aggregate.function is not None and aggregate.column is not None
            else count_of((), False, attribute_of)
        )
        for aggregate in aggregates
        if isinstance(aggregate, GroupAggregate)
    }
    aggregate_names = {aggregate: f"gateway_aggregate_{i}" for i, aggregate in enumerate(of_groups)}
    names = {name: f"gateway_{i}" for i, name in enumerate(wanted)}
    key_names = {name: f"gateway_key_{i}" for i, name in enumerate(keys)}
    references = {aggregate: F(name) for aggregate, name in aggregate_names.items()}
    grouping = replace(conditions, group_aggregates=references)
    query = (
        conditions.query(group_by.table, group_by.where)
        .values(*(attribute_of(column) for column in group_by.by))
        .annotate(**{names[name]: value for name, value in wanted.items()})
        .annotate(**{key_names[name]: value for name, value in keys.items()})
        .annotate(**{aggregate_names[aggregate]: value for aggregate, value in of_groups.items()})
        .annotate(gateway_group=Value(1))
        .values("gateway_group", *names.values(), *key_names.values())
        .filter(grouping.condition(group_by.having, model))
        .order_by(*grouping.order(group_by.order_by, model))
    )
    types = {key_names[column.name]: column.type for column in group_by.by}
    for part in group_by.answer:
        if isinstance(part, AggregateFields):
            types |= {names[f"{part.key}/{n}"]: t for n, t in aggregate_types(part).items()}
    sizes.check_rows(query[rows], {name: (found, 1) for name, found in types.items()})
    return [_answer(group_by, row, names, key_names) for row in query[rows]]


def _answer(
    group_by: GroupBy, row: Mapping[str, Any], names: Mapping[str, str], keys: Mapping[str, str]
) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for part in group_by.answer:
        if isinstance(part, Typename):
            answer[part.key] = part.name
        elif isinstance(part, GroupKeys):
            answer[part.key] = {
                item.key: item.name
                if isinstance(item, Typename)
                else encode(row[keys[item.column.name]], item.column.type)
                for item in part.parts
            }
        else:
            own = {
                name.removeprefix(f"{part.key}/"): row[alias]
                for name, alias in names.items()
                if name.startswith(f"{part.key}/")
            }
            answer[part.key] = aggregate_fields_answer(part, own)
    return answer


def _aggregates(where: Where) -> list[Any]:
    """Return what a condition on groups is about."""
    match where:
        case Compare() | IsNull():
            return [where.subject]
        case AllOf() | AnyOf():
            return [subject for part in where.parts for subject in _aggregates(part)]
        case Not():
            return _aggregates(where.part)
        case _:
            return []
