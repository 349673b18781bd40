"""Types of connections: `TrackConnection` and `TrackEdge` (Relay's cursor connections)."""

from __future__ import annotations

from collections.abc import Callable

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from schema.names.tables import NamedTable
from schema.types.factory import TypeFactory
from schema.types.filters import FilterTypes
from schema.types.vocabulary import page_info


def connection_type(
    table: NamedTable, row: Callable[[], GraphQLObjectType], factory: TypeFactory
) -> GraphQLObjectType:
    """Return the type of a page."""

    def edge() -> dict[str, GraphQLField]:
        return {
            "cursor": GraphQLField(
                GraphQLNonNull(GraphQLString), description="For `after` and `before`."
            ),
            "node": GraphQLField(GraphQLNonNull(row())),
        }

    def fields() -> dict[str, GraphQLField]:
        named = factory.object(table, "Edge", edge)
        found = {
            "edges": GraphQLField(GraphQLNonNull(GraphQLList(GraphQLNonNull(named)))),
            "pageInfo": GraphQLField(GraphQLNonNull(page_info())),
        }
        if table.has_aggregate:
            found["totalCount"] = GraphQLField(
                GraphQLNonNull(GraphQLInt), description="All rows that match; counted when asked."
            )
        return found

    return factory.object(table, "Connection", fields)


def connection_arguments(table: NamedTable, filters: FilterTypes) -> dict[str, GraphQLArgument]:
    order = GraphQLList(GraphQLNonNull(filters.order_by(table)))
    return {
        "first": GraphQLArgument(
            GraphQLInt, description="as many from the start, or after `after`"
        ),
        "after": GraphQLArgument(
            GraphQLString, description="the cursor of the row before the page"
        ),
        "last": GraphQLArgument(GraphQLInt, description="as many from the end, or before `before`"),
        "before": GraphQLArgument(
            GraphQLString, description="the cursor of the row after the page"
        ),
        "where": GraphQLArgument(filters.bool_exp(table), description="which rows; {} for all"),
        "orderBy": GraphQLArgument(order, description="the key's order where left out"),
    }
