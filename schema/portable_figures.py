"""The portable way's aggregates: the ORM's own functions over a queryset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Aggregate as OrmAggregate
from django.db.models import (
    Case,
    Count,
    F,
    FloatField,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Column, Kind
from schema.plan.nodes import Count as CountPlan
from schema.plan.nodes import Figure, Figures, FigureSet, Function, Typename
from schema.spelling import spell

_TEMPORAL = {Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME}
_OF_FLOATS = {
    ("sqlite", Function.AVG): "avg",
    ("sqlite", Function.STDDEV): "gateway_stddev",
    ("sqlite", Function.VARIANCE): "gateway_variance",
    ("postgresql", Function.AVG): "avg",
    ("postgresql", Function.STDDEV): "stddev_samp",
    ("postgresql", Function.VARIANCE): "var_samp",
}
_PLAIN: dict[Function, Callable[[Any], Any]] = {
    Function.SUM: Sum,
    Function.MIN: Min,
    Function.MAX: Max,
}


class _OfFloats(OrmAggregate):
    """A function of a column's values as floats, by the name that the vendor has for it."""

    def __init__(self, attribute: str, function: str) -> None:
        super().__init__(Cast(F(attribute), FloatField()), output_field=FloatField())
        self.function = function


def read_figures(
    query: QuerySet[Any], figures: Figures, attribute_of: Callable[[Column], str], vendor: str
) -> dict[str, Any]:
    """Return the answer of one `aggregate` field, with one statement."""
    wanted: dict[str, Any] = {}
    for part in figures.parts:
        if isinstance(part, CountPlan):
            wanted[f"c_{part.key}"] = _count(part, attribute_of)
        elif isinstance(part, FigureSet):
            for figure in part.parts:
                if isinstance(figure, Figure):
                    attribute = attribute_of(figure.column)
                    wanted[f"f_{part.key}_{figure.key}"] = _figure(
                        part.function, figure, attribute, vendor
                    )
    # Aliases of our own: a response key may be called like a field of the model.
    names = {name: f"gateway_{i}" for i, name in enumerate(wanted)}
    found = (
        query.aggregate(**{names[name]: value for name, value in wanted.items()}) if wanted else {}
    )
    values = {name: found[alias] for name, alias in names.items()}
    return {part.key: _answer(part, values) for part in figures.parts}


def _answer(part: CountPlan | FigureSet | Typename, values: dict[str, Any]) -> Any:
    if isinstance(part, Typename):
        return part.name
    if isinstance(part, CountPlan):
        return values[f"c_{part.key}"]
    return {
        f.key: f.name if isinstance(f, Typename) else spell(values[f"f_{part.key}_{f.key}"], f.type)
        for f in part.parts
    }


def _count(count: CountPlan, attribute_of: Callable[[Column], str]) -> Any:
    attributes = [attribute_of(column) for column in count.columns]
    if count.distinct:
        return Count(F(attributes[0]), distinct=True)
    if not attributes:
        return Count(Value(1))
    present = Q(**{f"{attribute}__isnull": False for attribute in attributes})
    return Count(Case(When(present, then=Value(1)), output_field=IntegerField()))


def _figure(function: Function, figure: Figure, attribute: str, vendor: str) -> Any:
    if function not in _PLAIN:
        return _OfFloats(attribute, _OF_FLOATS[vendor, function])
    value = _PLAIN[function](F(attribute))
    return Cast(value, TextField()) if figure.column.type.kind in _TEMPORAL else value
