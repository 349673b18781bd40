"""The variables of an operation: their values coerced, and their shape.

The shape of the variables is their structure alone: which keys are there, which values are null,
enum values and booleans. Requests whose variables have equal shapes share a plan and its
statements. Of `customFields` the names are structure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    coerce_input_value,
    type_from_ast,
    value_from_ast,
    value_from_ast_untyped,
)
from graphql.error import GraphQLError
from graphql.pyutils import print_path_list

from schema.errors import BadUserInput, TooComplex
from schema.plan.custom_fields import CustomUse, custom_fields_of, structure_of
from schema.plan.input_kinds import is_leaf_list, is_order, nullable

VariableShape = tuple[Any, ...]
_NO_USES: Mapping[str, frozenset[CustomUse]] = MappingProxyType({})


@dataclass(frozen=True)
class VariableReader:
    """Reads one declared variable of a request."""

    name: str
    type: GraphQLInputType
    default: Any  # Undefined where there is none
    uses: frozenset[CustomUse] = frozenset()  # where it stands for custom fields or their names
    suggests: bool = True  # a refusal names what may have been meant

    @property
    def required(self) -> bool:
        return isinstance(self.type, GraphQLNonNull) and self.default is Undefined


def variable_readers(
    schema: GraphQLSchema,
    nodes: Sequence[VariableDefinitionNode],
    structural: Mapping[str, frozenset[CustomUse]] = _NO_USES,
    *,
    suggests: bool = True,
) -> tuple[VariableReader, ...]:
    """Return a reader for each variable that a (valid) operation declares.

    `structural` are those that stand for custom fields or their names, with their uses.
    """
    readers = []
    for node in nodes:
        declared = cast("GraphQLInputType", type_from_ast(schema, node.type))
        default = Undefined
        if node.default_value:
            default = value_from_ast(node.default_value, declared)
            if is_order(declared):
                default = _as_written(default, value_from_ast_untyped(node.default_value))
        name = node.variable.name.value
        uses = structural.get(name, frozenset())
        readers.append(VariableReader(name, declared, default, uses, suggests))
    return tuple(readers)


def check_depth(value: Any, maximum: int) -> None:
    """Raises TooComplex where objects and lists nest deeper than `maximum`."""
    level = [value]
    for _ in range(maximum + 1):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise TooComplex(
        f"The variables nest deeper than the maximum of {maximum} (GATEWAY_MAX_INPUT_DEPTH)."
    )


def coerce_variables(readers: Sequence[VariableReader], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared variables that have a value, coerced. Raises BadUserInput."""
    values: dict[str, Any] = {}
    for reader in readers:
        if reader.name in given:
            values[reader.name] = _coerced(reader, given[reader.name])
        elif reader.default is not Undefined:
            values[reader.name] = reader.default
        elif reader.required:
            raise BadUserInput(
                f"Variable '${reader.name}' of required type '{reader.type}' was not provided."
            )
    return values


def shape_of(readers: Sequence[VariableReader], values: Mapping[str, Any]) -> VariableShape:
    """Return the structure of coerced variables: hashable, free of their leaf values."""
    return tuple(
        _reader_shape(reader, values[reader.name]) if reader.name in values else "absent"
        for reader in readers
    )


def _reader_shape(reader: VariableReader, value: Any) -> Any:
    if reader.uses and value is not None:
        return tuple(structure_of(value, use) for use in CustomUse if use in reader.uses)
    return _shape(reader.type, value)


def _coerced(reader: VariableReader, value: Any) -> Any:
    def refuse(path: list[str | int], invalid: Any, error: GraphQLError) -> None:  # noqa: ARG001 - graphql-core's
        where = f" at '{reader.name}{print_path_list(path)}'" if path else ""
        raise BadUserInput(
            f"Variable '${reader.name}' got an invalid value{where}: {error.message}"
        )

    if value is None and isinstance(reader.type, GraphQLNonNull):
        raise BadUserInput(
            f"Variable '${reader.name}' of non-null type '{reader.type}' must not be null."
        )
    try:
        coerced = coerce_input_value(value, reader.type, refuse, None, not reader.suggests)
        if isinstance(coerced, dict | list) and is_order(reader.type):
            return _as_written(coerced, value)
        return coerced
    except RecursionError:
        raise BadUserInput(f"Variable '${reader.name}' is nested too deeply.") from None


def _as_written(coerced: Any, given: Any) -> Any:
    """Return a coerced value with the fields of its objects in the order of those given."""
    if isinstance(coerced, list):
        items = given if isinstance(given, list) else [given]
        return [_as_written(*pair) for pair in zip(coerced, items, strict=True)]
    if isinstance(coerced, dict):
        return {name: _as_written(coerced[name], given[name]) for name in given}
    return coerced


def _shape(declared: Any, value: Any) -> Any:
    if value is None:
        return None
    inner = nullable(declared)
    if isinstance(inner, GraphQLList):
        return (
            "list" if is_leaf_list(inner) else tuple(_shape(inner.of_type, item) for item in value)
        )
    if isinstance(inner, GraphQLInputObjectType):
        fields = inner.fields
        return tuple(
            (
                name,
                structure_of(item, custom.use)
                if item is not None and (custom := custom_fields_of(fields[name]))
                else _shape(fields[name].type, item),
            )
            for name, item in value.items()
        )
    if isinstance(inner, GraphQLEnumType) or isinstance(value, bool):
        return ("is", value)
    return "value"
