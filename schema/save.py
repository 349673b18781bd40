"""The three-way save: base is what the client expects, theirs what is there, mine what to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from schema.errors import Conflict
from schema.exchange import Batch, Row, Step, Variables
from schema.plan.nodes import ChangeFields, Resolve, Save, Typename
from schema.spelling import json_object
from schema.sql.compiled import CompiledSave
from schema.writer import NULL, Asked, Writer, changed


def saved(writer: Writer, write: CompiledSave) -> Step[bytes]:
    """Lock the row and see what differs, write that, tell what changed. Raises Conflict."""
    plan = write.plan
    (probed,) = yield Batch((writer.ask(write.probe),))
    if not probed:
        return NULL
    (found,) = probed
    before = _before(writer, write, found)
    chosen = _chosen(writer.variables, plan, found, before)
    pages: list[Asked] = [(page, None) for page in write.rows.values()]
    if chosen:
        pages.append((write.after, None))
    answers = yield from writer.last(changed(writer, write, chosen), pages)
    after = _by_column(plan, answers.pop()) or before if chosen else before
    changes = [_change(plan, i, before, after) for i in chosen]
    return _answer(write, changes, dict(zip(write.rows, answers, strict=True)))


def _before(writer: Writer, write: CompiledSave, found: Row) -> dict[str, Any]:
    """Return the columns that are saved as the probe found them, as JSON."""
    if not write.plan.values:
        return {}
    if write.before is not None:
        return _by_column(write.plan, writer.read(write.before))
    told: dict[str, Any] = orjson.loads(found[-1])
    return told


def _by_column(plan: Save, text: bytes) -> dict[str, Any]:
    """Return what a page of the columns that are saved answered; nothing where the row is gone."""
    values = orjson.loads(text) or {}
    return {a.column.name: values[f"c{i}"] for i, a in enumerate(plan.values) if values}


def _chosen(
    variables: Variables, plan: Save, found: Row, before: Mapping[str, Any]
) -> tuple[int, ...]:
    """Return which values are to be written: those that differ and may. Raises Conflict."""
    count = len(plan.values)
    differs = [bool(int(flag)) for flag in found[:count]]
    flags = found[count : count + len(plan.expected)]
    moved = {a.column.name for a, flag in zip(plan.expected, flags, strict=True) if int(flag)}
    clashing = [i for i, a in enumerate(plan.values) if differs[i] and a.column.name in moved]
    if clashing and plan.resolve is Resolve.FAIL:
        conflicts = _conflicts(variables, plan, clashing, before)
        raise Conflict("The row was changed by someone else.", {"conflicts": conflicts})
    skipped = set(clashing) if plan.resolve is Resolve.THEIRS else set()
    return tuple(i for i in range(count) if differs[i] and i not in skipped)


def _conflicts(
    variables: Variables, plan: Save, clashing: list[int], theirs: Mapping[str, Any]
) -> list[dict[str, Any]]:
    base = {a.column.name: a.slot.operand.read(variables) for a in plan.expected}
    fields = dict(plan.field_of)
    return [
        {
            "field": fields[plan.values[i].column.name],
            "base": _plain(base[plan.values[i].column.name]),
            "mine": _plain(plan.values[i].slot.operand.read(variables)),
            "theirs": theirs[plan.values[i].column.name],
        }
        for i in clashing
    ]


def _change(
    plan: Save, index: int, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    column = plan.values[index].column.name
    field = dict(plan.field_of)[column]
    return {"field": field, "column": column, "before": before[column], "after": after.get(column)}


def _answer(write: CompiledSave, changes: list[dict[str, Any]], rows: Mapping[str, bytes]) -> bytes:
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
    return json_object(parts)


def _plain(value: Any) -> Any:
    """Return a coerced input as JSON shows it."""
    return (
        value
        if value is None or isinstance(value, bool | int | float | str | list | dict)
        else str(value)
    )
