"""How SQLite takes values, and compares columns with them; both executions ask here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dynamic_databases.catalog.types import Kind, SqlType
from schema import json_values as spelling
from schema.errors import BadUserInput
from schema.given_uuid import GivenUuid, is_mixed
from schema.json_paths import parse_path, quoted_path
from schema.plan.nodes import Op, Slot, Use
from schema.sql import sqlite_columns as columns
from schema.sql.binding import (
    big_integer,
    glob_pattern,
    json_text,
    like_pattern,
    naive_utc,
    storable_text,
)
from schema.sql.statement import Binder, Sql


def _as_given(value: Any) -> str:
    """A UUID of mixed case is another one to SQLite."""
    return storable_text(value.given if isinstance(value, GivenUuid) else value)


_BOUND: dict[Kind, Binder] = {
    Kind.BOOLEAN: int,
    Kind.BIGINT: big_integer,
    Kind.DECIMAL: lambda value: format(value, "f"),
    Kind.DATE: lambda value: value.isoformat(),
    Kind.TIME: lambda value: value.isoformat(),
    Kind.LOCAL_DATETIME: lambda value: naive_utc(value).isoformat(sep=" "),
    Kind.DATETIME: lambda value: naive_utc(value).isoformat(sep=" "),
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.BINARY: bytes,
    Kind.JSON: json_text,
    Kind.UUID: _as_given,
}


def binder(slot: Slot) -> Binder:
    """Return what makes a value of a slot one that the driver takes."""
    if slot.use in _OF_USES:
        return _OF_USES[slot.use]
    one = _nullable(_BOUND.get(slot.type.kind, storable_text))
    if slot.use in (Use.AS_ANSWERED, Use.LIST) and columns.is_respelled(slot.type):
        one = _as_answered(slot.type)
    if slot.type.kind is Kind.UUID and slot.use in (Use.SPELLINGS, Use.LIST):
        return _spellings if slot.use is Use.LIST else lambda value: _spellings([value])
    if slot.use is Use.LIST:
        return lambda values: json_text([one(value) for value in values])
    return one


def column_comparison(column: str, op: Op, slot: Slot) -> Sql | None:
    """Return the comparison of a column by what it is answered as; None where it needs none."""
    if slot.use in (Use.VALUE, Use.LIST) and columns.is_respelled(slot.type):
        return columns.compare(column, op, compared(slot, op))
    if columns.is_equality(op) and slot.use is Use.VALUE and columns.is_loose(slot.type):
        return columns.equals_loosely(column, op, slot)
    return None


def compared(slot: Slot, op: Op) -> Slot:
    """Return a slot bound as the API spells its value, or as all that may be stored for it."""
    if slot.use is Use.LIST:
        return slot
    is_spelled = slot.type.kind is Kind.UUID and op in (Op.EQ, Op.NEQ)
    return replace(slot, use=Use.SPELLINGS if is_spelled else Use.AS_ANSWERED)


def _as_answered(sql_type: SqlType) -> Binder:
    if sql_type.kind is Kind.DECIMAL:
        return lambda value: None if value is None else format(value, "f")
    return lambda value: spelling.encode(value, sql_type)


def _spellings(values: Sequence[str]) -> str:
    """Return all that applications write for these UUIDs as a JSON array.

    An index is searched for each. One of mixed case is its own spelling alone.
    """
    given = [_as_given(value) for value in values]
    plain = [form for value in given for form in _forms(value)]
    return json_text([*plain, *(form.upper() for form in plain), *filter(is_mixed, given)])


def _forms(value: str) -> Sequence[str]:
    return () if is_mixed(value) else (value, value.replace("-", ""), f"{{{value}}}")


def _json_path(path: Any) -> str:
    """Return a path as SQLite has it, whose keys are quoted and escape nothing."""
    steps = parse_path(storable_text(path))
    for step in steps:
        if isinstance(step, str) and ('"' in step or "\\" in step):
            raise BadUserInput(f"SQLite finds no key with a quote or a backslash, as in {step!r}.")
    return quoted_path(steps)


def _as_it_is(value: Any) -> Any:
    return value


def _nullable(bind: Binder) -> Binder:
    return lambda value: None if value is None else bind(value)


_OF_USES: dict[Use, Binder] = {
    Use.PATTERN: glob_pattern,
    Use.ICASE_PATTERN: like_pattern,
    Use.RAW: _as_it_is,
    Use.JSON_PATH: _json_path,
}
