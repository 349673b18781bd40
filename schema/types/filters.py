"""BoolExp and OrderBy of tables, and of aggregates over related rows and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from graphql import (
    GraphQLBoolean,
    GraphQLEnumValue,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
)

from dynamic_databases.catalog.types import Column, Kind, SqlType
from schema.names.tables import CUSTOM_FIELDS, NamedTable, Names
from schema.plan.aggregate import aggregate_columns, predicate_columns
from schema.plan.custom_fields import CustomFields, CustomUse
from schema.plan.nodes import ANSWERED, Function
from schema.types.comparisons import Comparisons
from schema.types.factory import BOOL_EXP, ORDER_BY, TypeFactory
from schema.types.leaves import Leaves
from schema.types.vocabulary import order_by_enum, scalar

_INT = SqlType(Kind.INTEGER, "integer")
_DECIMAL = SqlType(Kind.DECIMAL, "numeric")
_FLOAT = SqlType(Kind.FLOAT, "double precision")
_BOOLEAN = SqlType(Kind.BOOLEAN, "boolean")
# Functions whose answers have the same types share an input.
_SHARED = {Function.SUM: "Sum", Function.MIN: "Values", Function.MAX: "Values"}
# Predicates over related rows: the input's suffix and what its predicate compares with.
_NUMBERS = ("Numbers", _DECIMAL)
_FLOATS = ("Floats", _FLOAT)
_PREDICATES = {
    Function.SUM: _NUMBERS,
    Function.MIN: _NUMBERS,
    Function.MAX: _NUMBERS,
    Function.AVG: ("Avg", _FLOAT),
    Function.BOOL_AND: ("Booleans", _BOOLEAN),
    Function.BOOL_OR: ("Booleans", _BOOLEAN),
}
Fields = dict[str, GraphQLInputField]


class FilterTypes:
    """Filters and orders of one schema's tables; fields are made on first use."""

    def __init__(self, names: Names, leaves: Leaves, vendor: str, factory: TypeFactory) -> None:
        self._names = names
        self._leaves = leaves
        self._factory = factory
        self._comparisons = Comparisons(vendor, factory)

    def bool_exp(self, table: NamedTable) -> GraphQLInputObjectType:
        text = "All of these must hold; {} holds always."
        return self._factory.input(table, BOOL_EXP, partial(self._bool_exp, table), text)

    def order_by(self, table: NamedTable) -> GraphQLInputObjectType:
        text = "Columns count in the order in which they are written; null is as if left out."
        return self._factory.input(table, ORDER_BY, partial(self._order_by, table), text)

    def group_bool_exp(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input of `having`."""

        def fields() -> Fields:
            found = self.group_bool_exp(table)
            own = GraphQLList(GraphQLNonNull(found))
            return {
                "_and": GraphQLInputField(own),
                "_or": GraphQLInputField(own),
                "_not": GraphQLInputField(found),
                "aggregate": GraphQLInputField(self._aggregates_bool_exp(table)),
            }

        text = "What a group must satisfy."
        return self._factory.input(table, "GroupBoolExp", fields, text)

    def group_order_by(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input of `orderBy` over groups."""

        def fields() -> Fields:
            found = {"aggregate": GraphQLInputField(self.aggregate_order_by(table))}
            keys = partial(_ordered, table.comparable)
            named = self._factory.input(table, "GroupKeysOrderBy", keys)
            return found | {"keys": GraphQLInputField(named)}

        return self._factory.input(table, "GroupOrderBy", fields)

    def aggregate_order_by(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input that orders by aggregates over rows of `table`."""

        def fields() -> Fields:
            found = {"count": GraphQLInputField(order_by_enum())}
            numbers = self._ordered_columns(table, Function.SUM, "NumbersOrderBy")
            values = self._ordered_columns(table, Function.MIN, "ValuesOrderBy")
            for function in ANSWERED:
                shared = values if function.is_extreme else numbers
                if shared is not None:
                    found[function.value] = GraphQLInputField(shared)
            return found

        return self._factory.input(table, "AggregateOrderBy", fields)

    def _bool_exp(self, table: NamedTable) -> Fields:
        own = self.bool_exp(table)
        found = {
            "_and": GraphQLInputField(GraphQLList(GraphQLNonNull(own))),
            "_or": GraphQLInputField(GraphQLList(GraphQLNonNull(own))),
            "_not": GraphQLInputField(own),
        }
        for field, column in table.columns.items():
            found[field] = GraphQLInputField(self._comparison(column))
        for field, relation in table.relations.items():
            target = self._names.tables[relation.target]
            text = "Some of these rows matches." if relation.many else "This row matches."
            found[field] = GraphQLInputField(self.bool_exp(target), description=text)
        for field, relation in table.aggregates.items():
            target = self._names.tables[relation.target]
            found[field] = GraphQLInputField(
                self._related_bool_exp(target), description="What is computed of these rows."
            )
        types = {field: self._comparison(column) for field, column in table.custom.items()}
        text = (
            "Dynamic columns by name: {name: {_eq: value}, …}; with the operators of their types."
        )
        return found | custom_fields(table, CustomUse.FILTER, types, text)

    def _order_by(self, table: NamedTable) -> Fields:
        found = {field: GraphQLInputField(order_by_enum()) for field in table.comparable}
        for field, relation in table.relations.items():
            if not relation.many:
                found[field] = GraphQLInputField(self.order_by(self._names.tables[relation.target]))
        for field, relation in table.aggregates.items():
            target = self._names.tables[relation.target]
            found[field] = GraphQLInputField(self.aggregate_order_by(target))
        types = {
            field: order_by_enum()
            for field, column in table.custom.items()
            if column.type.has_order
        }
        text = "Dynamic columns by name: {name: ASC, …}; they count as they are written."
        found |= custom_fields(table, CustomUse.ORDER, types, text)
        nothing = GraphQLInputField(order_by_enum(), description="Nothing here can be ordered by.")
        return found or {"_none": nothing}

    def _comparison(self, column: Column) -> GraphQLInputObjectType:
        return self._comparisons.of(column.type, self._leaves.of(column.type))

    def _related_bool_exp(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input of `tracksAggregate` in a condition."""

        def counted() -> Fields:
            columns = self._leaves.select_columns(table)
            if columns is None:
                return self._predicate(table, _INT)
            text = "count rows that have values in all of these"
            arguments = GraphQLInputField(columns, description=text)
            return self._predicate(table, _INT, arguments, distinct=True)

        def fields() -> Fields:
            count = self._factory.input(table, "AggregateBoolExpCount", counted)
            found = {"count": GraphQLInputField(count)}
            for function in Function:
                if predicate_columns(function, table):
                    found[function.value] = GraphQLInputField(self._computed(function, table))
            return found

        return self._factory.input(table, "AggregateBoolExp", fields)

    def _computed(self, function: Function, table: NamedTable) -> GraphQLInputObjectType:
        suffix, compared = _PREDICATES.get(function, _FLOATS)
        kind = "BooleanColumn" if function.is_of_booleans else "NumberColumn"

        def values() -> dict[str, GraphQLEnumValue]:
            found = predicate_columns(function, table).items()
            return {field: GraphQLEnumValue(column.name) for field, column in found}

        def fields() -> Fields:
            named = GraphQLNonNull(self._factory.enum(table, kind, values))
            arguments = GraphQLInputField(named, description="of the values of this column")
            return self._predicate(table, compared, arguments, distinct=function.has_distinct)

        return self._factory.input(table, f"AggregateBoolExp{suffix}", fields)

    def _predicate(
        self,
        table: NamedTable,
        compared: SqlType,
        arguments: GraphQLInputField | None = None,
        *,
        distinct: bool = False,
    ) -> Fields:
        """Return the fields that the predicates over related rows have alike."""
        predicate = self._comparisons.of(compared, self._leaves.of(compared))
        found = {
            "predicate": GraphQLInputField(GraphQLNonNull(predicate)),
            **({"arguments": arguments} if arguments is not None else {}),
            "filter": GraphQLInputField(self.bool_exp(table), description="of such rows only"),
        }
        text = "of each value once"
        once = GraphQLInputField(GraphQLBoolean, description=text)
        return found | ({"distinct": once} if distinct else {})

    def _aggregates_bool_exp(self, table: NamedTable) -> GraphQLInputObjectType:
        def fields() -> Fields:
            found = {"count": GraphQLInputField(self._comparisons.of(_INT, GraphQLInt))}
            for function in ANSWERED:
                columns = aggregate_columns(function, table)
                if columns:
                    suffix = f"{_SHARED.get(function, 'Floats')}BoolExp"
                    shared = self._factory.input(table, suffix, partial(self._compared, columns))
                    found[function.value] = GraphQLInputField(shared)
            return found

        return self._factory.input(table, "FiguresBoolExp", fields)

    def _compared(self, columns: Mapping[str, SqlType]) -> Fields:
        return {
            field: GraphQLInputField(self._comparisons.of(kind, self._leaves.of(kind)))
            for field, kind in columns.items()
        }

    def _ordered_columns(
        self, table: NamedTable, function: Function, suffix: str
    ) -> GraphQLInputObjectType | None:
        columns = aggregate_columns(function, table)
        return self._factory.input(table, suffix, partial(_ordered, columns)) if columns else None


def custom_fields(
    table: NamedTable, use: CustomUse, types: Mapping[str, GraphQLInputType], text: str
) -> Fields:
    """Return the field `customFields` of an input, where the table has it; `types` by field."""
    if not table.has_custom_fields:
        return {}
    takes = CustomFields(table.type, use, table.custom_by_spelling, types)
    field = GraphQLInputField(
        scalar(Kind.JSON), description=text, extensions={CUSTOM_FIELDS: takes}
    )
    return {CUSTOM_FIELDS: field}


def _ordered(fields: Iterable[str]) -> Fields:
    return {field: GraphQLInputField(order_by_enum()) for field in fields}
