"""How GraphQL's executor reads fields from the tree that a root field gave: by response key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLEnumType, GraphQLField, GraphQLResolveInfo, get_named_type

from schema.uncarried import is_mark

TYPE_KEY = "\0type"  # of the tree of an interface's row: its type; no response key can be called so


@dataclass(frozen=True)
class Answered:
    """A context of GraphQL's executor whose root fields are answered: their trees by key."""

    trees: Mapping[str, Any]
    variables: Mapping[str, Any]  # coerced


class MarkedCell(Exception):
    """A cell whose value its type can't carry."""

    def __init__(self, type_name: str, field: str, scalar: str) -> None:
        super().__init__(f"{type_name}.{field} holds a value that {scalar} can't carry.")
        self.type_name = type_name
        self.field = field
        self.scalar = scalar


def with_reader(field: GraphQLField) -> GraphQLField:
    """Give a field of rows its resolver."""
    is_enum = isinstance(get_named_type(field.type), GraphQLEnumType)
    field.resolve = _read_enum if is_enum else _read
    return field


def type_of_node(source: Any, _info: GraphQLResolveInfo, _interface: Any) -> str:
    """Return the name of the type that a row of an interface has."""
    return str(source[TYPE_KEY])


def _read(source: Any, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
    value = source.get(info.path.key)
    scalar = get_named_type(info.return_type).name
    if is_mark(value, is_date="Date" in scalar):
        raise MarkedCell(info.parent_type.name, info.field_name, scalar)
    return value


def _read_enum(source: Any, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
    """The tree holds the enum's GraphQL names; the executor wants the database's labels."""
    value = _read(source, info)
    kind = get_named_type(info.return_type)
    if not isinstance(kind, GraphQLEnumType) or value is None:
        return value
    labels = kind.values  # a row of a table may be newer than the enum that it is a value of
    items = value if isinstance(value, list) else [value]
    found = [labels[item].value if item in labels else item for item in items]
    return found if isinstance(value, list) else found[0]
