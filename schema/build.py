"""Catalog + access + capabilities → `BuiltSchema`."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import GraphQLSchema, specified_directives

from dynamic_databases.catalog.compare import dynamic_columns
from dynamic_databases.catalog.types import Catalog
from dynamic_databases.registry import Entry
from schema.access import Access
from schema.baseline import bound_names, names_of_baseline, with_custom
from schema.built import BuiltSchema, CatalogSchema, SchemaKey
from schema.errors import NoBaseline
from schema.limits import Limits
from schema.naming import Names, names_of
from schema.plan.operation import RootField, root_fields_of
from schema.resolvers import with_resolvers
from schema.types.leaves import Pace, no_pace
from schema.types.roots import mutation_type, query_type
from schema.types.tables import TableTypes


def schema_key(entry: Entry, access: Access, *, common: bool = False) -> SchemaKey:
    return SchemaKey(
        entry.fingerprint, entry.baseline_fingerprint, access, entry.capabilities, common
    )


def build_schema(
    entry: Entry,
    access: Access,
    overrides: Mapping[str, str],
    limits: Limits,
    *,
    common: bool = False,
    pace: Pace = no_pace,
) -> BuiltSchema:
    """Return the schema of what `access` shows of a database's catalog; no I/O.

    `pace` is called now and then, for a build of seconds to leave others their turn. With `common` it is the baseline's, the same for all its databases. Raises NoBaseline.
    """
    shown, names = _common(entry, access, overrides) if common else _own(entry, access, overrides)
    types = TableTypes(shown, entry.catalog.vendor, pace)
    graphql_schema = GraphQLSchema(
        query=query_type(shown, types),
        mutation=mutation_type(shown, types),
        types=types.linked(),
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
        schema_key(entry, access, common=common),
        entry.catalog,
        names,
        CatalogSchema(graphql_schema),
        queries,
        mutations,
    )
    with_resolvers(built, limits)
    return built


def _own(entry: Entry, access: Access, overrides: Mapping[str, str]) -> tuple[Names, Names]:
    """Return the names that types are made of and those that plans are made with: one and the same."""
    dynamic = {table.name: dynamic_columns(table, entry.baseline) for table in entry.catalog.tables}
    names = names_of(entry.catalog, access, _overrides(entry.catalog, overrides), dynamic)
    return names, names


def _common(entry: Entry, access: Access, overrides: Mapping[str, str]) -> tuple[Names, Names]:
    if entry.baseline is None:
        raise NoBaseline
    baseline = entry.baseline
    shown = names_of_baseline(baseline, access, _overrides(baseline, overrides))
    own = _overrides(entry.catalog, overrides)
    bound = bound_names(shown, entry.catalog, baseline, access, own)
    return with_custom(shown, bound), bound


def _overrides(catalog: Catalog, overrides: Mapping[str, str]) -> dict[str, str]:
    return {**overrides, **dict(catalog.names)}
