"""BoolExp → `Where`: every GraphQL name becomes a column of the catalog."""

from __future__ import annotations

from typing import Any

from dynamic_databases.catalog.types import Column
from schema.arguments import Constant, Flag
from schema.errors import BadUserInput
from schema.naming import NamedTable, Names, Relation
from schema.plan.nodes import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Compare,
    IsNull,
    Not,
    Op,
    Related,
    Slot,
    Use,
    Where,
)

_USES = {
    Op.IN: Use.LIST,
    Op.NIN: Use.LIST,
    Op.LIKE: Use.PATTERN,
    Op.NLIKE: Use.PATTERN,
    Op.ILIKE: Use.ICASE_PATTERN,
    Op.NILIKE: Use.ICASE_PATTERN,
}


def plan_where(tree: Any, table: NamedTable, names: Names) -> Where:
    """Return the condition of a BoolExp tree; `{}` and a missing one match all."""
    if tree is None:
        return EVERYTHING
    parts: list[Where] = []
    for name, value in tree.items():
        if name in table.columns:
            parts += _comparisons(name, table.columns[name], value)
        elif name in table.relations:
            parts.append(_related(name, table.relations[name], value, table, names))
        else:
            parts.append(_combination(name, value, table, names))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def links_of(
    relation: Relation, table: NamedTable, names: Names
) -> tuple[tuple[Column, Column], ...]:
    """Return (own column, their column) of a relation."""
    target = names.tables[relation.target].table
    pairs = zip(relation.columns, relation.target_columns, strict=True)
    return tuple((table.table.by_name[own], target.by_name[their]) for own, their in pairs)


def _combination(name: str, value: Any, table: NamedTable, names: Names) -> Where:
    if value is None:
        raise BadUserInput(f"{name} must not be null; leave it out.")
    if name == "_not":
        return Not(plan_where(value, table, names))
    items = value if isinstance(value, list) else [value]
    parts = tuple(plan_where(item, table, names) for item in items)
    return AllOf(parts) if name == "_and" else AnyOf(parts)


def _related(name: str, relation: Relation, value: Any, table: NamedTable, names: Names) -> Where:
    if value is None:
        raise BadUserInput(
            f"{name} must not be null; leave it out, or write {name}: {{}} for 'there is one'."
        )
    target = names.tables[relation.target]
    return Related(target.table, links_of(relation, table, names), plan_where(value, target, names))


def _comparisons(name: str, column: Column, value: Any) -> list[Where]:
    if value is None:
        raise BadUserInput(f"{name} must not be null; write {name}: {{_isNull: true}}.")
    return [_comparison(name, column, operator, operand) for operator, operand in value.items()]


def _comparison(name: str, column: Column, operator: str, operand: Any) -> Where:
    if operand is None:
        raise BadUserInput(
            f"{name}.{operator} must not be null: nothing compares with NULL; write {name}: {{_isNull: true}}."
        )
    if operator == "_isNull":
        return IsNull(column, negated=not operand.value)
    op = Op(operator)
    if isinstance(operand, Flag):
        operand = operand.operand
    elif isinstance(operand, str):
        operand = Constant(operand)  # an enum's value
    elif isinstance(operand, list):
        operand = Constant(operand)
    return Compare(column, op, Slot(operand, column.type, _USES.get(op, Use.VALUE)))
