"""Write plans as steps of one transaction: all of a mutation document, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, assert_never

import orjson

from schema.errors import Conflict, TooManyRows
from schema.exchange import (
    Batch,
    End,
    Exchange,
    Request,
    Row,
    Rows,
    Step,
    Talk,
    Variables,
    request,
)
from schema.insert import inserted_rows
from schema.plan.nodes import AffectedRows, Answer, ChangeFields, Resolve, Save, Typename
from schema.spelling import json_object
from schema.sql.compile import Compiler
from schema.sql.compiled import (
    CompiledDelete,
    CompiledEach,
    CompiledInsert,
    CompiledInserts,
    CompiledRows,
    CompiledSave,
    CompiledUpdate,
    CompiledWrite,
)
from schema.sql.statement import Statement
from schema.sql.write import RETURNED_KEY

_T = TypeVar("_T")
_NULL = b"null"


@dataclass(frozen=True)
class Writer:
    """What the steps of one mutation document share."""

    compiler: Compiler
    variables: Variables

    def ask(self, statement: Statement) -> Request:
        return request(statement, self.variables)

    def ask_by(self, statement: Statement, key: Row) -> Request:
        """Return a statement of the row with a key that another statement gave back."""
        return request(statement, {**self.variables, RETURNED_KEY: key})


def in_transaction(steps: Sequence[Step[bytes]], end: End) -> Talk[list[bytes]]:
    """Run `steps` in order, then end the transaction.

    COMMIT travels with the last exchange of a lone step. With several steps it is sent on its own: a
    process that is killed while a later one waits must leave nothing behind, and a server carries out
    what it has been sent.
    """
    answers: list[bytes] = []
    begins, is_over = True, False
    for step in steps:
        try:
            batch = next(step)
            while True:
                is_over = batch.is_last and len(steps) == 1
                found = yield Exchange(batch.requests, begins, end if is_over else None)
                begins = False
                batch = step.send(found)
        except StopIteration as stop:
            answers.append(stop.value)
    if not begins and not is_over:
        yield Exchange((), ends=end)
    return answers


def written(writer: Writer, write: CompiledWrite) -> Step[bytes]:
    """Run one write and return its root field's JSON text; `null` where there is no such row."""
    match write:
        case CompiledInsert():
            found = yield from _insert(writer, write)
        case CompiledInserts():
            found = yield from _inserts(writer, write)
        case CompiledUpdate():
            found = yield from _update(writer, write)
        case CompiledSave():
            found = yield from _save(writer, write)
        case CompiledRows():
            found = yield from _rows(writer, write)
        case CompiledEach():
            found = yield from _each(writer, write)
        case CompiledDelete():
            asked = (writer.ask(write.page), writer.ask(write.delete))
            page, _ = yield Batch(asked, is_last=True)
            found = first_value(page)
        case _:
            assert_never(write)
    return found


def constant(value: bytes) -> Step[bytes]:
    """A step that needs no database."""
    yield from ()
    return value


def first_value(rows: Rows) -> bytes:
    """Return the one JSON text that a statement answered; no row is `null`."""
    value = rows[0][0] if rows else None
    return _NULL if value is None else value


def _insert(writer: Writer, write: CompiledInsert) -> Step[bytes]:
    rows = yield from inserted_rows(write.rows, writer.variables, is_all=write.page is None)
    main = rows.get(write.main)
    if main is None:  # onConflict did nothing
        return _NULL
    if write.page is None:
        text: str = main[-1]
        return text.encode()
    (page,) = yield Batch((writer.ask_by(write.page, main),), is_last=True)
    return first_value(page)


def _inserts(writer: Writer, write: CompiledInserts) -> Step[bytes]:
    rows = yield from inserted_rows(write.rows, writer.variables, is_all=not write.returning)
    keys = [rows[main] for main in write.plan.mains if main in rows]
    requests, answered = _returning(writer, write.plan.answer, write.returning, keys)
    pages = (yield Batch(tuple(requests), is_last=True)) if requests else []
    return answered(pages, len(rows))


def _update(writer: Writer, write: CompiledUpdate) -> Step[bytes]:
    """Lock the row, ask which values differ, write those alone."""
    if write.direct is not None:
        asked = (writer.ask(write.direct), writer.ask(write.page))
        _, page = yield Batch(asked, is_last=True)
        return first_value(page)
    (flags,) = yield Batch((writer.ask(write.probe),))
    if not flags:
        return _NULL
    chosen = tuple(i for i, differs in enumerate(flags[0]) if int(differs))
    *_, page = yield Batch((*_changed(writer, write, chosen), writer.ask(write.page)), is_last=True)
    return first_value(page)


def _rows(writer: Writer, write: CompiledRows) -> Step[bytes]:
    """Write the rows, see that they aren't too many, answer those that are asked for."""
    (keys,) = yield Batch((writer.ask(write.keys),))
    maximum = write.plan.at_most.read(writer.variables)
    if len(keys) > maximum:  # an error rolls all back
        raise TooManyRows(
            f"{len(keys)} rows match, above atMost: {maximum}; nothing was written.",
            {"matched": len(keys)},
        )
    requests, answered = _returning(writer, write.plan.answer, write.returning, keys)
    each = [] if write.each is None else [writer.ask_by(write.each, key) for key in keys]
    asked = (*requests, *each)
    pages = (yield Batch(asked, is_last=True)) if asked else []
    return answered(pages[: len(requests)], len(keys))


def _each(writer: Writer, write: CompiledEach) -> Step[bytes]:
    answers: list[bytes] = []
    for one in write.writes:
        answered = yield from _continued(_rows(writer, one))
        answers.append(answered)
    return b"[%b]" % b",".join(answers)


def _continued(step: Step[_T]) -> Step[_T]:
    """Run a step after which others follow."""
    try:
        batch = next(step)
        while True:
            batch = step.send((yield Batch(batch.requests)))
    except StopIteration as stop:
        result: _T = stop.value
        return result


class _Answered:
    """Puts the answer of a write of many rows together from the pages of its rows."""

    def __init__(self, answers: Sequence[Answer], keys: int) -> None:
        self._answers = answers
        self._keys = keys

    def __call__(self, pages: Sequence[Rows], count: int) -> bytes:
        values: Iterator[bytes] = map(first_value, pages)
        parts: list[tuple[str, bytes]] = []
        for part in self._answers:
            if isinstance(part, Typename):
                value = orjson.dumps(part.name)
            elif isinstance(part, AffectedRows):
                value = str(count).encode()
            else:
                value = b"[%b]" % b",".join(next(values) for _ in range(self._keys))
            parts.append((part.key, value))
        return json_object(parts)


def _returning(
    writer: Writer,
    answers: Sequence[Answer],
    returning: Mapping[str, Statement],
    keys: Sequence[Row],
) -> tuple[list[Request], _Answered]:
    """Return a request per row for each `returning`, and what makes the answer of their pages."""
    statements = [returning[part.key] for part in answers if part.key in returning]
    requests = [writer.ask_by(statement, key) for statement in statements for key in keys]
    return requests, _Answered(answers, len(keys))


def _save(writer: Writer, write: CompiledSave) -> Step[bytes]:
    """The three-way save: base is what the client expects, theirs what is there, mine what to write."""
    plan = write.plan
    (probed,) = yield Batch((writer.ask(write.probe),))
    if not probed:
        return _NULL
    (found,) = probed
    count = len(plan.values)
    differs = [bool(int(flag)) for flag in found[:count]]
    moved = {
        a.column.name
        for a, changed in zip(plan.expected, found[count : count + len(plan.expected)], strict=True)
        if int(changed)
    }
    before: dict[str, Any] = orjson.loads(found[-1]) if count else {}
    clashing = [i for i, a in enumerate(plan.values) if differs[i] and a.column.name in moved]
    if clashing and plan.resolve is Resolve.FAIL:
        conflicts = _conflicts(writer.variables, plan, clashing, before)
        raise Conflict("The row was changed by someone else.", {"conflicts": conflicts})
    skipped = set(clashing) if plan.resolve is Resolve.THEIRS else set()
    chosen = tuple(i for i in range(count) if differs[i] and i not in skipped)
    asked = (
        *_changed(writer, write, chosen),
        *([writer.ask(write.after)] if chosen else []),
        *(writer.ask(statement) for statement in write.rows.values()),
    )
    pages = (yield Batch(asked, is_last=True)) if asked else []
    after = orjson.loads(pages[1][0][-1]) if chosen and pages[1] else before
    changes = [_change(plan, i, before, after) for i in chosen]
    rows = dict(zip(write.rows, pages[len(pages) - len(write.rows) :], strict=True))
    return _save_answer(write, changes, rows)


def _changed(
    writer: Writer, write: CompiledUpdate | CompiledSave, chosen: tuple[int, ...]
) -> list[Request]:
    return [writer.ask(writer.compiler.update(write, chosen))] if chosen else []


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


def _save_answer(
    write: CompiledSave, changes: list[dict[str, Any]], rows: Mapping[str, Rows]
) -> bytes:
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
            value = first_value(rows[part.key])
        parts.append((part.key, value))
    return json_object(parts)


def _plain(value: Any) -> Any:
    """Return a coerced input as JSON shows it."""
    return (
        value
        if value is None or isinstance(value, bool | int | float | str | list | dict)
        else str(value)
    )
