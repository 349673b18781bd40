"""Query and Mutation: one field factory per kind of root field."""

from __future__ import annotations

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from schema.naming import NamedTable, Names
from schema.types.tables import TableTypes

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
            text = table.table.comment or f"Rows of {table.table.name}."
            found[table.field] = GraphQLField(
                types.rows(table), types.list_arguments(table), description=text
            )
            figures = f"Figures over {table.table.name}."
            found[f"{table.field}Aggregate"] = GraphQLField(
                types.aggregate(table), types.list_arguments(table), description=figures
            )
            if table.key:
                found[f"{table.field}ByPk"] = _by_pk(table, types)
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


def _by_pk(table: NamedTable, types: TableTypes) -> GraphQLField:
    return GraphQLField(
        types.row(table),
        types.key_arguments(table),
        description=f"One row of {table.table.name} by its key.",
    )


def _mutations(table: NamedTable, types: TableTypes) -> dict[str, GraphQLField]:
    found: dict[str, GraphQLField] = {}
    if table.insertable:
        found |= _inserts(table, types)
    if table.updatable:
        found |= _updates(table, types)
    if table.deletable:
        found |= _deletes(table, types)
    return found


def _inserts(table: NamedTable, types: TableTypes) -> dict[str, GraphQLField]:
    row = GraphQLNonNull(types.insert_input(table))
    objects = {"objects": GraphQLArgument(GraphQLNonNull(GraphQLList(row)))}
    conflict = {"onConflict": GraphQLArgument(types.on_conflict(table))}
    response = types.mutation_response(table)
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


def _updates(table: NamedTable, types: TableTypes) -> dict[str, GraphQLField]:
    key = {"pkColumns": GraphQLArgument(GraphQLNonNull(types.key_input(table)))}
    where = GraphQLNonNull(types.bool_exp(table))
    set_input, inc_input = types.set_input(table), types.inc_input(table)
    changes = {"_set": GraphQLArgument(set_input)} | (
        {"_inc": GraphQLArgument(inc_input)} if inc_input else {}
    )
    response = types.mutation_response(table)
    one = GraphQLInputObjectType(
        f"{table.type}Updates",
        {
            "where": GraphQLInputField(where),
            "_set": GraphQLInputField(set_input),
            **({"_inc": GraphQLInputField(inc_input)} if inc_input else {}),
        },
    )
    many = {"updates": GraphQLArgument(GraphQLNonNull(GraphQLList(GraphQLNonNull(one))))}
    save = (
        key
        | {"_set": GraphQLArgument(GraphQLNonNull(set_input))}
        | types.save_arguments(table, set_input)
    )
    return {
        f"update{table.type}": GraphQLField(
            response,
            {"where": GraphQLArgument(where)} | changes | _AT_MOST,
            description="Update all rows that match.",
        ),
        f"update{table.type}Many": GraphQLField(
            GraphQLList(response), many | _AT_MOST, description="Several updates, in order."
        ),
        f"update{table.type}ByPk": GraphQLField(
            types.row(table),
            key | changes,
            description="Write what differs of one row; null where there is no such row.",
        ),
        f"save{table.type}": GraphQLField(
            types.save_result(table),
            save,
            description="Write what differs of one row, unless it changed underneath.",
        ),
    }


def _deletes(table: NamedTable, types: TableTypes) -> dict[str, GraphQLField]:
    where = {"where": GraphQLArgument(GraphQLNonNull(types.bool_exp(table)))}
    text = "Delete one row and answer what it was."
    return {
        f"delete{table.type}": GraphQLField(
            types.mutation_response(table),
            where | _AT_MOST,
            description="Delete all rows that match.",
        ),
        f"delete{table.type}ByPk": GraphQLField(
            types.row(table), types.key_arguments(table), description=text
        ),
    }
