"""Mutation fields → `Insert`, `Update`, `Save`, `Delete`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schema.arguments import Constant, Operand
from schema.errors import BadUserInput
from schema.naming import NamedTable
from schema.plan.nodes import (
    AffectedRows,
    Answer,
    Assignment,
    ChangeFields,
    Delete,
    DeleteRows,
    Insert,
    InsertRows,
    OnConflict,
    Page,
    Resolve,
    Returning,
    RowField,
    Save,
    Slot,
    Typename,
    Update,
    UpdateEach,
    UpdateRows,
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
from schema.plan.where import plan_where


def plan_insert_one(context: PlanContext, field: CollectedField, table: NamedTable) -> Insert:
    given = _given(context, field)
    values = _assignments(given["object"], table)
    row = plan_row(context, field.selections, table)
    return Insert(table.table, values, row, _on_conflict(context, given, table))


def plan_update_by_pk(context: PlanContext, field: CollectedField, table: NamedTable) -> Update:
    given = _given(context, field)
    key = plan_key(given["pkColumns"], table)
    values = _changes(field.name, given, table)
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


def plan_insert(context: PlanContext, field: CollectedField, table: NamedTable) -> InsertRows:
    given = _given(context, field)
    rows = tuple(_assignments(row, table) for row in given["objects"])
    response = _response(context, field, table)
    return InsertRows(table.table, rows, response, _on_conflict(context, given, table))


def plan_update(context: PlanContext, field: CollectedField, table: NamedTable) -> UpdateRows:
    given = _given(context, field)
    return _update_rows(context, field, given, given, table)


def plan_update_many(context: PlanContext, field: CollectedField, table: NamedTable) -> UpdateEach:
    given = _given(context, field)
    updates = given["updates"]
    return UpdateEach(tuple(_update_rows(context, field, one, given, table) for one in updates))


def plan_delete(context: PlanContext, field: CollectedField, table: NamedTable) -> DeleteRows:
    given = _given(context, field)
    where = plan_where(given["where"], table, context.names)
    return DeleteRows(
        table.table, where, _at_most(context, given), _response(context, field, table)
    )


def _on_conflict(
    context: PlanContext, given: Mapping[str, Any], table: NamedTable
) -> OnConflict | None:
    tree = given.get("onConflict")
    if tree is None:
        return None
    columns = table.table.by_name
    update = tuple(columns[name] for name in dict.fromkeys(tree.get("updateColumns") or ()))
    where = plan_where(tree.get("where"), table, context.names)
    return OnConflict(table.constraints[tree["constraint"]], update, where)


def _update_rows(
    context: PlanContext,
    field: CollectedField,
    one: Mapping[str, Any],
    given: Mapping[str, Any],
    table: NamedTable,
) -> UpdateRows:
    where = plan_where(one["where"], table, context.names)
    values = _changes(field.name, one, table)
    return UpdateRows(
        table.table, where, values, _at_most(context, given), _response(context, field, table)
    )


def _at_most(context: PlanContext, given: Mapping[str, Any]) -> Operand:
    return given.get("atMost") or Constant(context.limits.at_most_rows)


def _response(context: PlanContext, field: CollectedField, table: NamedTable) -> tuple[Answer, ...]:
    answer: list[Answer] = []
    for part in collect_fields(context, field.selections):
        if part.name == "__typename":
            answer.append(Typename(part.key, f"{table.type}MutationResponse"))
        elif part.name == "affectedRows":
            answer.append(AffectedRows(part.key))
        else:
            answer.append(Returning(part.key, plan_row(context, part.selections, table)))
    return tuple(answer)


def _changes(field: str, given: Mapping[str, Any], table: NamedTable) -> tuple[Assignment, ...]:
    """Return what `_set` writes and `_inc` adds; no column twice, and at least one."""
    set_values = _assignments(given.get("_set") or {}, table)
    added = tuple(replace(a, adds=True) for a in _assignments(given.get("_inc") or {}, table))
    both = {a.column.name for a in set_values} & {a.column.name for a in added}
    if both:
        raise BadUserInput(
            f"{table.field_of[min(both)]} stands in _set and in _inc; give one of them."
        )
    if not set_values and not added:
        raise BadUserInput(f"{field} has nothing to write: give _set or _inc at least one field.")
    return set_values + added


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
