"""Write plans as steps of one transaction: all of a mutation document, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, assert_never

import orjson

from schema.errors import TooManyRows
from schema.exchange import (
    Batch,
    End,
    Exchange,
    Row,
    Step,
    Talk,
)
from schema.insert import inserted_rows
from schema.plan.nodes import (
    AffectedRows,
    Answer,
    Typename,
    UpdateRows,
)
from schema.save import saved
from schema.spelling import json_object
from schema.sql.compiled import (
    CompiledDelete,
    CompiledEach,
    CompiledInsert,
    CompiledInserts,
    CompiledPage,
    CompiledRows,
    CompiledSave,
    CompiledUpdate,
    CompiledWrite,
)
from schema.sql.statement import Statement
from schema.writer import NULL, Asked, Writer, changed, first_value

_T = TypeVar("_T")


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
            found = yield from saved(writer, write)
        case CompiledRows():
            found = yield from _rows(writer, write)
        case CompiledEach():
            found = yield from _each(writer, write)
        case CompiledDelete():
            found = yield from _delete(writer, write)
        case _:
            assert_never(write)
    return found


def constant(value: bytes) -> Step[bytes]:
    """A step that needs no database."""
    yield from ()
    return value


def _insert(writer: Writer, write: CompiledInsert) -> Step[bytes]:
    rows = yield from inserted_rows(write.rows, writer.variables, is_all=write.page is None)
    main = rows.get(write.main)
    if main is None:  # onConflict did nothing
        return NULL
    if write.page is None:
        text: str = main[-1]
        return text.encode()
    (answer,) = yield from writer.last((), [(write.page, main)])
    return answer


def _delete(writer: Writer, write: CompiledDelete) -> Step[bytes]:
    """Answer the row as it was, then delete it."""
    if isinstance(write.page, Statement):
        asked = (writer.ask(write.page), writer.ask(write.delete))
        page, _ = yield Batch(asked, is_last=True)
        return first_value(page)
    yield Batch(())  # the transaction begins before the row is read
    answer = writer.read(write.page)
    yield Batch((writer.ask(write.delete),), is_last=True)
    return answer


def _inserts(writer: Writer, write: CompiledInserts) -> Step[bytes]:
    rows = yield from inserted_rows(write.rows, writer.variables, is_all=not write.returning)
    keys = [rows[main] for main in write.plan.mains if main in rows]
    pages, answered = _returning(write.plan.answer, write.returning, keys)
    answers = yield from writer.last((), pages)
    return answered(answers, len(rows))


def _update(writer: Writer, write: CompiledUpdate) -> Step[bytes]:
    """Lock the row, ask which values differ, write those alone."""
    if write.direct is not None:
        (answer,) = yield from writer.last([writer.ask(write.direct)], [(write.page, None)])
        return answer
    (flags,) = yield Batch((writer.ask(write.probe),))
    if not flags:
        return NULL
    chosen = tuple(i for i, differs in enumerate(flags[0]) if int(differs))
    (answer,) = yield from writer.last(changed(writer, write, chosen), [(write.page, None)])
    return answer


def _rows(writer: Writer, write: CompiledRows) -> Step[bytes]:
    """Write the rows, see that they aren't too many, answer those that are asked for."""
    (keys,) = yield Batch((writer.ask(write.keys),))
    maximum = write.plan.at_most.read(writer.variables)
    if len(keys) > maximum:  # an error rolls all back
        raise TooManyRows(
            f"{len(keys)} rows match, above atMost: {maximum}; nothing was written.",
            {"matched": len(keys)},
        )
    pages, answered = _returning(write.plan.answer, write.returning, keys)
    each = [] if write.each is None else [writer.ask_by(write.each, key) for key in keys]
    if isinstance(write.plan, UpdateRows):
        answers = yield from writer.last(each, pages)
    else:  # rows that are deleted answer as they were
        answers = yield from _continued(writer.last((), pages))
        if each:
            yield Batch(tuple(each), is_last=True)
    return answered(answers, len(keys))


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

    def __call__(self, pages: Sequence[bytes], count: int) -> bytes:
        values: Iterator[bytes] = iter(pages)
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
    answers: Sequence[Answer], returning: Mapping[str, CompiledPage], keys: Sequence[Row]
) -> tuple[list[Asked], _Answered]:
    """Return a page per row for each `returning`, and what makes the answer of them."""
    pages = [returning[part.key] for part in answers if part.key in returning]
    return [(page, key) for page in pages for key in keys], _Answered(answers, len(keys))
