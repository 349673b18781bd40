"""What is counted and computed: of `trackAggregate`, and of related rows in conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynamic_databases.catalog.types import Column, Kind, SqlType, Support
from schema.errors import BadUserInput
from schema.names.tables import NamedTable
from schema.plan.context import check_comparable
from schema.plan.nodes import (
    Absent,
    AggregateColumn,
    AggregateColumns,
    AggregateFields,
    Count,
    Function,
    RelatedAggregate,
    RelatedCount,
    Typename,
    Where,
)
from schema.plan.nodes.conditions import Link

if TYPE_CHECKING:
    from schema.plan.context import CollectedField

_NUMBERS = {Kind.INTEGER, Kind.BIGINT, Kind.DECIMAL, Kind.FLOAT}
_COMPARABLE = _NUMBERS | {Kind.TEXT, Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME}
_SUMS = {
    Kind.INTEGER: SqlType(Kind.BIGINT, "bigint"),
    Kind.BIGINT: SqlType(Kind.DECIMAL, "numeric", None, 0),
    Kind.FLOAT: SqlType(Kind.FLOAT, "double precision"),
}
_FLOAT = SqlType(Kind.FLOAT, "double precision")
_WHOLE = SqlType(Kind.DECIMAL, "numeric", None, 0)


def aggregate_type(function: Function, column: Column) -> SqlType | None:
    """Return the type of a function's answer for a column, or None where it can't be computed."""
    kind = column.type.kind
    if function.is_of_booleans:
        return column.type if kind is Kind.BOOLEAN else None
    if function in (Function.MIN, Function.MAX):
        is_sorted = kind in _COMPARABLE and column.type.has_order
        return column.type if is_sorted or Support.EXTREMES in column.type.supported else None
    if kind not in _NUMBERS:
        return None
    return _SUMS.get(kind, column.type) if function is Function.SUM else _FLOAT


def aggregate_columns(function: Function, table: NamedTable) -> dict[str, SqlType]:
    """Return the fields of a table that a function can be computed of, with the answers' types."""
    found = {name: aggregate_type(function, column) for name, column in table.columns.items()}
    return {name: kind for name, kind in found.items() if kind is not None}


def predicate_type(function: Function, column: Column) -> SqlType | None:
    """Return the type of what a function over related rows is compared with; None as above.

    One input serves the columns of a table: whole numbers are compared with decimals, too.
    """
    kind = aggregate_type(function, column)
    if kind is None or not (function.is_of_booleans or column.type.kind in _NUMBERS):
        return None
    return _WHOLE if kind.kind in (Kind.INTEGER, Kind.BIGINT) else kind


def predicate_columns(function: Function, table: NamedTable) -> dict[str, Column]:
    """Return the fields whose function over related rows can be compared."""
    return {name: c for name, c in table.columns.items() if predicate_type(function, c) is not None}


def related_subject(
    name: str,
    function: str,
    given: Mapping[str, Any],
    target: NamedTable,
    links: tuple[Link, ...],
    where: Where,
) -> RelatedCount | RelatedAggregate:
    """Return what a predicate over related rows compares; `name` is what the client calls it."""
    distinct = bool(given["distinct"].value) if given.get("distinct") is not None else False
    if function == "count":
        columns = tuple(target.present(column) for column in given.get("arguments") or ())
        if distinct and len(columns) != 1:
            raise BadUserInput(f"{name} with distinct: true takes one column in arguments.")
        if distinct:
            check_comparable(f"{name} with distinct: true", columns, target)
        return RelatedCount(target.table, links, where, columns, distinct)
    column = target.present(given["arguments"])
    kind = predicate_type(Function(function), column)
    if kind is None:
        raise BadUserInput(f"{name} can't be computed of {target.field_of[column.name]}.")
    return RelatedAggregate(target.table, links, where, Function(function), column, kind, distinct)


def aggregate_suffix(function: Function) -> str:
    """Return what the type of a function's columns is called: `StddevPopFields`."""
    return f"{function[:1].upper()}{function[1:]}Fields"


def plan_aggregate_fields(
    field: CollectedField,
    parts: list[tuple[CollectedField, dict[str, Any], list[CollectedField]]],
    table: NamedTable,
) -> AggregateFields:
    """Return the plan of `aggregate`: `parts` are its fields, arguments and sub-fields."""
    planned: list[Count | AggregateColumns | Typename] = []
    for part, given, inner in parts:
        if part.name == "__typename":
            planned.append(Typename(part.key, f"{table.type}AggregateFields"))
        elif part.name == "count":
            planned.append(_count(part.key, given, table))
        else:
            planned.append(_aggregate_columns(part, inner, table))
    return AggregateFields(field.key, tuple(planned))


def _count(key: str, given: dict[str, Any], table: NamedTable) -> Count:
    columns = tuple(table.present(name) for name in given.get("columns") or ())
    distinct = bool(given["distinct"].value) if given.get("distinct") is not None else False
    if distinct and len(columns) != 1:
        raise BadUserInput("count(distinct: true) takes one column: columns: [name].")
    if distinct:
        check_comparable("count(distinct: true)", columns, table)
    return Count(key, columns, distinct)


def _aggregate_columns(
    part: CollectedField, inner: list[CollectedField], table: NamedTable
) -> AggregateColumns:
    function = Function(part.name)
    types = aggregate_columns(function, table)
    typename = f"{table.type}{aggregate_suffix(function)}"
    return AggregateColumns(
        part.key,
        function,
        tuple(
            Typename(f.key, typename)
            if f.name == "__typename"
            else Absent(f.key)
            if table.lacks(f.name)
            else AggregateColumn(f.key, table.columns[f.name], types[f.name])
            for f in inner
        ),
    )
