"""Insert inputs → rows in the order in which they can be inserted, each linked to those before it.

What a row refers to is inserted before it, what refers to it after it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dynamic_databases.catalog.types import Column
from schema.errors import BadUserInput
from schema.names.relations import Relation
from schema.names.tables import NamedTable, Names
from schema.plan.context import columns_named, operand_of
from schema.plan.nodes import Assignment, InsertedRow, OnConflict, Slot, Use
from schema.plan.operands import VariableRef
from schema.plan.where import links_of, plan_target

_RESULT = "\0inserted"  # no variable of GraphQL can have this name
Tree = Mapping[str, Any]


@dataclass
class _Rows:
    """The rows of one field, as they are put in line."""

    names: Names
    planned: list[InsertedRow] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    upserted: set[str] = field(default_factory=set)  # results of those that may be there already


def plan_rows(
    trees: Sequence[Tree], table: NamedTable, names: Names, on_conflict: OnConflict | None
) -> tuple[tuple[InsertedRow, ...], tuple[str, ...]]:
    """Return all rows in order, and the results of those that `trees` themselves are.

    Raises BadUserInput for a column that is given twice, or that the role may not give.
    """
    rows = _Rows(names)
    mains = tuple(_add(rows, tree, table, on_conflict, {}) for tree in trees)
    return tuple(rows.planned), mains


def plan_on_conflict(tree: Any, table: NamedTable, names: Names) -> OnConflict | None:
    if tree is None:
        return None
    update = columns_named(tree.get("updateColumns"), table)
    where = plan_target(tree.get("where") or {}, table, names)
    return OnConflict(table.constraints[tree["constraint"]], update, where)


def plan_assignments(tree: Tree, table: NamedTable) -> tuple[Assignment, ...]:
    """Return what an input object writes: what is left out is left alone, null writes NULL."""
    return tuple(
        Assignment(table.column(name), Slot(operand_of(leaf), table.column(name).type))
        for name, leaf in tree.items()
        if leaf is not None or not table.lacks(name)  # NULL is what an absent column holds
    )


def _add(
    rows: _Rows,
    tree: Tree,
    table: NamedTable,
    on_conflict: OnConflict | None,
    linked: Mapping[str, VariableRef],
) -> str:
    """Queue a row with those that go with it; `linked` are its columns that refer to others."""
    result = f"{_RESULT}{next(rows.numbers)}"
    own = {name: value for name, value in tree.items() if name not in table.relations}
    related = [
        (table.relations[name], value)
        for name, value in tree.items()
        if name in table.relations and value is not None
    ]
    linked = dict(linked)
    for relation, value in related:
        if relation.forward:
            linked |= _add_parent(rows, relation, value, table)
    _refuse_twice(own, linked, table)
    chosen = frozenset(name for name, ref in linked.items() if ref.name in rows.upserted)
    _refuse_chosen(chosen, table)
    values = plan_assignments(own, table) + tuple(
        Assignment(column, Slot(ref, column.type, Use.RAW))
        for column, ref in ((table.table.by_name[name], ref) for name, ref in linked.items())
    )
    returned = _returned(table, [relation for relation, _ in related if not relation.forward])
    place = len(rows.planned)
    row = InsertedRow(table.table, values, returned, result, on_conflict, chosen=chosen)
    rows.planned.append(row)
    if on_conflict is not None:
        rows.upserted.add(result)
    for relation, value in related:
        if not relation.forward:
            rows.planned[place] = replace(rows.planned[place], is_needed=True)
            _add_children(rows, relation, value, table, place)
    return result


def _add_parent(
    rows: _Rows, relation: Relation, value: Tree, table: NamedTable
) -> dict[str, VariableRef]:
    """Put the row that this one refers to in line; return this one's columns with their places."""
    target = rows.names.tables[relation.target]
    conflict = plan_on_conflict(value.get("onConflict"), target, rows.names)
    result = _add(rows, value["data"], target, conflict, {})
    place = next(i for i, row in enumerate(rows.planned) if row.result == result)
    links = links_of(relation, table, rows.names)
    row = _returning(rows.planned[place], [their for _, their in links])
    rows.planned[place] = row
    return {own.name: VariableRef(result, (row.returned.index(their),)) for own, their in links}


def _add_children(
    rows: _Rows, relation: Relation, value: Tree, table: NamedTable, place: int
) -> None:
    target = rows.names.tables[relation.target]
    conflict = plan_on_conflict(value.get("onConflict"), target, rows.names)
    parent = rows.planned[place]
    linked = {
        their.name: VariableRef(parent.result, (parent.returned.index(own),))
        for own, their in links_of(relation, table, rows.names)
    }
    data = value["data"]
    for tree in data if isinstance(data, list) else [data]:
        _add(rows, tree, target, conflict, linked)


def _returned(table: NamedTable, relations: Sequence[Relation]) -> tuple[Column, ...]:
    """Return the key's columns and, after them, those that children refer to."""
    names = dict.fromkeys(table.table.primary_key)
    for relation in relations:
        names |= dict.fromkeys(relation.columns)
    return tuple(table.table.by_name[name] for name in names)


def _returning(row: InsertedRow, columns: Sequence[Column]) -> InsertedRow:
    missing = tuple(column for column in columns if column not in row.returned)
    return replace(row, returned=row.returned + missing, is_needed=True)


def _refuse_twice(own: Tree, linked: Mapping[str, VariableRef], table: NamedTable) -> None:
    for name in own:
        if table.column(name).name in linked:
            raise BadUserInput(
                f"{table.type}.{name} is given by the nested insert that it belongs to; "
                "leave it out."
            )


def _refuse_chosen(chosen: frozenset[str], table: NamedTable) -> None:
    """Refuse to refer to a row of the client's choice by a column that its role may not give."""
    for name in sorted(chosen - table.insertable):
        raise BadUserInput(
            f"{table.type}.{table.field_of[name]} can't refer to a row that is there already: "
            "your role may not give it. Leave out the onConflict of that row."
        )
