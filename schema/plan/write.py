"""Mutation fields → `Insert`, `Update`, `Save`, `Delete` and their like of many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dynamic_databases.catalog.types import Kind, SqlType
from schema.errors import BadUserInput
from schema.names.tables import NamedTable
from schema.plan.context import CollectedField, PlanContext, collect_fields, given_arguments
from schema.plan.insert import plan_assignments, plan_on_conflict, plan_rows
from schema.plan.nodes import (
    AffectedRows,
    Answer,
    Assignment,
    ChangeFields,
    Delete,
    DeleteRows,
    How,
    Insert,
    InsertRows,
    Page,
    Resolve,
    Returning,
    RowField,
    Save,
    Typename,
    Update,
    UpdateEach,
    UpdateRows,
    Use,
)
from schema.plan.operands import Constant, Operand
from schema.plan.select import plan_key, plan_row
from schema.plan.where import plan_target

_TEXT = SqlType(Kind.TEXT, "text")
# What changes a JSON value in place takes an operand of a type of its own, not the column's.
_OPERANDS = {
    How.DELETE_KEY: (_TEXT, Use.VALUE),
    How.DELETE_ELEM: (SqlType(Kind.INTEGER, "integer"), Use.VALUE),
    How.DELETE_AT_PATH: (_TEXT, Use.LIST),
}


def plan_insert_one(context: PlanContext, field: CollectedField, table: NamedTable) -> Insert:
    given = _given(context, field)
    conflict = plan_on_conflict(given.get("onConflict"), table, context.names)
    rows, (main,) = plan_rows([given["object"]], table, context.names, conflict)
    return Insert(table.table, rows, main, plan_row(context, field.selections, table))


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
        values=plan_assignments(given["_set"], table),
        expected=plan_assignments(given.get("_expect") or {}, table),
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
    conflict = plan_on_conflict(given.get("onConflict"), table, context.names)
    rows, mains = plan_rows(given["objects"], table, context.names, conflict)
    return InsertRows(table.table, rows, mains, _response(context, field, table))


def plan_update(context: PlanContext, field: CollectedField, table: NamedTable) -> UpdateRows:
    given = _given(context, field)
    return _update_rows(context, field, given, given, table)


def plan_update_many(context: PlanContext, field: CollectedField, table: NamedTable) -> UpdateEach:
    given = _given(context, field)
    updates = given["updates"]
    return UpdateEach(tuple(_update_rows(context, field, one, given, table) for one in updates))


def plan_delete(context: PlanContext, field: CollectedField, table: NamedTable) -> DeleteRows:
    given = _given(context, field)
    where = plan_target(given["where"], table, context.names)
    return DeleteRows(
        table.table, where, _at_most(context, given), _response(context, field, table)
    )


def _update_rows(
    context: PlanContext,
    field: CollectedField,
    one: Mapping[str, Any],
    given: Mapping[str, Any],
    table: NamedTable,
) -> UpdateRows:
    where = plan_target(one["where"], table, context.names)
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
    """Return what `_set`, `_inc` and their like change: no column twice, perhaps nothing.

    Raises BadUserInput where none of them is given.
    """
    found: dict[str, Assignment] = {}
    for how in How:
        for assignment in plan_assignments(given.get(how) or {}, table):
            name = assignment.column.name
            if name in found:
                raise BadUserInput(
                    f"{table.field_of[name]} stands in {found[name].how} and in {how}; "
                    "give one of them."
                )
            sql_type, use = _OPERANDS.get(how, (assignment.column.type, Use.VALUE))
            slot = replace(assignment.slot, type=sql_type, use=use)
            found[name] = Assignment(assignment.column, slot, how)
    if all(given.get(how) is None for how in How):
        raise BadUserInput(f"{field} has nothing to write: give _set or _inc.")
    return tuple(found.values())


def _given(context: PlanContext, field: CollectedField) -> dict[str, Any]:
    return given_arguments(context, field, "Mutation")
