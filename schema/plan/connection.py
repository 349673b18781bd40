"""`trackConnection(first, after, last, before, where, orderBy)` → `Connection`.

Of related rows it becomes a `NestedConnection`, which both executions read as they read lists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphql.language import SelectionNode

from schema.limits import Limits
from schema.names.tables import NamedTable
from schema.plan.context import (
    ROWS,
    CollectedField,
    PlanContext,
    collect_fields,
    given_arguments,
)
from schema.plan.nodes import (
    Aggregate,
    AggregateFields,
    AllOf,
    Beyond,
    Connection,
    Count,
    CursorField,
    Edges,
    Nested,
    NestedAggregate,
    NestedConnection,
    NodeField,
    NodeObject,
    OrderValue,
    Page,
    PageInfoFields,
    Selected,
    Slot,
    TotalCount,
    Typename,
    Use,
    Where,
)
from schema.plan.nodes.conditions import Link
from schema.plan.operands import Constant
from schema.plan.order_by import plan_order_by, reversed_order
from schema.plan.where import plan_where

Select = Callable[[PlanContext, Sequence[SelectionNode], NamedTable], tuple[Selected, ...]]
# The parts of a nested connection, and the fields of its rows: names of ours.
ROWS_PART, TOTAL_PART, BEHIND_PART, COUNT = "rows", "total", "behind", "n"
ORDER_VALUE, NODE = "k{}", "node{}"


def plan_connection(
    context: PlanContext, field: CollectedField, parent: str, table: NamedTable, select: Select
) -> Connection:
    """Return the plan of a field of the type `parent`; `select` plans what is asked of a row."""
    given = given_arguments(context, field, parent)
    number = context.number()
    selections: list[tuple[Selected, ...]] = []
    answer: list[Edges | PageInfoFields | TotalCount | Typename] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            answer.append(Typename(part.key, f"{table.type}Connection"))
        elif part.name == "edges":
            answer.append(_edges(context, part, table, selections, select))
        elif part.name == "pageInfo":
            inner = collect_fields(context, part.selections)
            answer.append(PageInfoFields(part.key, tuple((f.key, f.name) for f in inner)))
        else:
            answer.append(TotalCount(part.key))
    return Connection(
        table=table.table,
        selections=tuple(selections),
        answer=tuple(answer),
        where=plan_where(given.get("where"), table, context.names),
        order_by=plan_order_by(given.get("orderBy"), table, context.names),
        first=given.get("first"),
        last=given.get("last"),
        after=given.get("after"),
        before=given.get("before"),
        number=number,
    )


def nest_connection(
    key: str, connection: Connection, links: tuple[Link, ...], limits: Limits
) -> NestedConnection:
    """Return a connection of the rows that `links` lead to."""
    parts: list[Nested | NestedAggregate] = [
        Nested(ROWS_PART, connection_page(connection, limits), links)
    ]
    if connection.wants_total:
        count = (AggregateFields(COUNT, (Count(COUNT),)),)
        total = Aggregate(connection.table, count, connection.where)
        parts.append(NestedAggregate(TOTAL_PART, total, links))
    if connection.wants_behind:
        parts.append(Nested(BEHIND_PART, _page_behind(connection), links))
    return NestedConnection(key, connection, tuple(parts))


def connection_page(connection: Connection, limits: Limits) -> Page:
    """Return the page of a connection's rows, from the side where it begins, and one row more."""
    terms = connection.order_by
    values = tuple(OrderValue(ORDER_VALUE.format(i), i, term) for i, term in enumerate(terms))
    nodes = tuple(
        NodeObject(NODE.format(i), selection) for i, selection in enumerate(connection.selections)
    )
    wanted = connection.last if connection.is_backward else connection.first
    return Page(
        connection.table,
        (*values, *nodes),
        AllOf((connection.where, *bounds_of(connection))),
        reversed_order(terms) if connection.is_backward else terms,
        Slot(wanted or Constant(limits.default_rows), ROWS, Use.ROWS_AND_ONE),
    )


def bounds_of(connection: Connection) -> tuple[Beyond, ...]:
    """Return the conditions that `after` and `before` make."""
    bounds = []
    if connection.after is not None:
        bounds.append(Beyond(connection.order_by, connection.after_name))
    if connection.before is not None:
        bounds.append(Beyond(reversed_order(connection.order_by), connection.before_name))
    return tuple(bounds)


def behind_of(connection: Connection) -> Where:
    """Return the condition of the rows on the side where the page begins."""
    bound = bounds_of(connection)[-1 if connection.is_backward else 0]
    return AllOf((connection.where, Beyond(bound.order, bound.name, negated=True)))


def _page_behind(connection: Connection) -> Page:
    """One row tells that there is one."""
    one = Slot(Constant(1), ROWS, Use.ROWS)
    return Page(connection.table, (Typename(COUNT, ""),), behind_of(connection), limit=one)


def _edges(
    context: PlanContext,
    field: CollectedField,
    table: NamedTable,
    selections: list[tuple[Selected, ...]],
    select: Select,
) -> Edges:
    parts: list[CursorField | NodeField | Typename] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            parts.append(Typename(part.key, f"{table.type}Edge"))
        elif part.name == "cursor":
            parts.append(CursorField(part.key))
        else:
            parts.append(NodeField(part.key, len(selections)))
            selections.append(select(context, part.selections, table))
    return Edges(field.key, tuple(parts))
