"""The fixed types of every schema: made by Graphene once per process, shared by all schemas."""

from __future__ import annotations

import graphene
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    is_introspection_type,
)

from dynamic_databases.catalog.types import Kind
from schema.plan.nodes import Resolve
from schema.plan.order_by import Direction
from schema.types import scalars
from schema.types.reading import type_of_node, with_reader

_DIRECTIONS = {
    "ASC": "ascending, nulls last",
    "ASC_NULLS_FIRST": "ascending, nulls first",
    "ASC_NULLS_LAST": "ascending, nulls last",
    "DESC": "descending, nulls first",
    "DESC_NULLS_FIRST": "descending, nulls first",
    "DESC_NULLS_LAST": "descending, nulls last",
}
_RESOLVES = {
    "FAIL": "answer CONFLICT and write nothing",
    "MINE": "overwrite what the others wrote",
    "THEIRS": "leave what the others wrote",
}
_SCALAR_OF_KIND = {
    Kind.BOOLEAN: "Boolean",
    Kind.INTEGER: "Int",
    Kind.BIGINT: "BigInt",
    Kind.DECIMAL: "Decimal",
    Kind.FLOAT: "Float",
    Kind.TEXT: "String",
    Kind.BINARY: "Byte",
    Kind.DATE: "Date",
    Kind.TIME: "LocalTime",
    Kind.LOCAL_DATETIME: "LocalDateTime",
    Kind.DATETIME: "DateTime",
    Kind.DURATION: "Duration",
    Kind.UUID: "UUID",
    Kind.JSON: "JSON",
    Kind.OTHER: "String",
}
OrderBy = graphene.Enum.from_enum(
    Direction, name="OrderBy", description=lambda v: _DIRECTIONS[v.value] if v else "An order."
)
ResolveEnum = graphene.Enum.from_enum(
    Resolve,
    name="Resolve",
    description=lambda v: _RESOLVES[v.value] if v else "What a save does about conflicts.",
)


class FieldChange(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """One field that a save changed."""

    field = graphene.NonNull(graphene.String)
    column = graphene.NonNull(graphene.String)
    before = graphene.Field(scalars.JSON)
    after = graphene.Field(scalars.JSON)


class Node(graphene.Interface):  # type: ignore[misc]
    """Whatever has an id among all rows of a database (Relay's object identification)."""

    node_id = graphene.ID(required=True)


class PageInfo(graphene.ObjectType):  # type: ignore[misc]
    """Where a page lies in its connection (Relay's cursor connections, §2.1.2)."""

    has_next_page = graphene.Boolean(required=True)
    has_previous_page = graphene.Boolean(required=True)
    start_cursor = graphene.String()
    end_cursor = graphene.String()


class _Query(graphene.ObjectType):  # type: ignore[misc]
    """Names every type once, so that Graphene makes them."""

    i = graphene.Int()
    f = graphene.Float()
    b = graphene.Boolean()
    s = graphene.String()
    d = graphene.ID()


_NAMED = [
    scalars.BigInt,
    scalars.Decimal,
    scalars.Date,
    scalars.LocalTime,
    scalars.LocalDateTime,
    scalars.DateTime,
    scalars.Duration,
    scalars.UUID,
    scalars.Byte,
    scalars.JSON,
    OrderBy,
    ResolveEnum,
    FieldChange,
    Node,
    PageInfo,
]


# Made at import, which happens once: of two schemas that are built at the same time both must have
# the same types.
_TYPES: dict[str, GraphQLNamedType] = dict(
    graphene.Schema(query=_Query, types=_NAMED).graphql_schema.type_map
)
for _found in _TYPES.values():
    if isinstance(_found, GraphQLInterfaceType):
        _found.resolve_type = type_of_node
    elif isinstance(_found, GraphQLObjectType) and not is_introspection_type(_found):
        for _field in _found.fields.values():
            with_reader(_field)


def vocabulary() -> dict[str, GraphQLNamedType]:
    """Return the fixed types by name."""
    return _TYPES


def scalar(kind: Kind) -> GraphQLScalarType:
    """Return the scalar that carries a kind of column (not enums and arrays)."""
    found = vocabulary()[_SCALAR_OF_KIND[kind]]
    if not isinstance(found, GraphQLScalarType):
        raise TypeError(f"{found} is no scalar")
    return found


def order_by_enum() -> GraphQLEnumType:
    return vocabulary()["OrderBy"]  # type: ignore[return-value]  # made above


def resolve_enum() -> GraphQLEnumType:
    return vocabulary()["Resolve"]  # type: ignore[return-value]


def field_change() -> GraphQLObjectType:
    return vocabulary()["FieldChange"]  # type: ignore[return-value]


def node_interface() -> GraphQLInterfaceType:
    return vocabulary()["Node"]  # type: ignore[return-value]


def page_info() -> GraphQLObjectType:
    return vocabulary()["PageInfo"]  # type: ignore[return-value]
