"""Aggregates by the ORM's own functions over a queryset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    Value,
    When,
)

from dynamic_databases.catalog.types import Column, SqlType
from schema.answer_size import AnswerMeter
from schema.json_values import encode
from schema.orm.extremes import find_extreme, is_extreme, read_extreme
from schema.orm.sizes import Sizes
from schema.orm.vendors.dispatch import orm_vendor
from schema.orm.vendors.standard import OrmVendor
from schema.plan.nodes import (
    Absent,
    AggregateColumn,
    AggregateColumns,
    AggregateFields,
    Function,
    Typename,
)
from schema.plan.nodes import Count as CountPlan

AttributeOf = Callable[[Column], str]
_PLAIN: dict[Function, Callable[..., Any]] = {
    Function.SUM: Sum,
    Function.MIN: Min,
    Function.MAX: Max,
}


class _OfFloats(OrmAggregate):
    """A function of a column's values as floats, by the name that the vendor has for it."""

    allow_distinct = True

    def __init__(
        self, attribute: str, column: Column, function: Function, vendor: OrmVendor, **options: Any
    ) -> None:
        value = vendor.as_float(attribute, column)
        super().__init__(value, output_field=FloatField(), **options)
        self.function = vendor.float_functions[function]


class _Large(OrmAggregate):
    """A function of floats by a template, which says what is answered beyond what a float holds."""

    def __init__(self, attribute: str, template: str) -> None:
        super().__init__(F(attribute), output_field=FloatField())
        self.template = template


def read_aggregate_fields(
    query: QuerySet[Any],
    aggregates: AggregateFields,
    attribute_of: AttributeOf,
    sizes: Sizes,
    key: Mapping[str, SqlType],
) -> dict[str, Any]:
    """Return the answer of one `aggregate` field, with one statement, or two where texts are in it.

    With a `key` of the rows, SQLite's largest and smallest texts are read by it.
    """
    wanted = aggregate_expressions(aggregates, attribute_of, sizes.vendor)
    types = aggregate_types(aggregates)
    apart: dict[str, QuerySet[Any]] = {}
    if key and sizes.copies_texts:
        extremes = [name for name, found in types.items() if is_extreme(wanted[name], found)]
        apart = {name: find_extreme(query, wanted.pop(name), key, sizes) for name in extremes}
    sizes.check_aggregates(
        query, ((value, types[name]) for name, value in wanted.items() if name in types)
    )
    # Aliases of our own: a response key may be called like a field of the model.
    names = {name: f"gateway_{i}" for i, name in enumerate(wanted)}
    found = (
        query.aggregate(**{names[name]: value for name, value in wanted.items()}) if wanted else {}
    )
    values = {name: found[alias] for name, alias in names.items()}
    made = AnswerMeter(sizes.meter.max_bytes)
    values |= {name: read_extreme(one, made) for name, one in apart.items()}
    return aggregate_fields_answer(aggregates, values)


def aggregate_expressions(
    aggregates: AggregateFields, attribute_of: AttributeOf, vendor: str
) -> dict[str, Any]:
    """Return what a field `aggregate` needs, by names for `aggregate_fields_answer`."""
    wanted: dict[str, Any] = {}
    for part in aggregates.parts:
        if isinstance(part, CountPlan):
            wanted[f"c_{part.key}"] = count_of(part.columns, part.distinct, attribute_of)
        elif isinstance(part, AggregateColumns):
            for aggregate in part.parts:
                if isinstance(aggregate, AggregateColumn):
                    value = aggregate_of(part.function, aggregate.column, attribute_of, vendor)
                    name = f"f_{part.key}_{aggregate.key}"
                    wanted[name] = orm_vendor(vendor).aggregate_answer(value, aggregate.column)
    return wanted


def aggregate_types(aggregates: AggregateFields) -> dict[str, SqlType]:
    """Return the types of the aggregates, by the names of `aggregate_expressions`."""
    return {
        f"f_{part.key}_{aggregate.key}": aggregate.type
        for part in aggregates.parts
        if isinstance(part, AggregateColumns)
        for aggregate in part.parts
        if isinstance(aggregate, AggregateColumn)
    }


def aggregate_fields_answer(aggregates: AggregateFields, values: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of an `aggregate` field from the values of its expressions."""
    return {part.key: _answer(part, values) for part in aggregates.parts}


def count_of(columns: Sequence[Column], distinct: bool, attribute_of: AttributeOf) -> Any:
    attributes = [attribute_of(column) for column in columns]
    if distinct:
        return Count(F(attributes[0]), distinct=True)
    return Count(_present(attributes)) if attributes else Count(Value(1))


def aggregate_of(
    function: Function,
    column: Column,
    attribute_of: AttributeOf,
    vendor: str,
    *,
    distinct: bool = False,
) -> OrmAggregate:
    attribute, own = attribute_of(column), orm_vendor(vendor)
    if function.is_of_booleans:
        return _of_booleans(attribute, function)
    each = "DISTINCT " if distinct else ""
    large = own.large_aggregate(function, column, each)
    if large is not None:
        return _Large(attribute, large)
    once = {"distinct": True} if distinct and not function.is_extreme else {}
    if function not in _PLAIN:
        return _OfFloats(attribute, column, function, own, **once)
    value: Any = own.comparable(F(attribute), column)
    if function is Function.SUM:
        value = own.summand(value, column)
    aggregate: OrmAggregate = _PLAIN[function](value, **once)
    return aggregate


def _of_booleans(attribute: str, function: Function) -> OrmAggregate:
    """Return a number that stands for a boolean, as only PostgreSQL has functions of these."""
    whens = [When(**{attribute: value}, then=Value(int(value))) for value in (False, True)]
    aggregate = Min if function is Function.BOOL_AND else Max
    return aggregate(Case(*whens, output_field=IntegerField()))


def _present(attributes: Sequence[str]) -> Case:
    present = Q(**{f"{attribute}__isnull": False for attribute in attributes})
    return Case(When(present, then=Value(1)), output_field=IntegerField())


def _answer(part: CountPlan | AggregateColumns | Typename, values: dict[str, Any]) -> Any:
    if isinstance(part, Typename):
        return part.name
    if isinstance(part, CountPlan):
        return values[f"c_{part.key}"]
    return {f.key: _column_answer(f, values.get(f"f_{part.key}_{f.key}")) for f in part.parts}


def _column_answer(part: AggregateColumn | Typename | Absent, value: Any) -> Any:
    if isinstance(part, Typename):
        return part.name
    return encode(value, part.type) if isinstance(part, AggregateColumn) else None
