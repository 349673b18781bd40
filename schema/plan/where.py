"""BoolExp → `Where`: every GraphQL name becomes a column of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamic_databases.catalog.types import Column, Kind, SqlType
from schema.errors import BadUserInput
from schema.names.relations import Relation
from schema.names.tables import CUSTOM_FIELDS, NamedTable, Names
from schema.plan.aggregate import related_subject
from schema.plan.nodes import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Compare,
    IsNull,
    JsonCast,
    Not,
    Op,
    Related,
    Slot,
    Subject,
    Unknown,
    Use,
    Where,
)
from schema.plan.nodes.conditions import Link
from schema.plan.operands import Constant, Flag, ListOf
from schema.plan.operators import CAST, CASTS

_USES = {
    Op.IN: Use.LIST,
    Op.NIN: Use.LIST,
    Op.LIKE: Use.PATTERN,
    Op.NLIKE: Use.PATTERN,
    Op.ILIKE: Use.ICASE_PATTERN,
    Op.NILIKE: Use.ICASE_PATTERN,
    Op.HAS_KEYS_ANY: Use.LIST,
    Op.HAS_KEYS_ALL: Use.LIST,
    Op.ANCESTOR_ANY: Use.LIST,
    Op.DESCENDANT_ANY: Use.LIST,
    Op.MATCHES_ANY: Use.LIST,
}
_TEXT = SqlType(Kind.TEXT, "text")
_OF_TEXTS = {
    Op.HAS_KEY,
    Op.HAS_KEYS_ANY,
    Op.HAS_KEYS_ALL,
    Op.JSONB_PATH_EXISTS,
    Op.JSONB_PATH_MATCH,
}


def plan_where(tree: Any, table: NamedTable, names: Names) -> Where:
    """Return the condition of a BoolExp tree; `{}` and a missing one match all."""
    if tree is None:
        return EVERYTHING
    parts: list[Where] = []
    for name, value in tree.items():
        if table.lacks(name):
            parts += _of_absent(name, value)
        elif name in table.columns:
            parts += comparisons(name, table.columns[name], value)
        elif name in table.relations:
            parts.append(_related(name, table.relations[name], value, table, names))
        elif name in table.aggregates:
            parts += _aggregated(name, table.aggregates[name], value, table, names)
        elif name == CUSTOM_FIELDS:
            parts += _custom(value, table)
        else:
            parts.append(_combination(name, value, table, names))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def plan_target(tree: Mapping[str, Any], table: NamedTable, names: Names) -> Where:
    """Return the condition of the rows that a mutation touches.

    `{}` matches all as it does in a query. Raises BadUserInput for a column without an operator:
    so clients send a value that they lack.
    """
    _check_operators(tree, table, names)
    return plan_where(tree, table, names)


def _check_operators(tree: Any, table: NamedTable, names: Names) -> None:
    for name, value in (tree or {}).items():
        if name in table.columns:
            _check_column(name, value)
        elif name in table.relations:
            _check_operators(value, names.tables[table.relations[name].target], names)
        elif name in table.aggregates:
            target = names.tables[table.aggregates[name].target]
            for function, given in (value or {}).items():
                _check_predicate(f"{name}.{function}.predicate", given, target, names)
        elif name == CUSTOM_FIELDS:
            _check_custom(value)
        elif name in ("_and", "_or", "_not"):
            for part in value if isinstance(value, list) else [value]:
                _check_operators(part, table, names)


def _check_column(name: str, value: Any) -> None:
    if not _has_operators(value):
        raise _compares_nothing(name, "an operator")


def _check_custom(value: Any) -> None:
    if value == {}:
        raise _compares_nothing(CUSTOM_FIELDS, "a column with an operator")
    for field, given in (value or {}).items():
        _check_column(f"{CUSTOM_FIELDS}.{field}", given)


def _compares_nothing(name: str, what: str) -> BadUserInput:
    return BadUserInput(
        f"{name}: {{}} compares with nothing, so that all rows would be written; "
        f"give {what}, or leave it out."
    )


def _has_operators(value: Any) -> bool:
    """Return whether an operator input compares with something; null is refused later."""
    if value is None:
        return True
    return bool(value) and all(
        operand is None or (bool(operand) and all(map(_has_operators, operand.values())))
        for operator, operand in value.items()
        if operator == CAST
    )


def _check_predicate(name: str, given: Any, target: NamedTable, names: Names) -> None:
    if not (given or {}).get("predicate", True):
        raise _compares_nothing(name, "an operator")
    _check_operators((given or {}).get("filter"), target, names)


def comparisons(name: str, subject: Subject, value: Any) -> list[Where]:
    """Return the conditions of one operator input, for what the client calls `name`."""
    if value is None:
        raise BadUserInput(f"{name} must not be null; write {name}: {{_isNull: true}}.")
    parts: list[Where] = []
    for operator, operand in value.items():
        if operator == CAST and isinstance(subject, Column):
            parts += _casts(name, subject, operand)
        else:
            parts.append(_comparison(name, subject, operator, operand))
    return parts


def _casts(name: str, column: Column, value: Any) -> list[Where]:
    """Return the conditions of `_cast: {String: {_ilike: "%x%"}}`."""
    if value is None:
        raise BadUserInput(f"{name}.{CAST} must not be null; leave it out.")
    parts: list[Where] = []
    for kind, comparison in value.items():
        subject = JsonCast(column, CASTS[kind])
        parts += comparisons(f"{name}.{CAST}.{kind}", subject, comparison)
    return parts


def links_of(relation: Relation, table: NamedTable, names: Names) -> tuple[Link, ...]:
    """Return (own column, their column) of a relation."""
    target = names.tables[relation.target]
    check_table(target)
    pairs = zip(relation.columns, relation.target_columns, strict=True)
    return tuple((table.present(own), target.present(their)) for own, their in pairs)


def check_table(table: NamedTable) -> None:
    """Raises BadUserInput where this database lacks a table of the baseline."""
    if table.is_absent:
        raise BadUserInput(
            f"This tenant's database lacks the table {table.table.name} "
            "of the baseline, or its key."
        )


def _of_absent(name: str, value: Any) -> list[Where]:
    """Return what is known of a column that isn't there: it counts as NULL in every row."""
    if value is None:
        raise BadUserInput(f"{name} must not be null; write {name}: {{_isNull: true}}.")
    parts: list[Where] = []
    for operator, operand in value.items():
        if operator == CAST:
            for comparison in (operand or {}).values():
                parts += _of_absent(f"{name}.{CAST}", comparison)
        elif operator == "_isNull":
            parts.append(EVERYTHING if operand.value else AnyOf())
        else:
            parts.append(Unknown())
    return parts


def _custom(value: Any, table: NamedTable) -> list[Where]:
    """`customFields: {cf_size: {_gt: 3}}`: the dynamic columns, each by its field."""
    if value is None:
        raise BadUserInput(f"{CUSTOM_FIELDS} must not be null; leave it out.")
    parts: list[Where] = []
    for field, given in value.items():
        parts += comparisons(f"{CUSTOM_FIELDS}.{field}", table.custom[field], given)
    return parts


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


def _aggregated(
    name: str, relation: Relation, value: Any, table: NamedTable, names: Names
) -> list[Where]:
    """`albumsAggregate: {count: {predicate: {_gt: 3}, filter: {…}}, sum: {arguments: price}}`."""
    if value is None or None in value.values():
        raise BadUserInput(
            f"{name} must not be null; write {name}: {{count: {{predicate: {{_gt: 0}}}}}}."
        )
    target = names.tables[relation.target]
    links = links_of(relation, table, names)
    parts: list[Where] = []
    for function, given in value.items():
        where = plan_where(given.get("filter"), target, names)
        subject = related_subject(f"{name}.{function}", function, given, target, links, where)
        parts += comparisons(f"{name}.{function}.predicate", subject, given["predicate"])
    return parts


def _comparison(name: str, subject: Subject, operator: str, operand: Any) -> Where:
    if operand is None:
        raise BadUserInput(
            f"{name}.{operator} must not be null: nothing compares with NULL; "
            f"write {name}: {{_isNull: true}}."
        )
    if operator == "_isNull":
        if not isinstance(operand, Flag):
            raise BadUserInput(f"{name}._isNull takes true, false or a variable of type Boolean.")
        return IsNull(subject, negated=not operand.value)
    op = Op(operator)
    if isinstance(operand, Flag):
        operand = operand.operand
    elif isinstance(operand, str):
        operand = Constant(operand)  # an enum's value
    elif isinstance(operand, list):
        operand = _list_of(operand)
    sql_type = _TEXT if op in _OF_TEXTS else subject.type
    return Compare(subject, op, Slot(operand, sql_type, _USES.get(op, Use.VALUE)))


def _list_of(items: list[Any]) -> Constant | ListOf:
    """Return the operand of a list of enum values, or of lists of values."""
    is_given = all(isinstance(item, str | list) or item is None for item in items)
    return Constant(items) if is_given else ListOf(tuple(items))
