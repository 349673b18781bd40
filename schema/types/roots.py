"""Query and Mutation: one field factory per kind of root field."""

from __future__ import annotations

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from schema.naming import NamedTable, Names
from schema.types.aggregates import group_type
from schema.types.connections import connection_arguments, connection_type
from schema.types.tables import TableTypes
from schema.types.vocabulary import node_interface
from schema.types.writes import response_type, save_result

_AT_MOST = {
    "atMost": GraphQLArgument(
        GraphQLInt, description="refuse to touch more rows; GATEWAY_AT_MOST_ROWS where left out"
    )
}


def query_type(names: Names, types: TableTypes) -> GraphQLObjectType:
    """Return the type of queries; a database without tables still needs one field."""

    def fields() -> dict[str, GraphQLField]:
        found: dict[str, GraphQLField] = {}
        for table in names.tables.values():
            found |= _queries(table, types)
        if any(table.has_global_id for table in names.tables.values()):
            found["node"] = GraphQLField(
                node_interface(),
                {"id": GraphQLArgument(GraphQLNonNull(GraphQLID))},
                description="The row with this global id.",
            )
        return found or {
            "_empty": GraphQLField(
                GraphQLBoolean, description="This database has no table that you may see."
            )
        }

    return GraphQLObjectType("Query", fields)


def mutation_type(names: Names, types: TableTypes) -> GraphQLObjectType | None:
    """Return the type of mutations, or None where nothing may be written."""
    found: dict[str, GraphQLField] = {}
    for table in names.tables.values():
        if table.key:
            found |= _mutations(table, types)
    return (
        GraphQLObjectType("Mutation", found, description="One document is one transaction.")
        if found
        else None
    )


def _queries(table: NamedTable, types: TableTypes) -> dict[str, GraphQLField]:
    name = table.table.name
    arguments = types.list_arguments(table)
    text = table.table.comment or f"Rows of {name}."
    found = {
        table.field: GraphQLField(types.rows(table), arguments, description=text),
        f"{table.field}Aggregate": GraphQLField(
            types.aggregate(table), arguments, description=f"Figures over {name}."
        ),
        f"{table.field}GroupBy": _group_by(table, types),
    }
    if table.has_connection:
        found[f"{table.field}Connection"] = GraphQLField(
            GraphQLNonNull(connection_type(table, types.row(table))),
            connection_arguments(table, types.filters),
            description=f"Rows of {name}, page by page.",
        )
    if table.key:
        found[f"{table.field}ByPk"] = GraphQLField(
            types.row(table),
            types.writes.key_arguments(table),
            description=f"One row of {name} by its key.",
        )
    return found


def _group_by(table: NamedTable, types: TableTypes) -> GraphQLField:
    group = group_type(table, types.figures(table), types.leaves)
    columns = GraphQLList(GraphQLNonNull(types.leaves.select_column(table)))
    order = GraphQLList(GraphQLNonNull(types.filters.group_order_by(table)))
    arguments = types.list_arguments(table)
    return GraphQLField(
        GraphQLNonNull(GraphQLList(GraphQLNonNull(group))),
        {
            "by": GraphQLArgument(GraphQLNonNull(columns), description="what the rows share"),
            "where": arguments["where"],
            "having": GraphQLArgument(
                types.filters.group_bool_exp(table), description="which groups; {} for all"
            ),
            "orderBy": GraphQLArgument(order, description="the keys' order where left out"),
            "limit": arguments["limit"],
            "offset": arguments["offset"],
        },
        description=f"Figures over groups of rows of {table.table.name}.",
    )


def _mutations(table: NamedTable, types: TableTypes) -> dict[str, GraphQLField]:
    response = response_type(table, types.rows(table))
    found: dict[str, GraphQLField] = {}
    if table.is_insertable:
        found |= _inserts(table, types, response)
    if table.updatable:
        found |= _updates(table, types, response)
    if table.deletable:
        found |= _deletes(table, types, response)
    return found


def _inserts(
    table: NamedTable, types: TableTypes, response: GraphQLObjectType
) -> dict[str, GraphQLField]:
    row = GraphQLNonNull(types.writes.insert_input(table))
    objects = {"objects": GraphQLArgument(GraphQLNonNull(GraphQLList(row)))}
    conflict = {"onConflict": GraphQLArgument(types.writes.on_conflict(table))}
    return {
        f"insert{table.type}": GraphQLField(
            response, objects | conflict, description="Insert rows."
        ),
        f"insert{table.type}One": GraphQLField(
            types.row(table),
            {"object": GraphQLArgument(row)} | conflict,
            description="Insert one row.",
        ),
    }


def _updates(
    table: NamedTable, types: TableTypes, response: GraphQLObjectType
) -> dict[str, GraphQLField]:
    where = {"where": GraphQLArgument(GraphQLNonNull(types.filters.bool_exp(table)))}
    changes = {name: GraphQLArgument(found) for name, found in types.writes.changes(table).items()}
    one = GraphQLNonNull(types.writes.updates(table))
    many = {"updates": GraphQLArgument(GraphQLNonNull(GraphQLList(one)))}
    save = types.writes.save_arguments(table)
    return {
        f"update{table.type}": GraphQLField(
            response, where | changes | _AT_MOST, description="Update all rows that match."
        ),
        f"update{table.type}Many": GraphQLField(
            GraphQLList(response), many | _AT_MOST, description="Several updates, in order."
        ),
        f"update{table.type}ByPk": GraphQLField(
            types.row(table),
            {"pkColumns": save["pkColumns"]} | changes,
            description="Write what differs of one row; null where there is no such row.",
        ),
        f"save{table.type}": GraphQLField(
            save_result(table, types.row(table)),
            save,
            description="Write what differs of one row, unless it changed underneath.",
        ),
    }


def _deletes(
    table: NamedTable, types: TableTypes, response: GraphQLObjectType
) -> dict[str, GraphQLField]:
    where = {"where": GraphQLArgument(GraphQLNonNull(types.filters.bool_exp(table)))}
    text = "Delete one row and answer what it was."
    return {
        f"delete{table.type}": GraphQLField(
            response, where | _AT_MOST, description="Delete all rows that match."
        ),
        f"delete{table.type}ByPk": GraphQLField(
            types.row(table), types.writes.key_arguments(table), description=text
        ),
    }
