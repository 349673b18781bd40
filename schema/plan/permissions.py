"""The row rules of a role → conditions of a plan: rows that it may not see don't exist for it.

Every node that names a table is changed here, wherever in the plan it stands. So a new way to read
is limited like the others, or refused (`_limited` knows each kind of node).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from typing import Any, TypeVar

from graphql.language import Node

from dynamic_databases.catalog.types import Column, SqlType, Table, TableName
from schema.errors import BadUserInput
from schema.limits import Limits
from schema.plan.nodes import (
    EVERYTHING,
    Aggregate,
    Assignment,
    Connection,
    Delete,
    DeleteRows,
    GroupBy,
    Hop,
    Insert,
    InsertedRow,
    InsertRows,
    OnConflict,
    Page,
    Related,
    RelatedAggregate,
    RelatedCount,
    Save,
    Slot,
    Update,
    UpdateRows,
    Where,
    both,
)
from schema.plan.operands import AtMost, Constant, Operand

_T = TypeVar("_T")


@dataclass(frozen=True)
class TableRules:
    """What a role's rules of one table mean for a plan."""

    select: Where = EVERYTHING
    limit: int | None = None
    insert_check: Where = EVERYTHING
    insert_presets: tuple[Assignment, ...] = ()
    update: Where = EVERYTHING
    update_check: Where = EVERYTHING
    update_presets: tuple[Assignment, ...] = ()
    delete: Where = EVERYTHING


RowLimits = Mapping[TableName, TableRules]
_NONE = TableRules()


def permitted_rows(node: _T, rules: RowLimits, limits: Limits) -> _T:
    """Return a plan, or a part of one, with the rules in it; itself where there are none.

    Raises BadUserInput for a write whose presets the client's own values contradict.
    """
    return _changed(node, rules, limits) if rules else node


def visible_rows(page: Page, rules: RowLimits) -> Page:
    """Return a page of the rows that the role may see; what it selects has its rules already."""
    own = rules.get(page.table.name)
    return page if own is None else replace(page, where=both(own.select, page.where))


def _changed(node: Any, rules: RowLimits, limits: Limits) -> Any:
    """Change what is inside a node before the node itself: rules aren't limited by other rules."""
    if isinstance(node, tuple):
        return tuple(_changed(item, rules, limits) for item in node)
    if not is_dataclass(node) or isinstance(node, Table | Column | SqlType | TableName | Node):
        return node
    if isinstance(node, Slot):
        return node
    inside = {
        field.name: _changed(value, rules, limits)
        for field in fields(node)
        if isinstance(value := getattr(node, field.name), tuple) or is_dataclass(value)
    }
    changed = replace(node, **inside) if inside else node  # type: ignore[type-var]
    table = getattr(changed, "table", None)
    if not isinstance(table, Table):
        return changed
    return _limited(changed, rules.get(table.name, _NONE), limits)


def _limited(node: Any, rules: TableRules, limits: Limits) -> Any:
    """Return a node with the rules of its own table. Raises TypeError for one of no known kind."""
    for kinds, limit in _LIMITED:
        if isinstance(node, kinds):
            return limit(node, rules, limits)
    raise TypeError(f"{type(node).__name__} reads or writes a table, and has no row rules")


def _filtered(node: Any, rules: TableRules, _limits: Limits) -> Any:
    return replace(node, where=both(rules.select, node.where))


def _page(page: Page, rules: TableRules, limits: Limits) -> Page:
    page = _filtered(page, rules, limits)
    if rules.limit is None or page.single or page.limit is None:
        return page
    operand = _at_most(page.limit.operand, rules.limit, limits)
    return replace(page, limit=replace(page.limit, operand=operand))


def _connection(connection: Connection, rules: TableRules, limits: Limits) -> Connection:
    connection = replace(_filtered(connection, rules, limits), visible=rules.select)
    if rules.limit is None:
        return connection
    most = partial(_at_most, most=rules.limit, limits=limits)
    first, last = connection.first, connection.last
    if first is None and last is None:
        return replace(connection, first=most(Constant(None)))
    return replace(connection, first=first and most(first), last=last and most(last))


def _at_most(operand: Operand, most: int, limits: Limits) -> Operand:
    bounded = AtMost(operand, most, limits.default_rows)
    return Constant(bounded.read({})) if isinstance(operand, Constant) else bounded


def _inserted(row: InsertedRow, rules: TableRules, _limits: Limits) -> InsertedRow:
    values = _with_presets(row.table, row.values, rules.insert_presets)
    check, conflict = rules.insert_check, row.on_conflict
    if conflict is not None and conflict.update:
        # Which of both it was isn't known on every vendor: the row must satisfy both.
        check = both(check, rules.update_check)
        conflict = _overwriting(conflict, values, rules)
    return replace(row, values=values, check=check, visible=rules.select, on_conflict=conflict)


def _overwriting(
    conflict: OnConflict, values: tuple[Assignment, ...], rules: TableRules
) -> OnConflict:
    """Return what an upsert does to a row that is there: only to one that may be updated."""
    inserted = {a.column.name: a.slot for a in values}
    for preset in rules.update_presets:
        if inserted.get(preset.column.name) != preset.slot:
            raise BadUserInput(
                "onConflict can't update here: the role sets a column to one value in inserts and "
                "to another in updates. Leave updateColumns out."
            )
    columns = dict.fromkeys((*conflict.update, *(a.column for a in rules.update_presets)))
    where = both(both(rules.select, rules.update), conflict.where)
    return replace(conflict, update=tuple(columns), where=where)


def _written(write: Any, rules: TableRules, _limits: Limits) -> Any:
    values = _with_presets(write.table, write.values, rules.update_presets)
    where = both(both(rules.select, rules.update), write.where)
    return replace(write, values=values, where=where, check=rules.update_check)


def _deleted(write: Any, rules: TableRules, _limits: Limits) -> Any:
    return replace(write, where=both(both(rules.select, rules.delete), write.where))


def _with_presets(
    table: Table, values: tuple[Assignment, ...], presets: tuple[Assignment, ...]
) -> tuple[Assignment, ...]:
    """Raises BadUserInput where a nested insert gives a column that the role sets itself."""
    given = {a.column.name for a in values}
    for preset in presets:
        if preset.column.name in given:
            raise BadUserInput(
                f"{table.name}.{preset.column.name} is set by your role; "
                "leave out the nested insert that gives it."
            )
    return (*values, *presets)


def _untouched(node: Any, _rules: TableRules, _limits: Limits) -> Any:
    """Return what reads or writes by its parts alone, which are limited."""
    return node


_Limit = Callable[[Any, TableRules, Limits], Any]
_LIMITED: tuple[tuple[type | tuple[type, ...], _Limit], ...] = (
    (Page, _page),
    (Connection, _connection),
    ((Aggregate, GroupBy, Related, RelatedCount, RelatedAggregate, Hop), _filtered),
    (InsertedRow, _inserted),
    ((Update, Save, UpdateRows), _written),
    ((Delete, DeleteRows), _deleted),
    ((Insert, InsertRows), _untouched),
)
