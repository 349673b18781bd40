"""Argument AST and variables → trees of operands: constants, or places in the variables.

A tree's structure (which keys are there, which values are null, enum values, booleans) belongs to
the plan; its leaves don't. The shape of the variables is that structure alone: requests whose
variables have equal shapes share a plan and its statements. Of `customFields` the names are
structure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    coerce_input_value,
    get_named_type,
    type_from_ast,
    value_from_ast,
    value_from_ast_untyped,
)
from graphql.error import GraphQLError
from graphql.language import (
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
)
from graphql.pyutils import print_path_list

from schema.errors import BadUserInput, TooComplex
from schema.plan.custom_fields import Custom, custom_fields_of, expanded, structure_of

VariableShape = tuple[Any, ...]
# What inputs of conditions end with.
_CONDITIONS = (
    "BoolExp",
    "BoolExpCount",
    "BoolExpNumbers",
    "BoolExpAvg",
    "BoolExpFloats",
    "BoolExpBooleans",
    "ComparisonExp",
    "CastExp",
)


@dataclass(frozen=True)
class Constant:
    """A value that stands in the document."""

    value: Any

    def read(self, _variables: Mapping[str, Any]) -> Any:
        return self.value


@dataclass(frozen=True)
class VariableRef:
    """A place in the coerced variables: the variable and the keys and indexes below it."""

    name: str
    path: tuple[str | int, ...] = ()

    def read(self, variables: Mapping[str, Any]) -> Any:
        value = variables[self.name]
        for step in self.path:
            value = value[step]
        return value


@dataclass(frozen=True)
class ListOf:
    """A list that mixes constants and variables."""

    items: tuple[Operand, ...]

    def read(self, variables: Mapping[str, Any]) -> Any:
        return [item.read(variables) for item in self.items]


@dataclass(frozen=True)
class Composed:
    """A scalar literal (JSON) that has variables inside."""

    node: ValueNode
    type: GraphQLScalarType

    def read(self, variables: Mapping[str, Any]) -> Any:
        return self.type.parse_literal(self.node, dict(variables))

    def __hash__(self) -> int:
        return id(self.node)


Operand = Constant | VariableRef | ListOf | Composed | Custom


@dataclass(frozen=True)
class Flag:
    """A boolean: structure (it chooses the plan) and operand in one."""

    value: bool
    operand: Operand


@dataclass(frozen=True)
class VariableReader:
    """Reads one declared variable of a request."""

    name: str
    type: GraphQLInputType
    default: Any  # Undefined where there is none
    is_structure: bool = False  # it stands for custom fields or their names
    suggests: bool = True  # a refusal names what may have been meant

    @property
    def required(self) -> bool:
        return isinstance(self.type, GraphQLNonNull) and self.default is Undefined


def variable_readers(
    schema: GraphQLSchema,
    nodes: Sequence[VariableDefinitionNode],
    structural: Collection[str] = (),
    *,
    suggests: bool = True,
) -> tuple[VariableReader, ...]:
    """Return a reader for each variable that a (valid) operation declares.

    `structural` are those that stand for custom fields or their names.
    """
    readers = []
    for node in nodes:
        declared = cast("GraphQLInputType", type_from_ast(schema, node.type))
        default = Undefined
        if node.default_value:
            default = value_from_ast(node.default_value, declared)
            if _is_order(declared):
                default = _as_written(default, value_from_ast_untyped(node.default_value))
        name = node.variable.name.value
        readers.append(VariableReader(name, declared, default, name in structural, suggests))
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
    return structure_of(value) if reader.is_structure else _shape(reader.type, value)


class Arguments:
    """Turns the arguments of fields into trees, for one structure of the variables."""

    def __init__(self, readers: Sequence[VariableReader], values: Mapping[str, Any]) -> None:
        self._types = {reader.name: reader.type for reader in readers}
        self._values = values

    def has(self, node: ValueNode) -> bool:
        """Return whether a value is given: a variable that isn't counts as left out."""
        return not isinstance(node, VariableNode) or node.name.value in self._values

    def tree(self, node: ValueNode, expected: GraphQLInputType) -> Any:
        """Return dicts and lists as the literal has them, None, enum values, Flags and operands."""
        if isinstance(node, VariableNode):
            name = node.name.value
            return _tree_of_value(self._types[name], self._values[name], name, ())
        inner = expected.of_type if isinstance(expected, GraphQLNonNull) else expected
        if isinstance(node, NullValueNode):
            return None
        if isinstance(inner, GraphQLList):
            return self._list(node, inner)
        if isinstance(inner, GraphQLInputObjectType):
            return self._object(cast("ObjectValueNode", node), inner)
        return self._leaf(node, inner)

    def flag(self, node: ValueNode) -> bool:
        """Return the value of a directive's `if`."""
        if isinstance(node, VariableNode):
            return bool(self._values[node.name.value])
        return bool(cast("Any", node).value)

    def _list(self, node: ValueNode, expected: GraphQLList[Any]) -> Any:
        nodes = node.values if isinstance(node, ListValueNode) else (node,)
        items = [self.tree(item, expected.of_type) for item in nodes if self.has(item)]
        if not _is_leaf_list(expected):
            return items
        operands = tuple(
            item.operand if isinstance(item, Flag) else item or Constant(None) for item in items
        )
        if all(isinstance(operand, Constant) for operand in operands):
            return Constant([cast("Constant", operand).value for operand in operands])
        return ListOf(operands)

    def _object(self, node: ObjectValueNode, expected: GraphQLInputObjectType) -> dict[str, Any]:
        self._check_condition(node, expected)
        given = {field.name.value: field.value for field in node.fields if self.has(field.value)}
        tree: dict[str, Any] = {}
        fields = expected.fields
        if _is_order(expected):
            fields = {name: fields[name] for name in given}
        for name, field in fields.items():
            if name in given:
                tree[name] = self._field(given[name], field)
            elif field.default_value is not Undefined:
                tree[name] = _tree_of_constant(field.type, field.default_value)
        return expanded(tree, expected)

    def _check_condition(self, node: ObjectValueNode, expected: GraphQLInputObjectType) -> None:
        """Raises BadUserInput where a condition would lose a part: it would match more rows."""
        for field in node.fields:
            if self.has(field.value):
                continue
            declared = expected.fields[field.name.value].type
            if _is_condition(expected) or _is_condition(declared):
                raise BadUserInput(
                    f"{field.name.value} is given by the variable "
                    f"${cast('Any', field.value).name.value}, "
                    "which was left out: a condition needs a value; "
                    "leave the condition out for all rows."
                )

    def _field(self, node: ValueNode, field: GraphQLInputField) -> Any:
        """Return the tree of an input's field; of custom fields their values, yet without types."""
        if not custom_fields_of(field):
            return self.tree(node, field.type)
        if isinstance(node, ObjectValueNode):
            return {
                item.name.value: self.tree(item.value, field.type)
                for item in node.fields
                if self.has(item.value)
            }
        if isinstance(node, VariableNode):
            name = node.name.value
            return _tree_of_structure(self._values[name], name, ())
        return self.tree(node, field.type)

    def names(self, node: ValueNode) -> list[str] | None:
        """Return a list of names, which are structure wherever they stand."""
        if isinstance(node, VariableNode):
            return cast("list[str] | None", self._values[node.name.value])
        if isinstance(node, NullValueNode):
            return None
        items = node.values if isinstance(node, ListValueNode) else (node,)
        return [
            self._values[item.name.value]
            if isinstance(item, VariableNode)
            else cast("Any", item).value
            for item in items
        ]

    def _leaf(self, node: ValueNode, expected: Any) -> Any:
        if isinstance(expected, GraphQLEnumType):
            return expected.parse_literal(node)
        if isinstance(expected, GraphQLScalarType) and _has_variable(node):
            return Composed(node, expected)
        try:
            value = expected.parse_literal(node)
        except GraphQLError as error:
            raise BadUserInput(error.message) from None
        return Flag(value, Constant(value)) if isinstance(value, bool) else Constant(value)


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
        return _as_written(coerced, value) if _is_order(reader.type) else coerced
    except RecursionError:
        raise BadUserInput(f"Variable '${reader.name}' is nested too deeply.") from None


def _is_order(declared: GraphQLInputType) -> bool:
    """Return whether this is an input of `orderBy`, whose fields count as they are written."""
    named = get_named_type(declared)
    return isinstance(named, GraphQLInputObjectType) and named.name.endswith("OrderBy")


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
    inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    if isinstance(inner, GraphQLList):
        return (
            "list" if _is_leaf_list(inner) else tuple(_shape(inner.of_type, item) for item in value)
        )
    if isinstance(inner, GraphQLInputObjectType):
        fields = inner.fields
        return tuple(
            (
                name,
                structure_of(item)
                if custom_fields_of(fields[name]) and item is not None
                else _shape(fields[name].type, item),
            )
            for name, item in value.items()
        )
    if isinstance(inner, GraphQLEnumType) or isinstance(value, bool):
        return ("is", value)
    return "value"


def _tree_of_value(declared: Any, value: Any, name: str, path: tuple[str | int, ...]) -> Any:
    if value is None:
        return None
    inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    if isinstance(inner, GraphQLList):
        if _is_leaf_list(inner):
            return VariableRef(name, path)
        return [
            _tree_of_value(inner.of_type, item, name, (*path, i)) for i, item in enumerate(value)
        ]
    if isinstance(inner, GraphQLInputObjectType):
        fields = inner.fields
        tree = {
            key: _tree_of_structure(item, name, (*path, key))
            if custom_fields_of(fields[key])
            else _tree_of_value(fields[key].type, item, name, (*path, key))
            for key, item in value.items()
        }
        return expanded(tree, inner)
    if isinstance(inner, GraphQLEnumType):
        return value
    operand = VariableRef(name, path)
    return Flag(value, operand) if isinstance(value, bool) else operand


def _tree_of_structure(value: Any, name: str, path: tuple[str | int, ...]) -> Any:
    """Return the values of custom fields that a variable holds, yet without types."""
    if not isinstance(value, dict):
        return None if value is None else VariableRef(name, path)
    return {
        key: None if item is None else VariableRef(name, (*path, key))
        for key, item in value.items()
    }


def _tree_of_constant(declared: Any, value: Any) -> Any:
    inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    if value is None or isinstance(inner, GraphQLEnumType | GraphQLList | GraphQLInputObjectType):
        return value
    return Flag(value, Constant(value)) if isinstance(value, bool) else Constant(value)


def _is_leaf_list(declared: GraphQLList[Any]) -> bool:
    """A list of scalars is one operand of any length; lists of enums and objects are structure."""
    item = (
        declared.of_type.of_type
        if isinstance(declared.of_type, GraphQLNonNull)
        else declared.of_type
    )
    return isinstance(item, GraphQLScalarType)


def _is_condition(declared: GraphQLInputType) -> bool:
    """Return whether this is the input of a `where` or `having`, or of the operators in it."""
    name = getattr(declared, "name", "")
    return name.endswith(_CONDITIONS)


def _has_variable(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, ListValueNode):
        return any(_has_variable(item) for item in node.values)
    return isinstance(node, ObjectValueNode) and any(
        _has_variable(field.value) for field in node.fields
    )
