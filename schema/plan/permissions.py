"""The row rules of a role → conditions of a plan: rows that it may not see don't exist for it.

Every node that names a table is changed here, wherever in the plan it stands. So a new way to read
is limited like the others, or refused (`_limited` knows each kind of node).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
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
    Held,
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
    Use,
    Where,
    both,
    either,
    masked,
)
from schema.plan.operands import AtMost, Constant, Operand
from schema.plan.role_rules import RowLimits, TableRules, WriteRules, check_of

_T = TypeVar("_T")


_NONE = TableRules()


def permitted_rows(node: _T, rules: RowLimits, limits: Limits) -> _T:
    """Return a plan, or a part of one, with the rules in it; itself where there are none.

    Raises BadUserInput for a write whose presets the client's own values contradict.
    """
    return _changed(node, rules, limits) if rules else node


def visible_rows(page: Page, rules: RowLimits) -> Page:
    """Return a page of what the role may see; what it selects has its rules already."""
    own = rules.get(page.table.name)
    return page if own is None else _seen(page, own)


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
    return _seen(node, rules)


def _seen(node: _T, rules: TableRules) -> _T:
    """Return a node that reads what the role sees of its table."""
    found: Any = node
    if rules.cells:
        return replace(found, table=masked(found.table, rules.select, rules.cells))  # type: ignore[no-any-return]
    return replace(found, where=both(rules.select, found.where))  # type: ignore[no-any-return]


def _page(page: Page, rules: TableRules, limits: Limits) -> Page:
    page = _filtered(page, rules, limits)
    if rules.limit is None or page.single or page.limit is None:
        return page
    operand = _at_most(page.limit.operand, rules.limit, limits)
    return replace(page, limit=replace(page.limit, operand=operand))


def _connection(connection: Connection, rules: TableRules, limits: Limits) -> Connection:
    connection = _seen(connection, rules)
    if not rules.cells:
        connection = replace(connection, visible=rules.select)
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
    roles = rules.inserting(row.table, _given(row.values) | row.chosen)
    values = _with_presets(row.table, row.values, roles[0].presets)
    check, visible, conflict = check_of(roles), rules.select, row.on_conflict
    if conflict is not None:
        visible = rules.rows_with(conflict.key)
    if conflict is not None and conflict.update:
        updating = _upserting(conflict, row.table, rules)
        # Which of both it was isn't known on every vendor: the row must satisfy both.
        check = both(check, updating[0].check)
        conflict = _overwriting(conflict, row.table, values, rules, updating)
    return replace(row, values=values, check=check, visible=visible, on_conflict=conflict)


def _upserting(conflict: OnConflict, table: Table, rules: TableRules) -> tuple[WriteRules, ...]:
    """Return the roles by which an upsert updates: they have one check.

    Raises BadUserInput where it would depend on the row that is there which check counts.
    """
    columns = {column.name for column in conflict.update}
    roles = rules.updating(table, columns, conflict.key)
    if len({one.check for one in roles}) > 1:
        raise BadUserInput(
            "onConflict can't update here: the roles that yours is made of check updates "
            "differently. Leave updateColumns out."
        )
    return roles


def _overwriting(
    conflict: OnConflict,
    table: Table,
    values: tuple[Assignment, ...],
    rules: TableRules,
    roles: tuple[WriteRules, ...],
) -> OnConflict:
    """Return what an upsert does to a row that is there: only to one that may be updated."""
    inserted = {a.column.name: a.slot for a in values}
    presets = roles[0].presets
    for preset in presets:
        if inserted.get(preset.column.name) != preset.slot:
            raise BadUserInput(
                "onConflict can't update here: the role sets a column to one value in inserts and "
                "to another in updates. Leave updateColumns out."
            )
    columns = dict.fromkeys((*conflict.update, *(a.column for a in presets)))
    where = both(either(one.where for one in roles), _target(table, conflict.where, rules))
    return replace(conflict, update=tuple(columns), where=where)


def _written(write: Any, rules: TableRules, _limits: Limits) -> Any:
    expected = getattr(write, "expected", ())
    roles = rules.updating(write.table, _given(write.values), _given(expected))
    where = both(either(one.where for one in roles), _target(write.table, write.where, rules))
    write = replace(
        write, values=_with_presets(write.table, write.values, roles[0].presets), where=where
    )
    if isinstance(write, Save) and rules.cells:
        seen = frozenset.intersection(*(one.seen for one in roles))
        write = replace(write, field_of=tuple(p for p in write.field_of if p[0] in seen))
    if len({one.check for one in roles}) == 1:
        return replace(write, check=roles[0].check)
    # The check of a role counts for the rows that it may update: those are known beforehand.
    held = tuple(one.where for one in roles)
    checks = (both(Held(i - len(held)), one.check) for i, one in enumerate(roles))
    return replace(write, check=either(checks), held=held)


def _deleted(write: Any, rules: TableRules, _limits: Limits) -> Any:
    return replace(write, where=both(rules.delete, _target(write.table, write.where, rules)))


def _target(table: Table, where: Where, rules: TableRules) -> Where:
    """Return a client's condition on rows to write, as it holds of what the role sees of them."""
    if not rules.cells or where == EVERYTHING:
        return where
    key = tuple((table.by_name[name], table.by_name[name]) for name in table.primary_key)
    return Related(masked(table, rules.select, rules.cells), key, where)


def _given(values: tuple[Assignment, ...]) -> frozenset[str]:
    """Return the columns that a client gives: not those that a nested insert fills by itself."""
    return frozenset(a.column.name for a in values if a.slot.use is not Use.RAW)


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
