"""`trackAggregate` and its like → `Aggregate`: what is counted and computed, over which rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamic_databases.catalog.types import Column, Kind, SqlType
from schema.errors import BadUserInput
from schema.names.tables import NamedTable
from schema.plan.nodes import (
    Absent,
    AggregateColumn,
    AggregateColumns,
    AggregateFields,
    Count,
    Function,
    Typename,
)

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


def aggregate_type(function: Function, column: Column) -> SqlType | None:
    """Return the type of a function's answer for a column, or None where it can't be computed."""
    kind = column.type.kind
    if function in (Function.MIN, Function.MAX):
        return column.type if kind in _COMPARABLE else None
    if kind not in _NUMBERS:
        return None
    return _SUMS.get(kind, column.type) if function is Function.SUM else _FLOAT


def aggregate_columns(function: Function, table: NamedTable) -> dict[str, SqlType]:
    """Return the fields of a table that a function can be computed of, with the answers' types."""
    found = {name: aggregate_type(function, column) for name, column in table.columns.items()}
    return {name: kind for name, kind in found.items() if kind is not None}


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
    return Count(key, columns, distinct)


def _aggregate_columns(
    part: CollectedField, inner: list[CollectedField], table: NamedTable
) -> AggregateColumns:
    function = Function(part.name)
    types = aggregate_columns(function, table)
    typename = f"{table.type}{part.name.capitalize()}Fields"
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
