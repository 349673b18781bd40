"""Names → root fields and GraphQL types. It needs no Django, so that a small process can do it."""

from __future__ import annotations

from contextlib import nullcontext

from schema.names.tables import Names
from schema.plan.operation import RootField, root_fields_of
from schema.types.lazy import Completing, LazySchema
from schema.types.roots import mutation_type, query_type
from schema.types.tables import TableTypes

RootFields = tuple[dict[str, RootField], dict[str, RootField]]


def root_fields(names: Names) -> RootFields:
    """Return the query and the mutation fields of all tables."""
    queries: dict[str, RootField] = {}
    mutations: dict[str, RootField] = {}
    for table in names.tables.values():
        own_queries, own_mutations = root_fields_of(table)
        queries |= own_queries
        mutations |= own_mutations
    return queries, mutations


def graphql_schema_of(
    names: Names, fields: RootFields, vendor: str, completing: Completing = nullcontext
) -> LazySchema:
    """Return the schema of these names; `completing` is entered while all its types are made."""
    queries, mutations = fields
    types = TableTypes(names, vendor)
    return LazySchema(
        types, query_type(queries, types), mutation_type(mutations, types), completing
    )
