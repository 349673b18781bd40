"""Introspection, answered by a walk over the schema: selections → JSON values.

What each field of `__Schema`, `__Type` and the others gives is graphql-core's own; its executor,
which knows of errors, promises and nulls that can't be here, takes over four times as long for the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLNullableType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    introspection_types,
    is_list_type,
    is_type,
    parse,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields
from graphql.execution.values import get_argument_values

from schema.errors import TooComplex

_ROOTS: Mapping[str, GraphQLField] = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
MAX_BYTES = 100_000_000  # of an answer, about
Fragments = dict[str, FragmentDefinitionNode]
_BYTES_AROUND = 6  # quotes, colon, comma, braces


class _Info(NamedTuple):
    """What graphql-core's resolvers of introspection look at."""

    schema: GraphQLSchema


@dataclass(frozen=True, eq=False)
class _Selected:
    """One field of a selection set; `inner` are those of its objects, by the type's own values."""

    key: str
    resolve: Callable[..., Any]
    arguments: Mapping[str, Any]
    is_list: bool
    spell: Callable[[Any], Any] | None  # of a leaf whose value isn't its JSON
    inner: tuple[_Selected, ...] = ()
    # A type that many fields have is walked once: its value and the bytes of it.
    known: dict[int, tuple[dict[str, Any], int]] = field(default_factory=dict)


def introspect(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Fragments,
    variables: Mapping[str, Any],
    key: str,
) -> Any:
    """Return the JSON value of an introspection field at an operation's root, by its response key.

    The document must be valid. Values are shared where they are equal: to be written, not to be
    changed. Raises TooComplex above `MAX_BYTES`: a short document can ask for every field of every
    field's type.
    """
    root = cast("GraphQLObjectType", schema.query_type)
    given = dict(variables)
    fields = collect_fields(schema, fragments, given, root, operation.selection_set)
    count = sum(nodes[0].name.value in _ROOTS for nodes in fields.values())
    walk = _Walk(schema, fragments, given, MAX_BYTES // count)
    nodes = fields[key]
    return walk.value(walk.selected(key, _ROOTS[nodes[0].name.value], nodes), None)


def introspect_all(schema: GraphQLSchema) -> dict[str, Any]:
    """Return all there is to know of a schema, as code generators take it."""
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        experimental_directive_deprecation=True,
        input_object_one_of=True,
    )
    nodes = parse(query).definitions
    (operation,) = (n for n in nodes if isinstance(n, OperationDefinitionNode))
    fragments = {n.name.value: n for n in nodes if isinstance(n, FragmentDefinitionNode)}
    return {"__schema": introspect(schema, operation, fragments, {}, "__schema")}


class _Walk:
    """One answer: selections are collected once, then walked for each object."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Fragments,
        variables: dict[str, Any],
        max_bytes: int,
    ) -> None:
        self._info = _Info(schema)
        self._fragments = fragments
        self._variables = variables
        self._max_bytes = max_bytes
        self._bytes = 0  # that the values so far will take

    def selected(self, key: str, definition: GraphQLField, nodes: list[FieldNode]) -> _Selected:
        named = get_named_type(definition.type)
        inner: tuple[_Selected, ...] = ()
        if isinstance(named, GraphQLObjectType):
            inner = self._inner(introspection_types[named.name], nodes)
        return _Selected(
            key,
            cast("Callable[..., Any]", definition.resolve),
            get_argument_values(definition, nodes[0], self._variables),
            is_list_type(get_nullable_type(cast("GraphQLNullableType", definition.type))),
            named.serialize if isinstance(named, GraphQLEnumType) else None,
            inner,
        )

    def value(self, selected: _Selected, source: Any) -> Any:
        """Return the JSON value of one field of `source`."""
        found = selected.resolve(source, self._info, **selected.arguments)
        self._bytes += len(selected.key) + _BYTES_AROUND
        if found is None:
            return None
        if selected.is_list:
            return self._list(selected, found)
        return self._one(selected, found)

    def _inner(self, parent: Any, nodes: list[FieldNode]) -> tuple[_Selected, ...]:
        fields = collect_sub_fields(
            self._info.schema, self._fragments, self._variables, parent, nodes
        )
        return tuple(
            self._typename(key, parent.name)
            if (name := of_key[0].name.value) == "__typename"
            else self.selected(key, parent.fields[name], of_key)
            for key, of_key in fields.items()
        )

    def _typename(self, key: str, name: str) -> _Selected:
        return _Selected(key, lambda *_: name, {}, is_list=False, spell=None)

    def _list(self, selected: _Selected, found: Collection[Any]) -> list[Any]:
        return [self._one(selected, one) for one in found]

    def _one(self, selected: _Selected, found: Any) -> Any:
        if not selected.inner:
            leaf = selected.spell(found) if selected.spell else found
            self._bytes += len(leaf) if isinstance(leaf, str) else 0
            return leaf
        if not is_type(found):
            return self._object(selected, found)
        known = selected.known.get(id(found))
        if known is not None:
            self._bytes += known[1]
            return known[0]
        before = self._bytes
        made = self._object(selected, found)
        selected.known[id(found)] = made, self._bytes - before
        return made

    def _object(self, selected: _Selected, found: Any) -> dict[str, Any]:
        if self._bytes > self._max_bytes:
            raise TooComplex(
                f"The introspection has more than {self._max_bytes} bytes; select fewer fields."
            )
        return {inner.key: self.value(inner, found) for inner in selected.inner}
