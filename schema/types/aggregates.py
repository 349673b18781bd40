"""The types of aggregates: `TrackAggregate`, and `TrackGroup` of grouped rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from dynamic_databases.catalog.types import SqlType
from schema.names.tables import NamedTable
from schema.plan.aggregate import aggregate_columns, aggregate_suffix
from schema.plan.nodes import ANSWERED
from schema.types.factory import TypeFactory
from schema.types.leaves import Leaves, describe

Rows = Callable[[], GraphQLNonNull[GraphQLList[GraphQLNonNull[GraphQLObjectType]]]]
Fields = dict[str, GraphQLField]


class AggregateTypes:
    """The aggregates of one schema's tables."""

    def __init__(self, leaves: Leaves, factory: TypeFactory) -> None:
        self._leaves = leaves
        self._factory = factory

    def aggregate(self, table: NamedTable, rows: Rows) -> GraphQLObjectType:
        """Return `TrackAggregate`: the aggregates, and the rows themselves."""

        def fields() -> Fields:
            return {
                "aggregate": GraphQLField(GraphQLNonNull(self._aggregates(table))),
                "nodes": GraphQLField(rows(), description="The rows; as many as a list answers."),
            }

        return self._factory.object(table, "Aggregate", fields)

    def group(self, table: NamedTable) -> GraphQLObjectType:
        """Return `TrackGroup`: what the rows of a group share, and aggregates over them."""

        def keys() -> Fields:
            return {
                name: GraphQLField(self._leaves.input(column), description=describe(table, column))
                for name, column in table.comparable.items()
            }

        def fields() -> Fields:
            named = self._factory.object(table, "GroupKeys", keys, "The columns that `by` names.")
            return {
                "keys": GraphQLField(GraphQLNonNull(named)),
                "aggregate": GraphQLField(GraphQLNonNull(self._aggregates(table))),
            }

        text = "Rows that are equal in the columns of `by`."
        return self._factory.object(table, "Group", fields, text)

    def _aggregates(self, table: NamedTable) -> GraphQLObjectType:
        """Return `TrackAggregateFields`."""

        def fields() -> Fields:
            found = {"count": self._count(table)}
            for function in ANSWERED:
                columns = aggregate_columns(function, table)
                if columns:
                    suffix = aggregate_suffix(function)
                    inner = self._factory.object(table, suffix, partial(self._of_columns, columns))
                    found[function.value] = GraphQLField(GraphQLNonNull(inner))
            return found

        return self._factory.object(table, "AggregateFields", fields)

    def _count(self, table: NamedTable) -> GraphQLField:
        columns = self._leaves.select_columns(table)
        if columns is None:
            return GraphQLField(GraphQLNonNull(GraphQLInt), description="How many rows.")
        return GraphQLField(
            GraphQLNonNull(GraphQLInt),
            {"columns": GraphQLArgument(columns), "distinct": GraphQLArgument(GraphQLBoolean)},
            description="How many rows, or how many have values in all of these columns.",
        )

    def _of_columns(self, columns: Mapping[str, SqlType]) -> Fields:
        return {name: GraphQLField(self._leaves.of(kind)) for name, kind in columns.items()}
