"""What planning an operation knows, and how it looks at a selection set and at arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
)

from dynamic_databases.catalog.types import Column, Kind, SqlType
from schema.errors import BadUserInput
from schema.limits import Limits
from schema.names.tables import NamedTable, Names
from schema.plan.arguments import Arguments
from schema.plan.operands import Constant, Operand

ROWS = SqlType(Kind.INTEGER, "rows")


@dataclass(frozen=True)
class PlanContext:
    """What planning one operation, with one structure of its variables, needs to know."""

    schema: GraphQLSchema
    names: Names
    fragments: Mapping[str, FragmentDefinitionNode]
    arguments: Arguments
    limits: Limits
    absent: list[str] = field(default_factory=list)  # columns answered as null, as they are met
    numbers: Iterator[int] = field(default_factory=count)

    def number(self) -> int:
        """Return a number that this operation has given to nothing else."""
        return next(self.numbers)


@dataclass(frozen=True)
class CollectedField:
    """One response key: the fields that ask for it, merged."""

    key: str
    name: str
    nodes: tuple[FieldNode, ...]

    @property
    def selections(self) -> tuple[SelectionNode, ...]:
        return tuple(
            s for node in self.nodes if node.selection_set for s in node.selection_set.selections
        )


def collect_fields(
    context: PlanContext, selections: Sequence[SelectionNode], concrete: str | None = None
) -> list[CollectedField]:
    """Return the fields of a selection set in response order (GraphQL specification, §6.3.2).

    `concrete` is the type of the object where the selection is on an interface: fragments on other
    types are left out then.
    """
    grouped: dict[str, list[FieldNode]] = {}
    for node in _flattened(context, selections, concrete, set()):
        grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
    return [
        CollectedField(key, nodes[0].name.value, tuple(nodes)) for key, nodes in grouped.items()
    ]


def types_named(context: PlanContext, selections: Sequence[SelectionNode]) -> set[str]:
    """Return the types that the fragments of a selection on an interface are on."""
    named: set[str] = set()
    for node in selections:
        if isinstance(node, InlineFragmentNode | FragmentSpreadNode):
            on, inner = _fragment(context, node)
            named |= ({on} if on else set()) | types_named(context, inner)
    return named


def argument_trees(context: PlanContext, node: FieldNode, field: GraphQLField) -> dict[str, Any]:
    """Return the arguments that are given, as trees."""
    return {
        argument.name.value: context.arguments.tree(
            argument.value, field.args[argument.name.value].type
        )
        for argument in node.arguments
        if context.arguments.has(argument.value)
    }


def given_arguments(context: PlanContext, field: CollectedField, parent: str) -> dict[str, Any]:
    """Return the arguments of a field of the type `parent`."""
    return argument_trees(context, field.nodes[0], field_of(context, parent, field.name))


def field_of(context: PlanContext, type_name: str, name: str) -> GraphQLField:
    parent = context.schema.type_map[type_name]
    if not isinstance(parent, GraphQLObjectType):
        raise TypeError(f"{type_name} is no object type")
    field: GraphQLField = parent.fields[name]
    return field


def operand_of(leaf: Any) -> Operand:
    """Return the operand of a tree's leaf; enum values and nulls of the tree are constants."""
    operand = getattr(leaf, "operand", leaf)
    if operand is None or isinstance(operand, str | list):
        return Constant(operand)
    return operand  # type: ignore[no-any-return]


def columns_named(given: Sequence[str] | None, table: NamedTable) -> tuple[Any, ...]:
    """Return the columns of a list of SelectColumn values, each once."""
    return tuple(table.present(name) for name in dict.fromkeys(given or ()))


def check_comparable(argument: str, columns: Sequence[Column], table: NamedTable) -> None:
    """Raises BadUserInput if the database can't tell which of a column's values are equal."""
    for column in columns:
        if not column.type.has_order:
            field = table.field_of[column.name]
            raise BadUserInput(f"{argument}: {field} ({column.type.name}) can't be compared.")


def _fragment(
    context: PlanContext, node: InlineFragmentNode | FragmentSpreadNode
) -> tuple[str | None, tuple[SelectionNode, ...]]:
    """Return the type that a fragment is on, and its selections."""
    found = context.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
    condition: NamedTypeNode | None = found.type_condition  # none: of an inline fragment
    on = condition.name.value if condition is not None else None
    return on, found.selection_set.selections


def _flattened(
    context: PlanContext,
    selections: Sequence[SelectionNode],
    concrete: str | None,
    seen: set[str],
) -> Iterator[FieldNode]:
    for node in selections:
        if not _included(context, node):
            continue
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode | FragmentSpreadNode):
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
            on, inner = _fragment(context, node)
            if concrete is None or on in (None, "Node", concrete):
                yield from _flattened(context, inner, concrete, seen)


def _included(context: PlanContext, node: SelectionNode) -> bool:
    for directive in node.directives:
        if directive.name.value in ("skip", "include"):
            wanted = context.arguments.flag(directive.arguments[0].value)
            if wanted != (directive.name.value == "include"):
                return False
    return True
