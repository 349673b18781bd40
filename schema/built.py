"""A schema that is built, and what it was built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import graphene
from graphql import GraphQLSchema, introspection_from_schema, print_schema

from dynamic_databases.catalog.capabilities import Capabilities
from dynamic_databases.catalog.types import Catalog, Fingerprint
from schema.access import Access
from schema.naming import Names
from schema.plan.operation import RootField


class CatalogSchema(graphene.Schema):  # type: ignore[misc]  # graphene has no types
    """A `graphene.Schema` whose types of tables came from a catalog instead of classes."""

    def __init__(self, graphql_schema: GraphQLSchema) -> None:
        # Graphene's own constructor would make the types from classes.
        self.query = graphql_schema.query_type
        self.mutation = graphql_schema.mutation_type
        self.subscription = graphql_schema.subscription_type
        self.graphql_schema = graphql_schema

    @cached_property
    def _sdl(self) -> str:
        return print_schema(self.graphql_schema)

    def __str__(self) -> str:
        return self._sdl

    def introspect(self) -> Any:
        return introspection_from_schema(self.graphql_schema)


@dataclass(frozen=True)
class SchemaKey:
    """What a schema depends on; equal keys share one schema. Hashed once."""

    fingerprint: Fingerprint
    baseline: Fingerprint | None
    access: Access
    capabilities: Capabilities

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.fingerprint, self.baseline, self.access, self.capabilities))


@dataclass(frozen=True, eq=False, repr=False)
class BuiltSchema:
    """One schema for all databases of a catalog and one access; no alias is in it."""

    key: SchemaKey
    catalog: Catalog
    names: Names
    schema: CatalogSchema
    queries: dict[str, RootField]
    mutations: dict[str, RootField]

    def __repr__(self) -> str:
        return f"<BuiltSchema {self.version}: {len(self.names.tables)} tables>"

    @property
    def version(self) -> str:
        """A short text that differs when the schema does."""
        return self.key.fingerprint[:16]
