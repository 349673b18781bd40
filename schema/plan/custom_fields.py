"""`customFields`: JSON for GraphQL, columns for the plan.

In inputs its names are structure, so that a plan knows the columns, and its values are coerced as
the types of these columns would. An input's field carries what it takes as its extension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLInputField, GraphQLInputObjectType, GraphQLInputType, coerce_input_value
from graphql.error import GraphQLError
from graphql.language import (
    FieldNode,
    ListValueNode,
    Node,
    ObjectFieldNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.pyutils import print_path_list

from schema.errors import BadUserInput
from schema.names.tables import CUSTOM_FIELDS


@dataclass(frozen=True)
class CustomFields:
    """What an input's field `customFields` takes, as the extension of that field."""

    owner: str  # the table's type
    fields: Mapping[str, str]  # each spelling of a name → the field that it stands for
    types: Mapping[str, GraphQLInputType]  # of those that may be written, by field


@dataclass(frozen=True)
class Custom:
    """A value of `customFields`, which is JSON: coerced as its column's type would be."""

    name: str
    source: Any  # a constant, or a place in the variables
    type: GraphQLInputType

    def read(self, variables: Mapping[str, Any]) -> Any:
        def refuse(path: list[str | int], _invalid: Any, error: GraphQLError) -> None:
            where = f"{self.name}{print_path_list(path)}"
            raise BadUserInput(f"customFields.{where} is no {self.type}: {error.message}")

        return coerce_input_value(self.source.read(variables), self.type, refuse)

    def __hash__(self) -> int:
        return hash((self.name, self.source))


def expanded(tree: dict[str, Any], expected: GraphQLInputObjectType) -> dict[str, Any]:
    """Put the values of `customFields` with the others, each under its column's field.

    Raises BadUserInput where a name is unknown, given twice or not to be written.
    """
    custom = custom_fields_of(expected.fields.get(CUSTOM_FIELDS))
    if custom is None or CUSTOM_FIELDS not in tree:
        return tree
    tree = dict(tree)
    given = tree.pop(CUSTOM_FIELDS)
    if not isinstance(given, dict):
        raise BadUserInput(f"{expected.name}.customFields takes an object: {{name: value, …}}.")
    for spelling, leaf in given.items():
        name = custom.fields.get(spelling)
        if name is None:
            known = ", ".join(dict.fromkeys(custom.fields.values())) or "none"
            raise BadUserInput(f"{custom.owner} has no custom field {spelling!r}; it has: {known}.")
        if name not in custom.types:
            raise BadUserInput(f"customFields.{spelling} can't be written.")
        if name in tree:
            raise BadUserInput(f"{expected.name}.{name} is given twice; give it once.")
        operand = getattr(leaf, "operand", leaf)  # of a Flag
        tree[name] = None if leaf is None else Custom(spelling, operand, custom.types[name])
    return tree


def custom_fields_of(field: GraphQLInputField | None) -> CustomFields | None:
    return None if field is None else field.extensions.get(CUSTOM_FIELDS)


def structural_variables(nodes: Iterable[Node]) -> frozenset[str]:
    """Return the variables that stand for custom fields or names in an operation."""
    finder = _StructureFinder()
    for node in nodes:
        visit(node, finder)
    return frozenset(finder.found)


class _StructureFinder(Visitor):
    """Collects the variables below `customFields(names:)` and `customFields:`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value == CUSTOM_FIELDS:
            for argument in node.arguments:
                value = argument.value
                values = value.values if isinstance(value, ListValueNode) else (value,)
                self.found |= {v.name.value for v in values if isinstance(v, VariableNode)}

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        if node.name.value == CUSTOM_FIELDS and isinstance(node.value, VariableNode):
            self.found.add(node.value.name.value)


def structure_of(value: Any) -> Any:
    """Return the shape of custom fields, or of their names."""
    if isinstance(value, dict):
        return tuple((name, None if item is None else "value") for name, item in value.items())
    return tuple(str(item) for item in value) if isinstance(value, list) else str(value)
