"""Query and Mutation: one field factory per kind of root field."""

from __future__ import annotations

from graphql import GraphQLArgument, GraphQLBoolean, GraphQLField, GraphQLNonNull, GraphQLObjectType

from schema.naming import NamedTable, Names
from schema.types.tables import TableTypes


def query_type(names: Names, types: TableTypes) -> GraphQLObjectType:
    """Return the type of queries; a database without tables still needs one field."""

    def fields() -> dict[str, GraphQLField]:
        found: dict[str, GraphQLField] = {}
        for table in names.tables.values():
            text = table.table.comment or f"Rows of {table.table.name}."
            found[table.field] = GraphQLField(
                types.rows(table), types.list_arguments(table), description=text
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
        insert = {"object": GraphQLArgument(GraphQLNonNull(types.insert_input(table)))}
        found[f"insert{table.type}One"] = GraphQLField(
            types.row(table), insert, description="Insert one row."
        )
    if table.updatable:
        key = {"pkColumns": GraphQLArgument(GraphQLNonNull(types.key_input(table)))}
        set_input = types.set_input(table)
        found[f"update{table.type}ByPk"] = GraphQLField(
            types.row(table),
            key | {"_set": GraphQLArgument(set_input)},
            description="Write what differs of one row; null where there is no such row.",
        )
        found[f"save{table.type}"] = GraphQLField(
            types.save_result(table),
            key
            | {"_set": GraphQLArgument(GraphQLNonNull(set_input))}
            | types.save_arguments(table, set_input),
            description="Write what differs of one row, unless it changed underneath.",
        )
    if table.deletable:
        found[f"delete{table.type}ByPk"] = GraphQLField(
            types.row(table),
            types.key_arguments(table),
            description="Delete one row and answer what it was.",
        )
    return found
