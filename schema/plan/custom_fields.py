"""`customFields` of inputs: JSON for GraphQL, columns for the plan.

Its names are structure, so that a plan knows the columns. What a name takes is checked by the type
that the column's own field would have. An input's field carries these types as its extension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    coerce_input_value,
    get_named_type,
)
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


class CustomUse(Enum):
    """What custom fields are given for."""

    READ = auto()  # a list of names
    WRITE = auto()  # a value by name
    FILTER = auto()  # operators by name
    ORDER = auto()  # a direction by name


_REFUSED = {CustomUse.WRITE: "can't be written", CustomUse.ORDER: "can't be ordered by"}


@dataclass(frozen=True)
class CustomFields:
    """What an input's field `customFields` takes, as the extension of that field."""

    owner: str  # the table's type
    use: CustomUse
    fields: Mapping[str, str]  # each spelling of a name → the field that it stands for
    types: Mapping[str, GraphQLInputType]  # by field, of those that can be used so

    def field_of(self, spelling: str) -> str:
        """Return the field that a name stands for. Raises BadUserInput."""
        name = self.fields.get(spelling)
        if name is None:
            known = ", ".join(dict.fromkeys(self.fields.values())) or "none"
            raise BadUserInput(f"{self.owner} has no custom field {spelling!r}; it has: {known}.")
        if name not in self.types:
            refused = _REFUSED.get(self.use, "can't be used")
            raise BadUserInput(f"customFields.{spelling} {refused}.")
        return name


@dataclass(frozen=True)
class Custom:
    """A value inside `customFields`, which is JSON: coerced as a field of its type would be."""

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


def custom_fields_of(field: GraphQLInputField | None) -> CustomFields | None:
    return None if field is None else field.extensions.get(CUSTOM_FIELDS)


def structural_variables(
    schema: GraphQLSchema, nodes: Iterable[Node]
) -> Mapping[str, frozenset[CustomUse]]:
    """Return the variables that stand for custom fields or names, and for what they are used."""
    finder = _StructureFinder(schema)
    for node in nodes:
        # Most documents name no custom fields, and to follow types takes a while.
        if node.loc is None or CUSTOM_FIELDS in node.loc.source.body:
            visit(node, TypeInfoVisitor(finder.types, finder))
    return {name: frozenset(uses) for name, uses in finder.found.items()}


class _StructureFinder(Visitor):
    """Collects the variables below `customFields(names:)` and `customFields:`."""

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self.types = TypeInfo(schema)
        self.found: dict[str, set[CustomUse]] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value == CUSTOM_FIELDS:
            for argument in node.arguments:
                value = argument.value
                values = value.values if isinstance(value, ListValueNode) else (value,)
                for item in values:
                    self._note(item, CustomUse.READ)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.types.get_parent_input_type())  # also as a list's one item
        if node.name.value == CUSTOM_FIELDS and isinstance(parent, GraphQLInputObjectType):
            custom = custom_fields_of(parent.fields.get(CUSTOM_FIELDS))
            if custom is not None:
                self._note(node.value, custom.use)

    def _note(self, node: Node, use: CustomUse) -> None:
        if isinstance(node, VariableNode):
            self.found.setdefault(node.name.value, set()).add(use)


def structure_of(value: Any, use: CustomUse) -> Any:
    """Return the shape of custom fields, or of their names, for what they are used for."""
    if use is CustomUse.READ:
        return tuple(str(item) for item in value) if isinstance(value, list) else str(value)
    if not isinstance(value, dict):
        return "value"
    if use is CustomUse.WRITE:
        return tuple((name, None if item is None else "value") for name, item in value.items())
    return tuple((name, _nested_structure(item, use)) for name, item in value.items())


def is_structural(value: Any, use: CustomUse) -> bool:
    """Return whether a plan depends on a value: `_isNull` on its boolean, an order on its word."""
    if use is CustomUse.ORDER:
        return isinstance(value, str)
    return use is CustomUse.FILTER and isinstance(value, bool)


def _nested_structure(value: Any, use: CustomUse) -> Any:
    if value is None:
        return None
    if isinstance(value, dict):
        return structure_of(value, use)
    return ("is", value) if is_structural(value, use) else "value"
