"""BoolExp and OrderBy of tables, and of aggregates over related rows and groups."""

from __future__ import annotations

from functools import partial

from graphql import (
    GraphQLBoolean,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
)

from dynamic_databases.catalog.types import Kind, SqlType
from schema.naming import NamedTable, Names
from schema.plan.aggregate import figure_columns
from schema.plan.nodes import Function
from schema.types.comparisons import Comparisons
from schema.types.leaves import Leaves
from schema.types.vocabulary import order_by_enum

_INT = SqlType(Kind.INTEGER, "integer")
# Functions whose answers have the same types share an input.
_SHARED = {
    Function.SUM: "Sum",
    Function.AVG: "Floats",
    Function.STDDEV: "Floats",
    Function.VARIANCE: "Floats",
    Function.MIN: "Values",
    Function.MAX: "Values",
}
_NUMBERS = (Function.SUM, Function.AVG, Function.STDDEV, Function.VARIANCE)


class FilterTypes:
    """The filters and orders of one schema's tables; fields are made when they are first looked at."""

    def __init__(self, names: Names, leaves: Leaves, vendor: str) -> None:
        self._names = names
        self._leaves = leaves
        self._comparisons = Comparisons(vendor)
        self._bool_exps = {
            name: GraphQLInputObjectType(
                f"{table.type}BoolExp",
                partial(self._bool_exp, table),
                description="All of these must hold; {} holds always.",
            )
            for name, table in names.tables.items()
        }
        self._order_bys = {
            name: GraphQLInputObjectType(
                f"{table.type}OrderBy",
                partial(self._order_by, table),
                description="One column each; the list gives the order.",
            )
            for name, table in names.tables.items()
        }
        self._counted: dict[str, GraphQLInputObjectType] = {}
        self._ordered: dict[str, GraphQLInputObjectType] = {}

    def bool_exp(self, table: NamedTable) -> GraphQLInputObjectType:
        return self._bool_exps[table.table.name]

    def order_by(self, table: NamedTable) -> GraphQLInputObjectType:
        return self._order_bys[table.table.name]

    def group_bool_exp(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input of `having`."""

        def fields() -> dict[str, GraphQLInputField]:
            own = GraphQLList(GraphQLNonNull(found))
            return {
                "_and": GraphQLInputField(own),
                "_or": GraphQLInputField(own),
                "_not": GraphQLInputField(found),
                "aggregate": GraphQLInputField(self._figures_bool_exp(table)),
            }

        found = GraphQLInputObjectType(
            f"{table.type}GroupBoolExp", fields, description="What a group must satisfy."
        )
        return found

    def group_order_by(self, table: NamedTable) -> GraphQLInputObjectType:
        keys = {
            name: GraphQLInputField(order_by_enum())
            for name, column in table.columns.items()
            if column.type.kind.is_orderable
        }
        fields = {"aggregate": GraphQLInputField(self.aggregate_order_by(table))}
        if keys:
            named = GraphQLInputObjectType(f"{table.type}GroupKeysOrderBy", keys)
            fields["keys"] = GraphQLInputField(named)
        return GraphQLInputObjectType(f"{table.type}GroupOrderBy", fields)

    def aggregate_order_by(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input that orders by figures over rows of `table`."""
        name = f"{table.type}AggregateOrderBy"
        if name not in self._ordered:
            fields = {"count": GraphQLInputField(order_by_enum())}
            numbers = self._ordered_columns(table, Function.SUM, f"{table.type}NumbersOrderBy")
            values = self._ordered_columns(table, Function.MIN, f"{table.type}ValuesOrderBy")
            for function in Function:
                shared = numbers if function in _NUMBERS else values
                if shared is not None:
                    fields[function.value] = GraphQLInputField(shared)
            self._ordered[name] = GraphQLInputObjectType(name, fields)
        return self._ordered[name]

    def _bool_exp(self, table: NamedTable) -> dict[str, GraphQLInputField]:
        own = self.bool_exp(table)
        found = {
            "_and": GraphQLInputField(GraphQLList(GraphQLNonNull(own))),
            "_or": GraphQLInputField(GraphQLList(GraphQLNonNull(own))),
            "_not": GraphQLInputField(own),
        }
        for field, column in table.columns.items():
            comparison = self._comparisons.of(column.type, self._leaves.of(column.type))
            found[field] = GraphQLInputField(comparison)
        for field, relation in table.relations.items():
            text = "Some of these rows matches." if relation.many else "This row matches."
            found[field] = GraphQLInputField(self._bool_exps[relation.target], description=text)
        for field, relation in table.aggregates.items():
            target = self._names.tables[relation.target]
            found[field] = GraphQLInputField(
                self._counted_bool_exp(target), description="How many of these rows match."
            )
        return found

    def _order_by(self, table: NamedTable) -> dict[str, GraphQLInputField]:
        found = {
            field: GraphQLInputField(order_by_enum())
            for field, column in table.columns.items()
            if column.type.kind.is_orderable
        }
        for field, relation in table.relations.items():
            if not relation.many:
                found[field] = GraphQLInputField(self._order_bys[relation.target])
        for field, relation in table.aggregates.items():
            target = self._names.tables[relation.target]
            found[field] = GraphQLInputField(self.aggregate_order_by(target))
        nothing = GraphQLInputField(order_by_enum(), description="Nothing here can be ordered by.")
        return found or {"_none": nothing}

    def _counted_bool_exp(self, table: NamedTable) -> GraphQLInputObjectType:
        name = f"{table.type}AggregateBoolExp"
        if name not in self._counted:
            columns = GraphQLList(GraphQLNonNull(self._leaves.select_column(table)))
            predicate = self._comparisons.of(_INT, self._leaves.of(_INT))
            count = GraphQLInputObjectType(
                f"{name}Count",
                {
                    "predicate": GraphQLInputField(GraphQLNonNull(predicate)),
                    "arguments": GraphQLInputField(
                        columns, description="count rows that have values in all of these"
                    ),
                    "distinct": GraphQLInputField(GraphQLBoolean),
                    "filter": GraphQLInputField(
                        self.bool_exp(table), description="count such rows only"
                    ),
                },
            )
            self._counted[name] = GraphQLInputObjectType(name, {"count": GraphQLInputField(count)})
        return self._counted[name]

    def _figures_bool_exp(self, table: NamedTable) -> GraphQLInputObjectType:
        shared: dict[str, GraphQLInputObjectType] = {}
        count = self._comparisons.of(_INT, GraphQLInt)
        fields = {"count": GraphQLInputField(count)}
        for function in Function:
            name = f"{table.type}{_SHARED[function]}BoolExp"
            compared = {
                field: GraphQLInputField(self._comparisons.of(kind, self._leaves.of(kind)))
                for field, kind in figure_columns(function, table).items()
            }
            if compared:
                shared.setdefault(name, GraphQLInputObjectType(name, compared))
                fields[function.value] = GraphQLInputField(shared[name])
        return GraphQLInputObjectType(f"{table.type}FiguresBoolExp", fields)

    def _ordered_columns(
        self, table: NamedTable, function: Function, name: str
    ) -> GraphQLInputObjectType | None:
        columns = figure_columns(function, table)
        fields = {field: GraphQLInputField(order_by_enum()) for field in columns}
        return GraphQLInputObjectType(name, fields) if fields else None
