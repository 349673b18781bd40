"""Catalog + access + capabilities → `BuiltSchema`."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import GraphQLSchema, specified_directives

from dynamic_databases.catalog.compare import dynamic_columns
from dynamic_databases.registry import Entry
from schema.access import Access
from schema.built import BuiltSchema, CatalogSchema, SchemaKey
from schema.limits import Limits
from schema.naming import names_of
from schema.plan.operation import RootField, root_fields_of
from schema.resolvers import with_resolvers
from schema.types.roots import mutation_type, query_type
from schema.types.tables import TableTypes


def schema_key(entry: Entry, access: Access) -> SchemaKey:
    return SchemaKey(entry.fingerprint, entry.baseline_fingerprint, access, entry.capabilities)


def build_schema(
    entry: Entry, access: Access, overrides: Mapping[str, str], limits: Limits
) -> BuiltSchema:
    """Return the schema of what `access` shows of a database's catalog; no I/O."""
    names = names_of(entry.catalog, access, overrides)
    dynamic = {
        table.name: frozenset(dynamic_columns(table, entry.baseline))
        for table in entry.catalog.tables
    }
    types = TableTypes(names, dynamic, entry.catalog.vendor)
    graphql_schema = GraphQLSchema(
        query=query_type(names, types),
        mutation=mutation_type(names, types),
        directives=specified_directives,
        assume_valid=True,
    )
    queries: dict[str, RootField] = {}
    mutations: dict[str, RootField] = {}
    for table in names.tables.values():
        own_queries, own_mutations = root_fields_of(table)
        queries |= own_queries
        mutations |= own_mutations
    built = BuiltSchema(
        schema_key(entry, access),
        entry.catalog,
        names,
        CatalogSchema(graphql_schema),
        queries,
        mutations,
    )
    with_resolvers(built, limits)
    return built
