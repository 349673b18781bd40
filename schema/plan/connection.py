"""`trackConnection(first, after, last, before, where, orderBy)` → `Connection`."""

from __future__ import annotations

from schema.names.tables import NamedTable
from schema.plan.context import CollectedField, PlanContext, collect_fields, given_arguments
from schema.plan.nodes import (
    Connection,
    CursorField,
    Edges,
    NodeField,
    PageInfoFields,
    Selected,
    TotalCount,
    Typename,
)
from schema.plan.order_by import plan_order_by
from schema.plan.select import plan_selection
from schema.plan.where import plan_where


def plan_connection(context: PlanContext, field: CollectedField, table: NamedTable) -> Connection:
    given = given_arguments(context, field, "Query")
    selections: list[tuple[Selected, ...]] = []
    answer: list[Edges | PageInfoFields | TotalCount | Typename] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            answer.append(Typename(part.key, f"{table.type}Connection"))
        elif part.name == "edges":
            answer.append(_edges(context, part, table, selections))
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
    )


def _edges(
    context: PlanContext,
    field: CollectedField,
    table: NamedTable,
    selections: list[tuple[Selected, ...]],
) -> Edges:
    parts: list[CursorField | NodeField | Typename] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            parts.append(Typename(part.key, f"{table.type}Edge"))
        elif part.name == "cursor":
            parts.append(CursorField(part.key))
        else:
            parts.append(NodeField(part.key, len(selections)))
            selections.append(plan_selection(context, part.selections, table))
    return Edges(field.key, tuple(parts))
