"""Argument AST and variables → trees of operands.

A tree's structure (which keys are there, which values are null, enum values, booleans) belongs to
the plan; its leaves don't.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
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
from schema.plan.custom_fields import CustomFields, CustomUse, custom_fields_of
from schema.plan.custom_inputs import (
    custom_leaf,
    custom_null,
    custom_tree,
    custom_tree_of_value,
    operators_tree,
    takes_object,
    takes_operators,
    with_custom_values,
)
from schema.plan.input_kinds import is_condition, is_direction, is_leaf_list, is_order, nullable
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
        inner = nullable(expected)
        if isinstance(node, NullValueNode):
            return None
        if isinstance(inner, GraphQLList):
            return self._list(node, inner, self.tree)
        if isinstance(inner, GraphQLInputObjectType):
            return self._object(cast("ObjectValueNode", node), inner)
        return self._leaf(node, inner)

    def flag(self, node: ValueNode) -> bool:
        """Return the value of a directive's `if`."""
        if isinstance(node, VariableNode):
            return bool(self._values[node.name.value])
        return bool(cast("Any", node).value)

    def _list(
        self,
        node: ValueNode,
        expected: GraphQLList[Any],
        tree: Callable[[ValueNode, GraphQLInputType], Any],
    ) -> Any:
        nodes = node.values if isinstance(node, ListValueNode) else (node,)
        items = [tree(item, expected.of_type) for item in nodes if self.has(item)]
        if not is_leaf_list(expected):
            return items
        operands = tuple(
            item.operand if isinstance(item, Flag) else item or Constant(None) for item in items
        )
        if all(isinstance(operand, Constant) for operand in operands):
            return Constant([cast("Constant", operand).value for operand in operands])
        return ListOf(operands)

    def _object(self, node: ObjectValueNode, expected: GraphQLInputObjectType) -> dict[str, Any]:
        def is_needed(name: str) -> bool:
            return is_condition(expected) or is_condition(expected.fields[name].type)

        given = self._given(node, is_needed)
        tree: dict[str, Any] = {}
        fields = expected.fields
        if is_order(expected):
            fields = {name: fields[name] for name in given}
        for name, field in fields.items():
            if name in given:
                tree[name] = self._field(given[name], field)
            elif field.default_value is not Undefined:
                tree[name] = _tree_of_constant(field.type, field.default_value)
        return with_custom_values(tree, expected)

    def _given(
        self, node: ObjectValueNode, is_needed: Callable[[str], bool]
    ) -> dict[str, ValueNode]:
        """Return the fields that have a value.

        Raises BadUserInput where a condition would lose a part: it would match more rows.
        """
        given = {}
        for field in node.fields:
            name, value = field.name.value, field.value
            if self.has(value):
                given[name] = value
            elif is_needed(name):
                raise BadUserInput(
                    f"{name} is given by the variable ${cast('Any', value).name.value}, "
                    "which was left out: a condition needs a value; "
                    "leave the condition out for all rows."
                )
        return given

    def _field(self, node: ValueNode, field: GraphQLInputField) -> Any:
        custom = custom_fields_of(field)
        if custom is None:
            return self.tree(node, field.type)
        return self._custom(node, custom, cast("GraphQLScalarType", field.type))

    def _custom(self, node: ValueNode, custom: CustomFields, json: GraphQLScalarType) -> Any:
        """Return the tree of custom fields, which GraphQL took as JSON: types are checked here."""
        is_filter = custom.use is CustomUse.FILTER

        def typed(node: ValueNode, declared: GraphQLInputType, place: str) -> Any:
            if self._is_null(node):
                return custom_null(place, declared)
            if isinstance(node, VariableNode):
                return self._custom_variable(node, declared, place)
            inner = nullable(declared)
            if isinstance(inner, GraphQLList) and _has_variable(node):
                return self._list(node, inner, lambda item, kind: typed(item, kind, place))
            if not isinstance(inner, GraphQLInputObjectType):
                return custom_leaf(place, _untyped(node, json), declared)
            if not isinstance(node, ObjectValueNode):
                raise takes_operators(place, inner)
            return operators_tree(self._given(node, lambda _: is_filter), inner, place, typed)

        if isinstance(node, VariableNode):
            name = node.name.value
            return custom_tree_of_value(self._values[name], VariableRef(name), custom)
        if isinstance(node, NullValueNode) and custom.use is not CustomUse.WRITE:
            return None
        if not isinstance(node, ObjectValueNode):
            raise takes_object(custom)
        return custom_tree(self._given(node, lambda _: is_filter), custom, typed)

    def _custom_variable(self, node: VariableNode, declared: GraphQLInputType, place: str) -> Any:
        """Return the tree of a variable inside custom fields. Raises BadUserInput."""
        name = node.name.value
        inner = nullable(declared)
        if str(nullable(self._types[name])) == str(inner):
            return self.tree(node, declared)
        if isinstance(inner, GraphQLInputObjectType) or is_direction(inner):
            raise BadUserInput(
                f"customFields.{place} takes {inner}: declare ${name} as that, "
                "or give all of customFields by a variable."
            )
        return custom_leaf(place, VariableRef(name), declared)

    def _is_null(self, node: ValueNode) -> bool:
        if isinstance(node, VariableNode):
            return self._values[node.name.value] is None
        return isinstance(node, NullValueNode)

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
    inner = nullable(declared)
    if isinstance(inner, GraphQLList):
        if is_leaf_list(inner):
            return VariableRef(name, path)
        return [
            _tree_of_value(inner.of_type, item, name, (*path, i)) for i, item in enumerate(value)
        ]
    if isinstance(inner, GraphQLInputObjectType):
        fields = inner.fields
        tree = {
            key: custom_tree_of_value(item, VariableRef(name, (*path, key)), custom)
            if (custom := custom_fields_of(fields[key]))
            else _tree_of_value(fields[key].type, item, name, (*path, key))
            for key, item in value.items()
        }
        return with_custom_values(tree, inner)
    if isinstance(inner, GraphQLEnumType):
        return value
    operand = VariableRef(name, path)
    return Flag(value, operand) if isinstance(value, bool) else operand


def _untyped(node: ValueNode, json: GraphQLScalarType) -> Composed | Constant:
    """Return the operand of a literal that no type describes."""
    return Composed(node, json) if _has_variable(node) else Constant(json.parse_literal(node))


def _tree_of_constant(declared: Any, value: Any) -> Any:
    inner = nullable(declared)
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
