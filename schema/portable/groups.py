"""Groups by `values().annotate()` of the ORM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import F

from schema.plan.nodes import (
    AllOf,
    AnyOf,
    Compare,
    Figures,
    GroupBy,
    GroupFigure,
    GroupKeys,
    IsNull,
    Not,
    Typename,
    Where,
)
from schema.portable.conditions import Conditions, Model
from schema.portable.figures import count_of, figure_expressions, figure_of, figures_answer
from schema.spelling import spell


def read_groups(
    group_by: GroupBy,
    model: Model,
    conditions: Conditions,
    keys: Mapping[str, Any],
    rows: slice,
) -> list[dict[str, Any]]:
    """Return the groups of `rows`; `keys` are the expressions that spell the grouped columns."""
    vendor = conditions.models.catalog.vendor

    def attribute_of(column: Any) -> str:
        return model.attribute_of_column[column.name]

    wanted: dict[str, Any] = {}
    for part in group_by.answer:
        if isinstance(part, Figures):
            found = figure_expressions(part, attribute_of, vendor)
            wanted |= {f"{part.key}/{name}": value for name, value in found.items()}
    figures = [*_figures(group_by.having), *(term.subject for term in group_by.order_by)]
    of_groups = {
        figure: (
            figure_of(figure.function, figure.column, attribute_of, vendor)
            if figure.function is not None and figure.column is not None
            else count_of((), False, attribute_of)
        )
        for figure in figures
        if isinstance(figure, GroupFigure)
    }
    figure_names = {figure: f"gateway_figure_{i}" for i, figure in enumerate(of_groups)}
    names = {name: f"gateway_{i}" for i, name in enumerate(wanted)}
    key_names = {name: f"gateway_key_{i}" for i, name in enumerate(keys)}
    references = {figure: F(name) for figure, name in figure_names.items()}
    grouping = replace(conditions, group_figures=references)
    query = (
        conditions.query(group_by.table, group_by.where)
        .values(*(attribute_of(column) for column in group_by.by))
        .annotate(**{names[name]: value for name, value in wanted.items()})
        .annotate(**{key_names[name]: value for name, value in keys.items()})
        .annotate(**{figure_names[figure]: value for figure, value in of_groups.items()})
        .filter(grouping.condition(group_by.having, model))
        .order_by(*grouping.order(group_by.order_by, model))
    )
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
                else spell(row[keys[item.column.name]], item.column.type)
                for item in part.parts
            }
        else:
            own = {
                name.removeprefix(f"{part.key}/"): row[alias]
                for name, alias in names.items()
                if name.startswith(f"{part.key}/")
            }
            answer[part.key] = figures_answer(part, own)
    return answer


def _figures(where: Where) -> list[Any]:
    """Return what a condition on groups is about."""
    match where:
        case Compare() | IsNull():
            return [where.subject]
        case AllOf() | AnyOf():
            return [subject for part in where.parts for subject in _figures(part)]
        case Not():
            return _figures(where.part)
        case _:
            return []
