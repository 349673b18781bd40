"""The columns that a selection needs, read for the rows of a queryset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Column, Kind, SqlType, Table
from dynamic_databases.models_factory.factory import ModelSet
from schema.answer_size import AnswerMeter
from schema.orm.keyset import OrderValueOf, any_attribute
from schema.orm.rows import ReadValue, read_values
from schema.orm.sizes import Sizes
from schema.orm.texts import as_bytes, text_of
from schema.orm.vendors.dispatch import orm_vendor
from schema.plan.nodes import (
    CustomFields,
    GlobalId,
    Nested,
    NestedAggregate,
    OrderTerm,
    OrderValue,
    Selected,
)
from schema.plan.nodes import Value as ColumnValue
from schema.plan.select import flattened, order_values

Row = dict[str, Any]  # column name → raw value, "\0<column>" → the value to spell

# Read as text: what Python's types can't hold (infinity, years beyond 9999) must not spoil the
# list.
_AS_TEXT = {
    *(Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME, Kind.DURATION),
    *(Kind.JSON, Kind.OTHER, Kind.UUID),
}


@dataclass(frozen=True)
class _Wanted:
    """A column that is read: to be spelled, how often the answer has it, whether an id does."""

    column: Column
    is_spelled: bool = False
    times: int = 0
    is_of_id: bool = False


@dataclass(frozen=True)
class ColumnReader:
    """Reads columns of one database for one answer."""

    models: ModelSet
    sizes: Sizes
    variables: Mapping[str, Any]

    def fetch(
        self,
        query: QuerySet[Any],
        table: Table,
        selection: Sequence[Selected],
        links: Iterable[Column] = (),
    ) -> list[Row]:
        """Read the values to spell under a NUL and the column, what nested pages hang on as it is.

        Raises AnswerTooLarge.
        """
        wanted = _wanted(selection, links)
        order = list(order_values(selection))
        if not wanted and not order:
            return [{} for _ in query.values_list(Value(1))]
        # Each expression once: Django folds equal ones where it filters on a window.
        names: dict[str, str] = {}
        values: dict[str, ReadValue] = {}
        places: dict[str, str] = {}
        for key, one in wanted.items():
            expression = self._expression(table, one)
            name = places[key] = names.setdefault(str(expression), f"gateway_{len(names)}")
            known = values.get(name) or ReadValue(expression, one.column.type)
            values[name] = replace(known, times=known.times + one.times)
        of_terms: dict[OrderTerm, str] = {}
        for item in order:
            name = of_terms.setdefault(item.term, f"gateway_order{item.number}")
            places[order_name(item)] = name
            values[name] = ReadValue(self._order_value(table, item), item.term.subject.type, 1)
        rows = read_values(query, values, self.key(table), self.sizes)
        self._decode(rows, {places[key] for key, one in wanted.items() if self._is_in_bytes(one)})
        return [{key: row[name] for key, name in places.items()} for row in rows]

    def key(self, table: Table) -> dict[str, SqlType]:
        """Return the attributes of a table's key, with their types."""
        columns = (table.by_name[name] for name in table.primary_key)
        return {self.attribute(table, column): column.type for column in columns}

    def attribute(self, table: Table, column: Column) -> str:
        """Return the attribute of a column's model."""
        return self.models.models[table.name].attribute_of_column[column.name]

    def spelled(self, table: Table, column: Column) -> Any:
        """Return the expression of a value that is to be spelled."""
        attribute = F(self.attribute(table, column))
        own = orm_vendor(self.sizes.vendor).column_answer(attribute, column)
        if own is not None:
            return own
        if column.type.kind in _AS_TEXT:
            return Cast(attribute, TextField())
        return _elements_as_text(attribute, column)

    @cached_property
    def _made(self) -> AnswerMeter:
        """Counts the JSON of long texts, which may be longer than they are."""
        return AnswerMeter(self.sizes.meter.max_bytes)

    def _expression(self, table: Table, one: _Wanted) -> Any:
        if self._is_in_bytes(one):
            return as_bytes(F(self.attribute(table, one.column)))
        if one.is_spelled:
            return self.spelled(table, one.column)
        attribute = F(self.attribute(table, one.column))
        link = orm_vendor(self.sizes.vendor).link_value(attribute, one.column)
        return _elements_as_text(attribute, one.column) if link is attribute else link

    def _order_value(self, table: Table, item: OrderValue) -> Any:
        attribute = any_attribute(self.models.models[table.name])
        return OrderValueOf(attribute, item.term, self.variables, self.sizes.vendor)

    def _is_in_bytes(self, one: _Wanted) -> bool:
        is_text = one.is_spelled and one.column.type.kind is Kind.TEXT
        return self.sizes.copies_texts and is_text and not one.is_of_id

    def _decode(self, rows: Sequence[Row], names: Iterable[str]) -> None:
        """Turn bytes into texts, in place: no second copy of all of them is made."""
        for name in names:
            for row in rows:
                if row[name] is not None:
                    row[name] = text_of(row[name], self._made)


def _wanted(selection: Sequence[Selected], links: Iterable[Column]) -> Mapping[str, _Wanted]:
    wanted: dict[str, _Wanted] = {}
    for item in flattened(selection):
        if isinstance(item, ColumnValue | CustomFields):
            for value in item.values if isinstance(item, CustomFields) else (item,):
                known = _known(wanted, value.column)
                wanted[f"\0{value.column.name}"] = replace(known, times=known.times + 1)
        elif isinstance(item, GlobalId):
            for column in item.columns:
                wanted[f"\0{column.name}"] = replace(_known(wanted, column), is_of_id=True)
        elif isinstance(item, Nested | NestedAggregate):
            wanted |= {own.name: _Wanted(own) for own, _ in item.links}
    return wanted | {column.name: _Wanted(column) for column in links}


def order_name(item: OrderValue) -> str:
    """Return the name under which a row has an order value: no column can be called so."""
    return f"\0{item.number}\0"


def _known(wanted: Mapping[str, _Wanted], column: Column) -> _Wanted:
    return wanted.get(f"\0{column.name}") or _Wanted(column, is_spelled=True)


def _elements_as_text(attribute: F, column: Column) -> Any:
    element = column.type.element
    if (
        element is not None
        and element.base
        and element.kind not in {*_AS_TEXT, Kind.TEXT, Kind.ENUM}
    ):
        # The driver knows no arrays of a domain.
        return Func(attribute, template=f"(%(expressions)s)::{element.base}[]")
    if element is not None and element.base and element.kind is Kind.TEXT:
        return Cast(attribute, ArrayField(TextField()))
    if element is not None and element.kind in {*_AS_TEXT, Kind.ENUM}:
        return Cast(attribute, ArrayField(TextField()))
    return attribute
