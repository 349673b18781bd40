"""Query and Mutation: one field factory per kind of root field."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFieldResolver,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from schema.names.tables import ID_FIELD, NamedTable
from schema.plan.operation import RootField, root_fields_of
from schema.types.connections import connection_arguments
from schema.types.tables import TableTypes
from schema.types.vocabulary import node_interface
from schema.types.writes import response_type, save_result

_AT_MOST = {
    "atMost": GraphQLArgument(
        GraphQLInt, description="refuse to touch more rows; GATEWAY_AT_MOST_ROWS where left out"
    )
}


class RootFields(Mapping[str, GraphQLField]):
    """The fields of a root type by name, made table by table when one of a table's is looked at."""

    def __init__(
        self,
        roots: Mapping[str, RootField],
        names_of: Callable[[NamedTable], Iterable[str]],
        make: Callable[[NamedTable], dict[str, GraphQLField]],
        types: TableTypes,
        fixed: Mapping[str, GraphQLField] = MappingProxyType({}),
    ) -> None:
        self._roots = roots
        self._names_of = names_of
        self._make = make
        self._factory = types.factory
        self._fixed = fixed  # of no table
        self._made = dict(fixed)
        self._resolve: GraphQLFieldResolver | None = None

    def resolve_with(self, resolve: GraphQLFieldResolver) -> None:
        """Have GraphQL's executor ask `resolve` for every field."""
        self._resolve = resolve
        for field in self._made.values():
            field.resolve = resolve

    def __getitem__(self, name: str) -> GraphQLField:
        found = self._made.get(name)
        return found if found is not None else self._of_table(name)

    def __iter__(self) -> Iterator[str]:
        return itertools.chain(self._roots, self._fixed)

    def __len__(self) -> int:
        return len(self._roots) + len(self._fixed)

    def of_table(self, table: NamedTable) -> list[GraphQLField]:
        """Return the fields of one table."""
        return [self[name] for name in self._names_of(table)]

    def copy(self) -> dict[str, GraphQLField]:
        """Return all fields, as graphql-core asks for them where it alters a schema."""
        return dict(self)

    def _of_table(self, name: str) -> GraphQLField:
        with self._factory.lock:
            if name not in self._made:
                fields = self._factory.counted(self._make(self._roots[name].table))
                for field in fields.values():
                    field.resolve = self._resolve
                self._made |= fields
            return self._made[name]


class RootType(GraphQLObjectType):
    """Query or Mutation."""

    def __init__(self, name: str, fields: RootFields, description: str | None = None) -> None:
        super().__init__(name, {}, description=description)
        self._root_fields = fields

    @property
    def fields(self) -> RootFields:
        return self._root_fields

    def __copy__(self) -> GraphQLObjectType:
        return GraphQLObjectType(**self.to_kwargs())


def query_type(roots: Mapping[str, RootField], types: TableTypes) -> RootType:
    """Return the type of queries; a database without tables still needs one field."""
    has_ids = any(table.has_global_id for table in types.names.tables.values())
    fixed = {name: field for name, field in _nodes().items() if has_ids and name not in roots}
    if not roots:
        text = "This database has no table that you may see."
        fixed["_empty"] = GraphQLField(GraphQLBoolean, description=text)
    make = partial(_queries, types=types)
    return RootType("Query", RootFields(roots, lambda t: root_fields_of(t)[0], make, types, fixed))


def mutation_type(roots: Mapping[str, RootField], types: TableTypes) -> RootType | None:
    """Return the type of mutations, or None where nothing may be written."""
    if not roots:
        return None
    make = partial(_mutations, types=types)
    fields = RootFields(roots, lambda t: root_fields_of(t)[1], make, types)
    return RootType("Mutation", fields, "One document is one transaction.")


def _nodes() -> dict[str, GraphQLField]:
    """Return the fields that find rows by global ids; a table that is called so takes its place."""
    one = GraphQLNonNull(GraphQLID)
    return {
        "node": GraphQLField(
            node_interface(),
            {ID_FIELD: GraphQLArgument(one)},
            description="The row with this global id.",
        ),
        "nodes": GraphQLField(
            GraphQLNonNull(GraphQLList(node_interface())),
            {f"{ID_FIELD}s": GraphQLArgument(GraphQLNonNull(GraphQLList(one)))},
            description="The rows with these global ids, in their order; null where there is none.",
        ),
    }


def _queries(table: NamedTable, types: TableTypes) -> dict[str, GraphQLField]:
    name = table.table.name
    arguments = types.list_arguments(table)
    text = table.table.comment or f"Rows of {name}."
    found = {table.field: GraphQLField(types.rows(table), arguments, description=text)}
    if table.has_aggregate:
        found[f"{table.field}Aggregate"] = GraphQLField(
            types.aggregate(table), arguments, description=f"AggregateFields over {name}."
        )
    columns = types.leaves.select_columns(table)
    if table.has_aggregate and columns is not None:
        found[f"{table.field}GroupBy"] = _group_by(table, columns, types)
    if table.has_connection:
        found[f"{table.field}Connection"] = GraphQLField(
            types.connection(table),
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


def _group_by(
    table: NamedTable, columns: GraphQLList[GraphQLNonNull[GraphQLEnumType]], types: TableTypes
) -> GraphQLField:
    group = types.aggregates.group(table)
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
        description=f"AggregateFields over groups of rows of {table.table.name}.",
    )


def _mutations(table: NamedTable, types: TableTypes) -> dict[str, GraphQLField]:
    response = response_type(table, partial(types.rows, table), types.factory)
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
    conflict = (
        {"onConflict": GraphQLArgument(types.writes.on_conflict(table))}
        if table.constraints
        else {}
    )
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
            save_result(table, partial(types.row, table), types.factory),
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
