"""The types of figures: `TrackAggregate`, and `TrackGroup` of grouped rows."""

from __future__ import annotations

from collections.abc import Callable

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from schema.naming import NamedTable
from schema.plan.aggregate import figure_columns
from schema.plan.nodes import Function
from schema.types.leaves import Leaves, describe

Rows = Callable[[], GraphQLNonNull[GraphQLList[GraphQLNonNull[GraphQLObjectType]]]]


def aggregate_type(table: NamedTable, figures: GraphQLObjectType, rows: Rows) -> GraphQLObjectType:
    """Return `TrackAggregate`: the figures, and the rows themselves."""
    return GraphQLObjectType(
        f"{table.type}Aggregate",
        lambda: {
            "aggregate": GraphQLField(GraphQLNonNull(figures)),
            "nodes": GraphQLField(rows(), description="The rows; as many as a list answers."),
        },
    )


def group_type(table: NamedTable, figures: GraphQLObjectType, leaves: Leaves) -> GraphQLObjectType:
    """Return `TrackGroup`: what the rows of a group share, and figures over them."""

    def keys() -> dict[str, GraphQLField]:
        return {
            name: GraphQLField(leaves.input(column), description=describe(table, column))
            for name, column in table.columns.items()
        }

    named = GraphQLObjectType(
        f"{table.type}GroupKeys", keys, description="The columns that `by` names."
    )
    return GraphQLObjectType(
        f"{table.type}Group",
        {
            "keys": GraphQLField(GraphQLNonNull(named)),
            "aggregate": GraphQLField(GraphQLNonNull(figures)),
        },
        description="Rows that are equal in the columns of `by`.",
    )


def figures_type(table: NamedTable, leaves: Leaves) -> GraphQLObjectType:
    """Return `TrackAggregateFields`."""
    count = GraphQLField(
        GraphQLNonNull(GraphQLInt),
        {
            "columns": GraphQLArgument(GraphQLList(GraphQLNonNull(leaves.select_column(table)))),
            "distinct": GraphQLArgument(GraphQLBoolean),
        },
        description="How many rows, or how many have values in all of these columns.",
    )
    fields = {"count": count}
    for function in Function:
        columns = figure_columns(function, table)
        if columns:
            inner = {name: GraphQLField(leaves.of(kind)) for name, kind in columns.items()}
            named = GraphQLObjectType(f"{table.type}{function.capitalize()}Fields", inner)
            fields[function.value] = GraphQLField(GraphQLNonNull(named))
    return GraphQLObjectType(f"{table.type}AggregateFields", fields)
