"""`node(nodeId)`, `nodes(nodeIds)` → `NodeLookup`: a page for each type that is named."""

from __future__ import annotations

from schema.names.tables import NamedTable
from schema.plan.context import (
    CollectedField,
    PlanContext,
    collect_fields,
    given_arguments,
    operand_of,
    types_named,
)
from schema.plan.nodes import AllOf, Compare, NodeLookup, Op, Page, Selected, Slot, Typename
from schema.plan.operands import VariableRef
from schema.plan.select import global_id, plan_selection

NODE_KEY = "\0node"  # no variable of GraphQL can have this name
_NO_TYPE = "\0"


def plan_node(context: PlanContext, field: CollectedField) -> NodeLookup:
    named = types_named(context, field.selections)
    pages = tuple(
        (table.type, _page(table, plan_selection(context, field.selections, table, table.type)))
        for table in context.names.tables.values()
        if table.type in named and table.has_global_id
    )
    plain = collect_fields(context, field.selections, _NO_TYPE)
    ((_, given),) = given_arguments(context, field, "Query").items()
    fields = tuple((f.key, f.name) for f in plain)
    return NodeLookup(operand_of(given), pages, fields, many=field.name == "nodes")


def node_page(lookup: NodeLookup, table: NamedTable) -> Page:
    """Return the page of a row of `table`, whose key is in the variables under `NODE_KEY`."""
    named = dict(lookup.pages).get(table.type)
    if named is not None:
        return named
    selection: list[Selected] = [
        Typename(key, table.type) if name == "__typename" else global_id(key, table)
        for key, name in lookup.plain
    ]
    return _page(table, tuple(selection))


def _page(table: NamedTable, selection: tuple[Selected, ...]) -> Page:
    columns = [table.table.by_name[name] for name in table.key]
    key = tuple(
        Compare(column, Op.EQ, Slot(VariableRef(NODE_KEY, (i,)), column.type))
        for i, column in enumerate(columns)
    )
    return Page(table.table, selection, AllOf(key), single=True)
