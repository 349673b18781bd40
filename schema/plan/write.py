"""Mutation fields → `Insert`, `Update`, `Save`, `Delete`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schema.errors import BadUserInput
from schema.naming import NamedTable
from schema.plan.nodes import (
    Assignment,
    ChangeFields,
    Delete,
    Insert,
    Page,
    Resolve,
    RowField,
    Save,
    Slot,
    Typename,
    Update,
)
from schema.plan.select import (
    CollectedField,
    PlanContext,
    argument_trees,
    collect_fields,
    field_of,
    operand_of,
    plan_key,
    plan_row,
)


def plan_insert_one(context: PlanContext, field: CollectedField, table: NamedTable) -> Insert:
    given = _given(context, field)
    values = _assignments(given["object"], table)
    return Insert(table.table, values, plan_row(context, field.selections, table))


def plan_update_by_pk(context: PlanContext, field: CollectedField, table: NamedTable) -> Update:
    given = _given(context, field)
    key = plan_key(given["pkColumns"], table)
    values = _assignments(given.get("_set") or {}, table)
    if not values:
        raise BadUserInput(f"{field.name} has nothing to write: give _set at least one field.")
    return Update(table.table, key, values, plan_row(context, field.selections, table))


def plan_save(context: PlanContext, field: CollectedField, table: NamedTable) -> Save:
    given = _given(context, field)
    answer: list[Typename | ChangeFields | RowField] = []
    page: Page = plan_row(context, (), table)
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            answer.append(Typename(part.key, f"{table.type}SaveResult"))
        elif part.name == "row":
            answer.append(RowField(part.key, plan_row(context, part.selections, table)))
        else:
            parts = collect_fields(context, part.selections)
            answer.append(ChangeFields(part.key, tuple((inner.key, inner.name) for inner in parts)))
    return Save(
        table=table.table,
        key=plan_key(given["pkColumns"], table),
        values=_assignments(given["_set"], table),
        expected=_assignments(given.get("_expect") or {}, table),
        resolve=Resolve(given.get("resolve") or Resolve.FAIL),
        page=page,
        answer=tuple(answer),
        field_of=tuple(table.field_of.items()),
    )


def plan_delete_by_pk(context: PlanContext, field: CollectedField, table: NamedTable) -> Delete:
    key = plan_key(_given(context, field), table)
    return Delete(table.table, key, plan_row(context, field.selections, table))


def _given(context: PlanContext, field: CollectedField) -> dict[str, Any]:
    return argument_trees(context, field.nodes[0], field_of(context, "Mutation", field.name))


def _assignments(tree: Mapping[str, Any], table: NamedTable) -> tuple[Assignment, ...]:
    """Return what an input object writes: what is left out is left alone, null writes NULL."""
    columns = table.table.by_name
    by_field = {field: columns[name] for name, field in table.field_of.items()}
    return tuple(
        Assignment(by_field[name], Slot(operand_of(leaf), by_field[name].type))
        for name, leaf in tree.items()
    )
