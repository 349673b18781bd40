"""A schema that is built, and what it was built from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property
from typing import Any, cast

import graphene
from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    coerce_input_value,
    print_schema,
)

from dynamic_databases.catalog.capabilities import Capabilities
from dynamic_databases.catalog.types import Catalog, Column, Fingerprint, Kind
from schema import exact_numbers
from schema.access import NO_RULES, Access
from schema.names.tables import NamedTable, Names
from schema.plan.operation import RootField
from schema.plan.role_rules import RowLimits
from schema.types.introspection import introspect_all


class CatalogSchema(graphene.Schema):  # type: ignore[misc]  # graphene has no types
    """A `graphene.Schema` whose types of tables came from a catalog instead of classes."""

    def __init__(self, graphql_schema: GraphQLSchema) -> None:
        # Graphene's own constructor would make the types from classes.
        self.query = graphql_schema.query_type
        self.mutation = graphql_schema.mutation_type
        self.subscription = graphql_schema.subscription_type
        self.graphql_schema = graphql_schema

    def __str__(self) -> str:
        return print_schema(self.graphql_schema)

    def introspect(self) -> Any:
        return introspect_all(self.graphql_schema)


@dataclass(frozen=True)
class SchemaKey:
    """What a schema depends on; equal keys share one schema. Hashed once."""

    fingerprint: Fingerprint
    baseline: Fingerprint | None
    access: Access
    capabilities: Capabilities
    common: bool = False  # the baseline's schema, bound to this catalog

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.fingerprint, self.baseline, self.access, self.capabilities, self.common))

    @cached_property
    def version(self) -> str:
        """The same text for equal keys in every process: 16 hexadecimal digits."""
        access = _facts_of(self.access)
        parts = (self.fingerprint, self.baseline, access, self.capabilities.vendor, self.common)
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, eq=False, repr=False)
class BuiltSchema:
    """One schema for all databases of a catalog and one access; no alias is in it."""

    key: SchemaKey
    catalog: Catalog
    names: Names
    shown: Names  # what the types are made of: the same, or a baseline's
    schema: CatalogSchema
    queries: dict[str, RootField]
    mutations: dict[str, RootField]
    rules: RowLimits = field(default_factory=dict)  # which rows the role may touch, by table
    problems: tuple[tuple[str, str], ...] = ()  # rules that closed their table: (table, why)

    def __repr__(self) -> str:
        return f"<BuiltSchema {self.version}: {len(self.names.tables)} tables>"

    def key_of(self, table: NamedTable, texts: Sequence[str]) -> tuple[Any, ...] | None:
        """Return the coerced key of a global id's texts; None if they don't form one."""
        if len(texts) != len(table.key):
            return None
        query = cast("GraphQLObjectType", self.schema.graphql_schema.query_type)
        arguments = query.fields[f"{table.field}ByPk"].args
        columns = [table.table.by_name[name] for name in table.key]
        try:
            return tuple(
                coerce_input_value(
                    _json_of(text, column), arguments[table.field_of[column.name]].type
                )
                for text, column in zip(texts, columns, strict=True)
            )
        except (GraphQLError, ValueError):
            return None

    def tables(self) -> Iterator[NamedTable]:
        """Yield all named tables that it holds; other schemas may hold them too."""
        yield from self.names.tables.values()
        if self.shown is not self.names:
            yield from self.shown.tables.values()

    @property
    def version(self) -> str:
        """A short text that differs when the schema does."""
        return self.key.version


def _facts_of(access: Access) -> list[Any]:
    """Return what an access permits as plain values, always in one order."""
    tables = sorted(
        (
            name,
            *(sorted(c) if c is not None else None for c in (t.select, t.insert, t.update)),
            t.delete,
            *((astuple(t.rules), t.takes_fields) if t.takes_fields or t.rules != NO_RULES else ()),
        )
        for name, t in access.tables
    )
    return [*tables, *(("inherits", _facts_of(one)) for one in access.inherits)]


def _json_of(text: str, column: Column) -> Any:
    """Return a part of a global id as a client would send it."""
    match column.type.kind:
        case Kind.INTEGER:
            return int(text)
        case Kind.FLOAT:
            return float(text)
        case Kind.BOOLEAN:
            return text == "true"
        case Kind.ARRAY | Kind.JSON:
            return exact_numbers.loads(text)
        case _:
            return text
