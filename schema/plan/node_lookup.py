"""`node(nodeId)`, `nodes(nodeIds)` → `NodeLookup`: a page for each type that is named."""

from __future__ import annotations

from dynamic_databases.catalog.types import Column
from schema.names.tables import NamedTable
from schema.plan.context import (
    ROWS,
    CollectedField,
    PlanContext,
    collect_fields,
    given_arguments,
    operand_of,
    types_named,
)
from schema.plan.nodes import (
    AllOf,
    AnyOf,
    Compare,
    NodeLookup,
    NodeObject,
    Op,
    Page,
    Selected,
    Slot,
    Typename,
    Use,
    Where,
)
from schema.plan.operands import VariableRef
from schema.plan.select import global_id, plan_selection

# No variable of GraphQL can have these names.
NODE_KEY = "\0node"
NODE_KEYS = "\0nodes"
NODE_COUNT = "\0node count"
# What the rows of several ids are answered as, each with the id that names it.
ROW, ROW_ID = "row", "id"
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


def node_rows(lookup: NodeLookup, table: NamedTable, count: int) -> Page:
    """Return the page of several rows of `table`: of each the id, and what `node_page` selects.

    Their keys are in the variables under `NODE_KEYS`: a list of values where the key is one column,
    else `count` tuples. `NODE_COUNT` is how many rows there may be.
    """
    row = node_page(lookup, table)
    selection = (global_id(ROW_ID, table), NodeObject(ROW, row.selection))
    limit = Slot(VariableRef(NODE_COUNT), ROWS, Use.ROWS)
    return Page(table.table, selection, _has_some_key(table, count), limit=limit)


def _page(table: NamedTable, selection: tuple[Selected, ...]) -> Page:
    return Page(table.table, selection, _has_key(table, NODE_KEY), single=True)


def _has_key(table: NamedTable, name: str, *path: int) -> Where:
    return AllOf(
        tuple(
            Compare(column, Op.EQ, Slot(VariableRef(name, (*path, i)), column.type))
            for i, column in enumerate(_key_columns(table))
        )
    )


def _has_some_key(table: NamedTable, count: int) -> Where:
    columns = _key_columns(table)
    if len(columns) > 1:
        return AnyOf(tuple(_has_key(table, NODE_KEYS, i) for i in range(count)))
    (column,) = columns
    return Compare(column, Op.IN, Slot(VariableRef(NODE_KEYS), column.type, Use.LIST))


def _key_columns(table: NamedTable) -> list[Column]:
    return [table.table.by_name[name] for name in table.key]
