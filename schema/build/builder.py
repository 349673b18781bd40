"""Catalog + access + capabilities → `BuiltSchema`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext

from dynamic_databases.catalog.diff import dynamic_columns
from dynamic_databases.catalog.types import Catalog
from dynamic_databases.registry import Entry
from schema.access import Access
from schema.build.graphql_schema import graphql_schema_of, root_fields
from schema.build.permissions import plan_access
from schema.build.resolvers import with_resolvers
from schema.built_schema import BuiltSchema, CatalogSchema, SchemaKey
from schema.errors import NoBaseline
from schema.limits import Limits
from schema.names.baseline import bound_names, names_of_baseline, with_custom
from schema.names.catalog_names import names_of
from schema.names.tables import Names
from schema.types.lazy import Completing

_log = logging.getLogger("schema.build")


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
    completing: Completing = nullcontext,
) -> BuiltSchema:
    """Return the schema of what `access` shows of a database's catalog; no I/O.

    Types are made as they are met; `completing` is entered while all of them are. With `common` it
    is the baseline's, the same for all its databases. Raises NoBaseline.
    """
    planned = plan_access(entry.catalog, access, _overrides(entry.catalog, overrides))
    for table, problem in planned.problems:
        _log.warning("a role's rules close a table to it: %s: %s", table, problem)
    of_names = _common if common else _own
    shown, names = of_names(entry, planned.access, overrides)
    fields = queries, mutations = root_fields(names)
    shown_fields = fields if shown is names else root_fields(shown)
    graphql_schema = graphql_schema_of(shown, shown_fields, entry.catalog.vendor, completing)
    built = BuiltSchema(
        schema_key(entry, access, common=common),
        entry.catalog,
        names,
        shown,
        CatalogSchema(graphql_schema),
        queries,
        mutations,
        planned.rules,
        planned.problems,
    )
    with_resolvers(built, limits)
    return built


def _own(entry: Entry, access: Access, overrides: Mapping[str, str]) -> tuple[Names, Names]:
    """Return the names that types are made of and those that plans use: the same object."""
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
