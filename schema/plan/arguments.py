"""Argument AST and variables → trees of operands.

A tree's structure (which keys are there, which values are null, enum values, booleans) belongs to
the plan; its leaves don't.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    Undefined,
)
from graphql.error import GraphQLError
from graphql.language import (
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
)

from schema.errors import BadUserInput
from schema.plan.custom_fields import custom_fields_of, expanded
from schema.plan.input_kinds import is_condition, is_leaf_list, is_order
from schema.plan.operands import Composed, Constant, Flag, ListOf, VariableRef
from schema.plan.variables import VariableReader


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
        if not is_leaf_list(expected):
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
        if is_order(expected):
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
            if is_condition(expected) or is_condition(declared):
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


def _tree_of_value(declared: Any, value: Any, name: str, path: tuple[str | int, ...]) -> Any:
    if value is None:
        return None
    inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    if isinstance(inner, GraphQLList):
        if is_leaf_list(inner):
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


def _has_variable(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, ListValueNode):
        return any(_has_variable(item) for item in node.values)
    return isinstance(node, ObjectValueNode) and any(
        _has_variable(field.value) for field in node.fields
    )
