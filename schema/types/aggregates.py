"""The types of aggregates: `TrackAggregate`, its figures, and the enum of a table's columns."""

from __future__ import annotations

from collections.abc import Callable

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from dynamic_databases.catalog.types import SqlType
from schema.naming import NamedTable
from schema.plan.aggregate import figure_columns
from schema.plan.nodes import Function

LeafOf = Callable[[SqlType], object]


def select_column_enum(table: NamedTable) -> GraphQLEnumType:
    """Return the enum of a table's fields; its values are the columns."""
    values = {name: GraphQLEnumValue(column.name) for name, column in table.columns.items()}
    return GraphQLEnumType(
        f"{table.type}SelectColumn", values, description=f"The columns of {table.table.name}."
    )


def aggregate_type(
    table: NamedTable,
    rows: Callable[[], GraphQLNonNull[GraphQLList[GraphQLNonNull[GraphQLObjectType]]]],
    leaf: LeafOf,
) -> GraphQLObjectType:
    """Return `TrackAggregate`: the figures, and the rows themselves."""
    figures = _figures_type(table, leaf)
    return GraphQLObjectType(
        f"{table.type}Aggregate",
        lambda: {
            "aggregate": GraphQLField(GraphQLNonNull(figures)),
            "nodes": GraphQLField(rows(), description="The rows; as many as a list answers."),
        },
    )


def _figures_type(table: NamedTable, leaf: LeafOf) -> GraphQLObjectType:
    count = GraphQLField(
        GraphQLNonNull(GraphQLInt),
        {
            "columns": GraphQLArgument(GraphQLList(GraphQLNonNull(select_column_enum(table)))),
            "distinct": GraphQLArgument(GraphQLBoolean),
        },
        description="How many rows, or how many have values in all of these columns.",
    )
    fields = {"count": count}
    for function in Function:
        columns = figure_columns(function, table)
        if columns:
            inner = {name: GraphQLField(leaf(kind)) for name, kind in columns.items()}  # type: ignore[arg-type]
            named = GraphQLObjectType(f"{table.type}{function.capitalize()}Fields", inner)
            fields[function.value] = GraphQLField(GraphQLNonNull(named))
    return GraphQLObjectType(f"{table.type}AggregateFields", fields)
