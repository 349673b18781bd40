"""The three-way save: base is what the client expects, theirs what is there, mine what to write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import orjson

from dynamic_databases.catalog.types import Column, Kind
from schema import exact_numbers
from schema.answer_size import ANSWER_BYTES
from schema.errors import AnswerTooLarge, Conflict
from schema.execution.round_trips import Batch, Row, Step, Variables
from schema.execution.write_context import NULL, WriteContext, divided, probed_row, updated
from schema.json_values import encode, json_object
from schema.plan.nodes import ChangeFields, Resolve, Save, Typename
from schema.sql.compiled import CompiledSave
from schema.uncarried import is_mark

_Values = Callable[[], dict[str, Any]]  # by column
# Times the bytes of a JSON text that its decoded values take at most: four bytes for a character,
# before and after the save, and the answer made of them.
_DECODED = 8
_DATES = (Kind.DATE, Kind.LOCAL_DATETIME, Kind.DATETIME)


def saved(writer: WriteContext, write: CompiledSave) -> Step[bytes]:
    """Lock the row and see what differs, write that, and answer what changed.

    Gives `null` where the row wasn't written. Raises Conflict.
    """
    plan = write.plan
    (probed,) = yield Batch((writer.ask(write.probe),))
    found = probed_row(probed)
    if found is None:
        return NULL
    held, found = divided(found, len(plan.held))
    shown = _shown(writer, write, found)
    before = _before(writer, write, shown, orjson.loads)
    documents = _before(writer, write, shown, _exactly)
    wants_changes = any(isinstance(part, ChangeFields) for part in plan.answer)
    # Its JSON may be large.
    kept = len(plan.values) + len(plan.expected) + len(plan.table.primary_key)
    found = found[: kept + len(write.new_key)]
    del probed, shown
    chosen = _chosen(writer.variables, plan, found, before, documents)
    old = before() if chosen and wants_changes else {}
    del before, documents
    pages = [*write.rows.values(), *([write.after] if chosen else [])]
    answers = yield from updated(writer, write, found, chosen, pages, held)
    if answers is None:
        return NULL
    text = answers.pop() if chosen else NULL
    new = (_by_column(plan, text) or old) if old else {}
    changes = [_change(plan, i, old, new) for i in _shown_changes(plan, chosen)] if old else []
    parts = _parts(write, changes, dict(zip(write.rows, answers, strict=True)))
    del old, new, text, changes, answers  # they may be large, as the answer may
    return json_object(parts)


def _shown(writer: WriteContext, write: CompiledSave, found: Row) -> bytes | str:
    """Return the JSON of the columns that are saved, as the probe found them."""
    if not write.plan.values:
        return "{}"
    text: bytes | str = found[-1] if write.before is None else writer.read(write.before)
    return text


def _before(
    writer: WriteContext, write: CompiledSave, text: bytes | str, decode: Callable[[Any], Any]
) -> _Values:
    """Return what decodes a text of the columns that are saved: few saves look into it."""
    if write.before is None:
        return partial(_decoded, writer, text, decode)
    return lambda: _named(write.plan, _decoded(writer, text, decode))


def _decoded(
    writer: WriteContext, text: bytes | str, decode: Callable[[Any], Any]
) -> dict[str, Any]:
    """Raises AnswerTooLarge where the decoded values may take more memory than an answer."""
    if len(text) * _DECODED > writer.variables[ANSWER_BYTES]:
        raise AnswerTooLarge(writer.variables[ANSWER_BYTES])
    values: dict[str, Any] = decode(text) or {}
    return values


def _exactly(text: bytes | str) -> Any:
    """Return JSON whose equality is one by value: 1.50 equals 1.5, but 1 isn't true."""
    return json.loads(text, parse_int=_number, parse_float=_number)


def _number(text: str) -> tuple[str, Decimal]:
    return ("number", Decimal(text))


def _by_column(plan: Save, text: bytes) -> dict[str, Any]:
    """Return what a page of the columns that are saved answered; nothing where the row is gone."""
    return _named(plan, orjson.loads(text) or {})


def _named(plan: Save, values: Mapping[str, Any]) -> dict[str, Any]:
    named = {a.column.name: values[f"c{i}"] for i, a in enumerate(plan.values) if values}
    kinds = {a.column.name: a.column.type.kind for a in plan.values}
    return {
        name: None if is_mark(value, is_date=kinds[name] in _DATES) else value
        for name, value in named.items()
    }


def _chosen(
    variables: Variables, plan: Save, found: Row, before: _Values, documents: _Values
) -> tuple[int, ...]:
    """Return which values are to be written: those that differ and may. Raises Conflict."""
    count = len(plan.values)
    differs = [bool(int(flag)) for flag in found[:count]]
    flags = found[count : count + len(plan.expected)]
    moved = {a.column.name for a, flag in zip(plan.expected, flags, strict=True) if int(flag)}
    is_other_version = any(a.column.is_version and a.column.name in moved for a in plan.expected)
    clashing = [
        i
        for i, a in enumerate(plan.values)
        if differs[i] and (is_other_version or a.column.name in moved)
    ]
    clashing = _without_same_documents(variables, plan, clashing, documents)
    if clashing and plan.resolve is Resolve.FAIL:
        conflicts = _conflicts(variables, plan, clashing, before())
        raise Conflict("The row was changed by someone else.", {"conflicts": conflicts})
    skipped = set(clashing) if plan.resolve is Resolve.THEIRS else set()
    return tuple(i for i in range(count) if differs[i] and i not in skipped)


def _without_same_documents(
    variables: Variables, plan: Save, clashing: list[int], documents: _Values
) -> list[int]:
    r"""Leave out JSON that is what the client expects, though the server keeps it as another text.

    Not every server compares JSON by its value, such as `"\u00e9"` with `"é"`.
    """
    columns = {i: plan.values[i].column for i in clashing}
    if not any(column.type.kind is Kind.JSON for column in columns.values()):
        return clashing
    base = {a.column.name: a.slot.operand.read(variables) for a in plan.expected}
    theirs = documents()
    return [
        i
        for i, column in columns.items()
        if column.type.kind is not Kind.JSON
        or column.name not in base
        or theirs[column.name] != _exactly(exact_numbers.dumps(base[column.name]))
    ]


def _conflicts(
    variables: Variables, plan: Save, clashing: list[int], theirs: Mapping[str, Any]
) -> list[dict[str, Any]]:
    base = {a.column.name: a.slot.operand.read(variables) for a in plan.expected}
    fields = dict(plan.field_of)
    return [
        {
            "field": fields[plan.values[i].column.name],
            "base": _spelled(plan.values[i].column, base.get(plan.values[i].column.name)),
            "mine": _spelled(plan.values[i].column, plan.values[i].slot.operand.read(variables)),
            "theirs": theirs[plan.values[i].column.name],
        }
        for i in _shown_changes(plan, clashing)
    ]


def _shown_changes(plan: Save, chosen: Iterable[int]) -> tuple[int, ...]:
    """Return those of columns that the role may see: it may set others by presets."""
    fields = dict(plan.field_of)
    return tuple(i for i in chosen if plan.values[i].column.name in fields)


def _change(
    plan: Save, index: int, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    column = plan.values[index].column.name
    field = dict(plan.field_of)[column]
    return {"field": field, "column": column, "before": before[column], "after": after.get(column)}


def _parts(
    write: CompiledSave, changes: list[dict[str, Any]], rows: Mapping[str, bytes]
) -> list[tuple[str, bytes]]:
    """Return the fields of the answer as JSON."""
    parts: list[tuple[str, bytes]] = []
    for part in write.plan.answer:
        if isinstance(part, Typename):
            value = orjson.dumps(part.name)
        elif isinstance(part, ChangeFields):
            typename = {"__typename": "FieldChange"}
            value = orjson.dumps(
                [{key: (change | typename)[name] for key, name in part.parts} for change in changes]
            )
        else:
            value = rows[part.key]
        parts.append((part.key, value))
    return parts


def _spelled(column: Column, value: Any) -> Any:
    """Return a coerced input as the API spells values of its column."""
    if column.type.kind is Kind.JSON:
        return orjson.loads(exact_numbers.dumps(value))
    if column.type.kind is Kind.FLOAT:
        return None if value is None else float(value)
    return encode(value, column.type)
