"""Aggregates by the ORM's own functions over a queryset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Aggregate as OrmAggregate
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    F,
    FloatField,
    Func,
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
from schema.plan.nodes import Absent, Figure, Figures, FigureSet, Function, Typename
from schema.plan.nodes import Count as CountPlan
from schema.spelling import spell
from schema.sql import mssql_values

AttributeOf = Callable[[Column], str]
_TEMPORAL = {Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME}
_OF_FLOATS = {
    ("sqlite", Function.AVG): "avg",
    ("sqlite", Function.STDDEV): "gateway_stddev",
    ("sqlite", Function.VARIANCE): "gateway_variance",
    ("postgresql", Function.AVG): "avg",
    ("postgresql", Function.STDDEV): "stddev_samp",
    ("postgresql", Function.VARIANCE): "var_samp",
    ("mysql", Function.AVG): "avg",
    ("mysql", Function.STDDEV): "stddev_samp",
    ("mysql", Function.VARIANCE): "var_samp",
    ("microsoft", Function.AVG): "AVG",
    ("microsoft", Function.STDDEV): "STDEV",
    ("microsoft", Function.VARIANCE): "VAR",
}
_PLAIN: dict[Function, Callable[[Any], Any]] = {
    Function.SUM: Sum,
    Function.MIN: Min,
    Function.MAX: Max,
}


class _OfFloats(OrmAggregate):
    """A function of a column's values as floats, by the name that the vendor has for it."""

    def __init__(self, attribute: str, function: str, vendor: str) -> None:
        # Django's cast on MySQL makes a decimal of it.
        as_float = (
            Func(F(attribute), template="(%(expressions)s + 0e0)", output_field=FloatField())
            if vendor == "mysql"
            else Cast(F(attribute), FloatField())
        )
        super().__init__(as_float, output_field=FloatField())
        self.function = function


def read_figures(
    query: QuerySet[Any], figures: Figures, attribute_of: AttributeOf, vendor: str
) -> dict[str, Any]:
    """Return the answer of one `aggregate` field, with one statement."""
    wanted = figure_expressions(figures, attribute_of, vendor)
    # Aliases of our own: a response key may be called like a field of the model.
    names = {name: f"gateway_{i}" for i, name in enumerate(wanted)}
    found = (
        query.aggregate(**{names[name]: value for name, value in wanted.items()}) if wanted else {}
    )
    return figures_answer(figures, {name: found[alias] for name, alias in names.items()})


def figure_expressions(figures: Figures, attribute_of: AttributeOf, vendor: str) -> dict[str, Any]:
    """Return the aggregates that an `aggregate` field needs, by names for `figures_answer`."""
    wanted: dict[str, Any] = {}
    for part in figures.parts:
        if isinstance(part, CountPlan):
            wanted[f"c_{part.key}"] = count_of(part.columns, part.distinct, attribute_of)
        elif isinstance(part, FigureSet):
            for figure in part.parts:
                if isinstance(figure, Figure):
                    value = figure_of(part.function, figure.column, attribute_of, vendor)
                    wanted[f"f_{part.key}_{figure.key}"] = _told(value, figure.column, vendor)
    return wanted


def figures_answer(figures: Figures, values: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of an `aggregate` field from the values of its expressions."""
    return {part.key: _answer(part, values) for part in figures.parts}


def _told(value: Any, column: Column, vendor: str) -> Any:
    """Return a figure as it is told: dates and times as text, which can be beyond Python's."""
    if vendor == "microsoft":
        text = mssql_values.told("%(expressions)s", column.type)
        return value if text is None else Func(value, template=text, output_field=TextField())
    return Cast(value, TextField()) if column.type.kind in _TEMPORAL else value


def count_of(columns: Sequence[Column], distinct: bool, attribute_of: AttributeOf) -> Any:
    attributes = [attribute_of(column) for column in columns]
    if distinct:
        return Count(F(attributes[0]), distinct=True)
    return Count(_present(attributes)) if attributes else Count(Value(1))


def figure_of(
    function: Function, column: Column, attribute_of: AttributeOf, vendor: str
) -> OrmAggregate:
    attribute = attribute_of(column)
    if function not in _PLAIN:
        return _OfFloats(attribute, _OF_FLOATS[vendor, function], vendor)
    value: Any = F(attribute)
    if vendor == "microsoft" and function is Function.SUM and column.type.kind is Kind.INTEGER:
        value = Cast(value, BigIntegerField())  # a sum has the type of what is added
    aggregate: OrmAggregate = _PLAIN[function](value)
    return aggregate


def ungrouped(aggregate: OrmAggregate) -> Func:
    """Return an aggregate as a plain function: in a subquery of its own nothing is to be grouped."""
    distinct = "DISTINCT " if getattr(aggregate, "distinct", False) else ""
    found = Func(
        *aggregate.get_source_expressions()[:1],
        function=aggregate.function,
        template=f"%(function)s({distinct}%(expressions)s)",
    )
    if isinstance(aggregate, Count):
        found.output_field = IntegerField()
    return found


def _present(attributes: Sequence[str]) -> Case:
    present = Q(**{f"{attribute}__isnull": False for attribute in attributes})
    return Case(When(present, then=Value(1)), output_field=IntegerField())


def _answer(part: CountPlan | FigureSet | Typename, values: dict[str, Any]) -> Any:
    if isinstance(part, Typename):
        return part.name
    if isinstance(part, CountPlan):
        return values[f"c_{part.key}"]
    return {f.key: _figure_answer(f, values.get(f"f_{part.key}_{f.key}")) for f in part.parts}


def _figure_answer(part: Figure | Typename | Absent, value: Any) -> Any:
    if isinstance(part, Typename):
        return part.name
    return spell(value, part.type) if isinstance(part, Figure) else None
