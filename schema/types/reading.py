"""How GraphQL's executor reads fields from the tree that a root field gave: by response key."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLEnumType, GraphQLField, GraphQLResolveInfo, get_named_type

TYPE_KEY = "\0type"  # of the tree of an interface's row: its type; no response key can be called so


def with_reader(field: GraphQLField) -> GraphQLField:
    """Give a field of rows its resolver."""
    is_enum = isinstance(get_named_type(field.type), GraphQLEnumType)
    field.resolve = _read_enum if is_enum else _read
    return field


def type_of_node(source: Any, _info: GraphQLResolveInfo, _interface: Any) -> str:
    """Return the name of the type that a row of an interface has."""
    return str(source[TYPE_KEY])


def _read(source: Any, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
    return source.get(info.path.key)


def _read_enum(source: Any, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
    """The tree holds the enum's GraphQL names; the executor wants the database's labels."""
    value = source.get(info.path.key)
    kind = get_named_type(info.return_type)
    if not isinstance(kind, GraphQLEnumType) or value is None:
        return value
    labels = kind.values  # a row of a table may be newer than the enum that it is a value of
    items = value if isinstance(value, list) else [value]
    found = [labels[item].value if item in labels else item for item in items]
    return found if isinstance(value, list) else found[0]
