"""What `customFields` is given → a tree as typed inputs make it, each name a column's field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
)

from schema.errors import BadUserInput
from schema.names.tables import CUSTOM_FIELDS
from schema.plan.custom_fields import (
    Custom,
    CustomFields,
    CustomUse,
    custom_fields_of,
    is_structural,
)
from schema.plan.input_kinds import nullable
from schema.plan.operands import Constant, Flag, Operand, VariableRef

_T = TypeVar("_T")
# Makes the tree of one item: the item, its type, and the names that lead to it.
Typed = Callable[[_T, GraphQLInputType, str], Any]


def custom_tree(given: Mapping[str, _T], custom: CustomFields, typed: Typed[_T]) -> dict[str, Any]:
    """Return the trees of custom fields by field.

    Raises BadUserInput where a name is unknown, given twice, or not for this use.
    """
    tree: dict[str, Any] = {}
    for spelling, item in given.items():
        field = custom.field_of(spelling)
        if field in tree:
            raise BadUserInput(f"customFields.{spelling} is given twice; give it once.")
        tree[field] = typed(item, custom.types[field], spelling)
    return tree


def operators_tree(
    given: Mapping[str, _T], declared: GraphQLInputObjectType, place: str, typed: Typed[_T]
) -> dict[str, Any]:
    """Return the trees of an input of operators. Raises BadUserInput for one that isn't there."""
    for name in given:
        if name not in declared.fields:
            known = ", ".join(declared.fields)
            raise BadUserInput(f"customFields.{place} takes no {name!r}; it takes: {known}.")
    return {
        name: typed(item, declared.fields[name].type, f"{place}.{name}")
        for name, item in given.items()
    }


def custom_tree_of_value(value: Any, source: VariableRef, custom: CustomFields) -> Any:
    """Return the tree of custom fields that stand at a place in the variables."""

    def typed(ref: VariableRef, declared: GraphQLInputType, place: str) -> Any:
        item = value
        for step in ref.path[len(source.path) :]:
            item = item[step]
        if item is None:
            return custom_null(place, declared)
        inner = nullable(declared)
        if isinstance(inner, GraphQLInputObjectType):
            return operators_tree(_places(item, ref, place, inner), inner, place, typed)
        decides = custom.use is CustomUse.ORDER or is_structural(item, custom.use)
        return custom_leaf(place, Constant(item) if decides else ref, declared)

    if value is None and custom.use is not CustomUse.WRITE:
        return None
    if not isinstance(value, dict):
        raise takes_object(custom)
    return custom_tree({name: source.below(name) for name in value}, custom, typed)


def custom_leaf(place: str, source: Operand, declared: GraphQLInputType) -> Any:
    """Return what typed inputs have for a value: an enum's value, a flag, or an operand."""
    operand = Custom(place, source, declared)
    if not isinstance(source, Constant):
        return operand
    value = operand.read({})
    if isinstance(nullable(declared), GraphQLEnumType):
        return value
    return Flag(value, Constant(value)) if isinstance(value, bool) else Constant(value)


def custom_null(place: str, declared: GraphQLInputType) -> None:
    """Return the tree of null. Raises BadUserInput where the type has no null."""
    if isinstance(declared, GraphQLNonNull):
        raise BadUserInput(f"customFields.{place} must not be null.")


def with_custom_values(tree: dict[str, Any], expected: GraphQLInputObjectType) -> dict[str, Any]:
    """Put the written values of `customFields` with the others, each under its column's field.

    Raises BadUserInput where a column is given twice.
    """
    custom = custom_fields_of(expected.fields.get(CUSTOM_FIELDS))
    if custom is None or custom.use is not CustomUse.WRITE or CUSTOM_FIELDS not in tree:
        return tree
    tree = dict(tree)
    for name, value in tree.pop(CUSTOM_FIELDS).items():
        if name in tree:
            raise BadUserInput(f"{expected.name}.{name} is given twice; give it once.")
        tree[name] = value
    return tree


def takes_object(custom: CustomFields) -> BadUserInput:
    """Return the refusal of what is no object of custom fields."""
    what = {CustomUse.FILTER: "{_eq: value}", CustomUse.ORDER: "ASC"}.get(custom.use, "value")
    return BadUserInput(f"customFields of {custom.owner} takes an object: {{name: {what}, …}}.")


def takes_operators(place: str, declared: GraphQLInputObjectType) -> BadUserInput:
    """Return the refusal of what is no object of operators."""
    known = ", ".join(declared.fields)
    return BadUserInput(f"customFields.{place} takes an object of operators: {known}.")


def _places(
    value: Any, ref: VariableRef, place: str, declared: GraphQLInputObjectType
) -> dict[str, VariableRef]:
    if not isinstance(value, dict):
        raise takes_operators(place, declared)
    return {name: ref.below(name) for name in value}
