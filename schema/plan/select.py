"""Selection set → `Page` with nested pages: fragments, aliases, @skip and @include."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
)

from dynamic_databases.catalog.types import Column, Kind, SqlType
from schema.arguments import Arguments, Constant, Operand
from schema.limits import Limits
from schema.naming import NamedTable, Names
from schema.plan.aggregate import plan_figures
from schema.plan.nodes import (
    EVERYTHING,
    Aggregate,
    Assignment,
    Figures,
    Nested,
    NestedAggregate,
    Nodes,
    Page,
    Selected,
    Slot,
    Typename,
    Use,
    Value,
)
from schema.plan.order_by import plan_order_by
from schema.plan.where import links_of, plan_where

ROWS = SqlType(Kind.INTEGER, "rows")


@dataclass(frozen=True)
class PlanContext:
    """What planning one operation, with one structure of its variables, needs to know."""

    schema: GraphQLSchema
    names: Names
    fragments: Mapping[str, FragmentDefinitionNode]
    arguments: Arguments
    limits: Limits


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
    context: PlanContext, selections: Sequence[SelectionNode]
) -> list[CollectedField]:
    """Return the fields of a selection set in response order (GraphQL specification, §6.3.2)."""
    grouped: dict[str, list[FieldNode]] = {}
    for node in _flattened(context, selections, set()):
        grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
    return [
        CollectedField(key, nodes[0].name.value, tuple(nodes)) for key, nodes in grouped.items()
    ]


def argument_trees(context: PlanContext, node: FieldNode, field: GraphQLField) -> dict[str, Any]:
    """Return the arguments that are given, as trees."""
    return {
        argument.name.value: context.arguments.tree(
            argument.value, field.args[argument.name.value].type
        )
        for argument in node.arguments
        if context.arguments.has(argument.value)
    }


def field_of(context: PlanContext, type_name: str, name: str) -> GraphQLField:
    parent = context.schema.type_map[type_name]
    if not isinstance(parent, GraphQLObjectType):
        raise TypeError(f"{type_name} is no object type")
    field: GraphQLField = parent.fields[name]
    return field


def plan_list(context: PlanContext, field: CollectedField, parent: str, table: NamedTable) -> Page:
    """Return the page of a list field such as `track(where, orderBy, limit, offset)`."""
    given = argument_trees(context, field.nodes[0], field_of(context, parent, field.name))
    limit = given.get("limit") or Constant(context.limits.default_rows)
    offset = given.get("offset")
    return Page(
        table=table.table,
        selection=plan_selection(context, field.selections, table),
        where=plan_where(given.get("where"), table, context.names),
        order_by=plan_order_by(given.get("orderBy"), table, context.names),
        limit=Slot(limit, ROWS, Use.ROWS),
        offset=Slot(offset, ROWS, Use.OFFSET) if offset is not None else None,
    )


def plan_aggregate(
    context: PlanContext, field: CollectedField, parent: str, table: NamedTable
) -> Aggregate:
    """Return the plan of `trackAggregate(where, orderBy, limit, offset)`; no limit: all rows."""
    given = argument_trees(context, field.nodes[0], field_of(context, parent, field.name))
    where = plan_where(given.get("where"), table, context.names)
    order_by = plan_order_by(given.get("orderBy"), table, context.names)
    limit = Slot(given["limit"], ROWS, Use.COUNT) if given.get("limit") is not None else None
    offset = Slot(given["offset"], ROWS, Use.OFFSET) if given.get("offset") is not None else None
    answer: list[Figures | Nodes | Typename] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            answer.append(Typename(part.key, f"{table.type}Aggregate"))
        elif part.name == "nodes":
            rows = Slot(given.get("limit") or Constant(context.limits.default_rows), ROWS, Use.ROWS)
            selection = plan_selection(context, part.selections, table)
            answer.append(
                Nodes(part.key, Page(table.table, selection, where, order_by, rows, offset))
            )
        else:
            answer.append(_figures(context, part, table))
    is_cut = limit is not None or offset is not None
    return Aggregate(table.table, tuple(answer), where, order_by if is_cut else (), limit, offset)


def _figures(context: PlanContext, field: CollectedField, table: NamedTable) -> Figures:
    counted = field_of(context, f"{table.type}AggregateFields", "count")
    parts = [
        (
            part,
            argument_trees(context, part.nodes[0], counted) if part.name == "count" else {},
            collect_fields(context, part.selections),
        )
        for part in collect_fields(context, field.selections)
    ]
    return plan_figures(field, parts, table)


def plan_row(context: PlanContext, selections: Sequence[SelectionNode], table: NamedTable) -> Page:
    """Return the page of one row, without saying yet which."""
    return Page(table.table, plan_selection(context, selections, table), EVERYTHING, single=True)


def plan_key(given: Mapping[str, Any], table: NamedTable) -> tuple[Assignment, ...]:
    """Return the key's columns with their operands, from arguments called as the key's fields."""
    columns = [table.table.by_name[column] for column in table.key]
    return tuple(
        Assignment(c, Slot(operand_of(given[table.field_of[c.name]]), c.type)) for c in columns
    )


def operand_of(leaf: Any) -> Operand:
    """Return the operand of a tree's leaf; enum values and nulls of the tree are constants."""
    operand = getattr(leaf, "operand", leaf)
    if operand is None or isinstance(operand, str | list):
        return Constant(operand)
    return operand  # type: ignore[no-any-return]


def plan_selection(
    context: PlanContext, selections: Sequence[SelectionNode], table: NamedTable
) -> tuple[Selected, ...]:
    """Return what is selected of each row of `table`."""
    return tuple(_selected(context, field, table) for field in collect_fields(context, selections))


def _selected(context: PlanContext, field: CollectedField, table: NamedTable) -> Selected:
    if field.name == "__typename":
        return Typename(field.key, table.type)
    if field.name in table.columns:
        return Value(field.key, table.columns[field.name])
    is_aggregate = field.name in table.aggregates
    relation = table.aggregates[field.name] if is_aggregate else table.relations[field.name]
    target = context.names.tables[relation.target]
    links = links_of(relation, table, context.names)
    if is_aggregate:
        return NestedAggregate(field.key, plan_aggregate(context, field, table.type, target), links)
    if relation.many:
        return Nested(field.key, plan_list(context, field, table.type, target), links)
    return Nested(field.key, plan_row(context, field.selections, target), links)


def columns_of(page: Page) -> tuple[Column, ...]:
    """Return the columns that a page's rows must bring: selected ones and those nested pages hang on."""
    wanted: dict[str, Column] = {}
    for item in page.selection:
        if isinstance(item, Value):
            wanted[item.column.name] = item.column
        elif isinstance(item, Nested | NestedAggregate):
            wanted |= {own.name: own for own, _ in item.links}
    return tuple(wanted.values())


def _flattened(
    context: PlanContext, selections: Sequence[SelectionNode], seen: set[str]
) -> Iterator[FieldNode]:
    for node in selections:
        if not _included(context, node):
            continue
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _flattened(context, node.selection_set.selections, seen)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            yield from _flattened(
                context, context.fragments[node.name.value].selection_set.selections, seen
            )


def _included(context: PlanContext, node: SelectionNode) -> bool:
    for directive in node.directives:
        if directive.name.value in ("skip", "include"):
            wanted = context.arguments.flag(directive.arguments[0].value)
            if wanted != (directive.name.value == "include"):
                return False
    return True
