"""Write plans as steps of one transaction: all of a mutation document, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import assert_never

import orjson

from dynamic_databases.errors import ConstraintViolation, Retryable
from dynamic_databases.outcomes.messages import RETRY
from schema.errors import TooManyRows
from schema.execution.insert import inserted_rows
from schema.execution.round_trips import (
    Batch,
    End,
    Flow,
    Request,
    RoundTrip,
    Row,
    Rows,
    Step,
)
from schema.execution.save import saved
from schema.execution.write_context import (
    NULL,
    Asked,
    WriteContext,
    check_answers,
    checked_last,
    continued,
    divided,
    first_value,
    probed_row,
    updated,
)
from schema.json_values import list_pieces, object_pieces
from schema.plan.nodes import (
    AffectedRows,
    Answer,
    DeleteRows,
    Typename,
    UpdateRows,
)
from schema.sql.compiled import (
    CombinedUpdates,
    CompiledDelete,
    CompiledEach,
    CompiledInsert,
    CompiledInserts,
    CompiledPage,
    CompiledRow,
    CompiledRows,
    CompiledSave,
    CompiledUpdate,
    CompiledWrite,
)
from schema.sql.dialect import Deferred
from schema.sql.statement import Statement


def in_transaction(steps: Sequence[Step[bytes]], end: End) -> Flow[list[bytes]]:
    """Run `steps` in order, then end the transaction.

    COMMIT travels with the last round trip of a lone step. With several steps it is sent on its
    own: a process that is killed while a later one waits must change nothing, and a server carries
    out what it has been sent.
    """
    answers: list[bytes] = []
    is_open = False
    for step in steps:
        try:
            batch = next(step)
            while True:
                ends = end if batch.is_last and len(steps) == 1 else None
                found = yield RoundTrip(batch.requests, not is_open, ends)
                is_open = ends is None
                batch = step.send(found)
        except StopIteration as stop:
            answers.append(stop.value)
    if is_open:
        yield RoundTrip((), ends=end)
    return answers


def written(writer: WriteContext, write: CompiledWrite) -> Step[bytes]:
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


def checks(deferred: Deferred) -> tuple[Step[bytes], Step[bytes]]:
    """Return the steps before and after a mutation that find out whether COMMIT would refuse it.

    The second raises ConstraintViolation, or the database's own refusal.
    """
    counts: list[int] = []

    def check(sql: str) -> Step[bytes]:
        rows: Rows = []
        if sql:
            (rows,) = yield Batch((Request(Statement(sql, (), ()), []),))
        counts.append(int(rows[0][0]) if rows else 0)
        if counts[-1] > counts[0]:
            raise ConstraintViolation(
                "A foreign key refuses this at the end: the row it refers to isn't there."
            )
        return NULL

    return check(deferred.before), check(deferred.after)


def reviewed(
    steps: Sequence[Step[bytes]], review: Callable[[list[bytes]], object]
) -> list[Step[bytes]]:
    """Return the steps with one more: it gives `review` their answers before the end."""
    answers: list[bytes] = []

    def kept(step: Step[bytes]) -> Step[bytes]:
        answer = yield from step
        answers.append(answer)
        return answer

    def last() -> Step[bytes]:
        yield from ()
        review(answers)
        return NULL

    return [*map(kept, steps), last()]


def constant(value: bytes) -> Step[bytes]:
    """A step that needs no database."""
    yield from ()
    return value


def _insert(writer: WriteContext, write: CompiledInsert) -> Step[bytes]:
    rows = yield from inserted_rows(write.rows, writer.variables, is_all=write.page is None)
    main = rows.get(write.main)
    if write.page is None:
        return NULL if main is None else main[-1]
    (row,) = (one for one in write.rows if one.row.result == write.main)
    pages = [] if main is None else [(write.page, main)]  # onConflict did nothing
    step = writer.checked((), pages, _checks(write.rows, rows))
    is_checked = row.row.table.has_triggers and row.check is None
    _, answers = yield from checked_last(row.row.table, step) if is_checked else step
    return answers[0] if answers else NULL


def _delete(writer: WriteContext, write: CompiledDelete) -> Step[bytes]:
    """Answer the row as it was, then delete it; `null` where the database didn't."""
    if write.guard is not None:
        (found,) = yield Batch((writer.ask(write.guard),))
        if probed_row(found) is None:
            return NULL
    if isinstance(write.page, Statement):
        asked = (writer.ask(write.page), writer.ask(write.delete))
        page, deleted = yield Batch(asked, is_last=True)
        return first_value(page) if deleted else NULL
    yield Batch(())  # the transaction begins before the row is read
    answer = writer.read(write.page)
    (deleted,) = yield Batch((writer.ask(write.delete),), is_last=True)
    return answer if deleted else NULL


def _inserts(writer: WriteContext, write: CompiledInserts) -> Step[bytes]:
    is_checked = any(one.check is not None for one in write.rows)
    is_all = not write.returning and not is_checked
    rows = yield from inserted_rows(write.rows, writer.variables, is_all=is_all)
    keys = [rows[main] for main in write.plan.mains if main in rows]
    pages, answered = _returning(write.plan.answer, write.returning, keys)
    step, table = writer.checked((), pages, _checks(write.rows, rows)), write.plan.table
    may_be_gone = table.has_triggers and not is_checked
    _, answers = yield from checked_last(table, step) if may_be_gone else step
    return answered(answers, [True] * len(keys), len(rows))


def _update(writer: WriteContext, write: CompiledUpdate) -> Step[bytes]:
    """Lock the row, ask which values differ and write only those.

    Gives `null` where the database wrote nothing.
    """
    if write.direct is not None:
        step, table = (
            writer.last([writer.ask(write.direct)], [(write.page, None)]),
            write.plan.table,
        )
        _, answers = yield from checked_last(table, step) if writer.may_move(table) else step
        return answers[0]
    if write.combined is not None and writer.is_alone:
        answer = yield from _update_at_once(writer, write, write.combined)
        if answer is not None:
            return answer
    (probed,) = yield Batch((writer.ask(write.probe),))
    row = probed_row(probed)
    if row is None:
        return NULL
    held, row = divided(row, len(write.plan.held))
    chosen = _differing(write, row)
    found = yield from updated(writer, write, row, chosen, [write.page], held)
    if found and write.combined is not None:
        write.combined.remember(writer.database_and_role, chosen)
    return found[0] if found else NULL


def _update_at_once(
    writer: WriteContext, write: CompiledUpdate, combined: CombinedUpdates
) -> Step[bytes | None]:
    """Lock, probe and update the row in one round trip, where what differs is what is likely.

    Else what the probe found is tried. Gives None where nothing was written: nothing is likely or
    differs, the row changed meanwhile, or the database didn't write it.
    """
    key = writer.database_and_role
    chosen = combined.likely.get(key, ())
    for _ in range(2):
        if not chosen:
            return None
        statement = writer.compiler.combined_update(write.plan, combined, chosen)
        try:
            (rows,), answers = yield from writer.last([writer.ask(statement)], [(write.page, None)])
        except GeneratorExit:  # it failed, perhaps for a right that the user has no more
            combined.likely.pop(key, None)
            raise
        row = probed_row(rows)
        if row is None:
            return NULL
        if int(row[-1]):
            combined.remember(key, chosen)
            return answers[0]
        chosen = _differing(write, row)
    return None


def _differing(write: CompiledUpdate, probed: Row) -> tuple[int, ...]:
    """Return which values aren't what the row that was probed holds."""
    flags = probed[: len(write.plan.values)]
    return tuple(i for i, differs in enumerate(flags) if int(differs))


def _rows(writer: WriteContext, write: CompiledRows) -> Step[bytes]:
    """Write the rows, see that they aren't too many, answer those that are asked for."""
    (keys,) = yield Batch((writer.ask(write.keys),))
    maximum = write.plan.at_most.read(writer.variables)
    if len(keys) > maximum:  # an error rolls all back
        raise TooManyRows(
            f"{len(keys)} rows match, above atMost: {maximum}; nothing was written.",
            {"matched": len(keys)},
        )
    if write.together is not None:
        return (yield from _deleted_together(writer, write, write.together, keys))
    if isinstance(write.plan, DeleteRows) and write.each is None:
        return _answer_of_deleted(write.plan, keys)
    pages, answered = _returning(write.plan.answer, write.returning, keys)
    each = [] if write.each is None else [writer.ask_by(write.each, key) for key in keys]
    if isinstance(write.plan, UpdateRows):
        checks = [(write.check, key) for key in keys] if write.check is not None else []
        step, table = writer.checked(each, pages, checks), write.plan.table
        may_be_gone = writer.may_move(table) and write.check is None
        found, answers = yield from checked_last(table, step) if may_be_gone else step
    else:  # rows that are deleted answer as they were
        _, answers = yield from continued(writer.last((), pages))
        found = (yield Batch(tuple(each), is_last=True)) if each else []
    done = [bool(rows) for rows in found] if each else [True] * len(keys)
    return answered(answers, done, sum(done))


def _answer_of_deleted(delete: DeleteRows, rows: Rows) -> bytes:
    """Return the answer of a DELETE whose rows are keys, each with the objects that are asked for.

    The objects stand in the order of the fields that ask for them.
    """
    size = len(delete.table.primary_key)
    objects = [row[place] for place in range(size, len(rows[0])) for row in rows] if rows else []
    return _Answered(delete.answer)(objects, [True] * len(rows), len(rows))


def _deleted_together(
    writer: WriteContext, write: CompiledRows, delete: Statement, keys: Sequence[Row]
) -> Step[bytes]:
    """Answer the rows with these keys as they were, then delete all that match.

    Raises Retryable where others made or changed a row meanwhile, so that it now matches.
    """
    pages, answered = _returning(write.plan.answer, write.returning, keys)
    _, answers = yield from continued(writer.last((), pages))
    (deleted,) = yield Batch((writer.ask(delete),))
    missing = Counter(deleted)
    done = [_taken(missing, key) for key in keys]
    if len(deleted) > sum(done):
        raise Retryable(RETRY)
    check_answers(write.plan.table, answers, done)
    return answered(answers, done, len(deleted))


def _taken(rows: Counter[Row], row: Row) -> bool:
    """Return whether `row` is among the rows, and take it out of them."""
    rows[row] -= 1
    return rows[row] >= 0


def _each(writer: WriteContext, write: CompiledEach) -> Step[bytes]:
    answers: list[bytes] = []
    for one in write.writes:
        answered = yield from continued(_rows(writer, one))
        answers.append(answered)
    return b"".join(list_pieces([answer] for answer in answers))


class _Answered:
    """Puts the answer of a write of many rows together from the pages of its rows."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = answers

    def __call__(self, pages: Sequence[bytes], done: Sequence[bool], count: int) -> bytes:
        """`done` says of each key whether its row was written.

        A row that is gone isn't answered.
        """
        values: Iterator[bytes] = iter(pages)
        parts: list[tuple[str, Iterable[bytes]]] = []
        for part in self._answers:
            value: Iterable[bytes]
            if isinstance(part, Typename):
                value = [orjson.dumps(part.name)]
            elif isinstance(part, AffectedRows):
                value = [str(count).encode()]
            else:
                rows = [page for is_done in done if (page := next(values)) != NULL and is_done]
                value = list_pieces([row] for row in rows)
            parts.append((part.key, value))
        return b"".join(object_pieces(parts))


def _checks(rows: Sequence[CompiledRow], written: Mapping[str, Row]) -> list[Asked]:
    """Return the checks of the rows that were written, with their keys."""
    return [
        (one.check, written[one.row.result])
        for one in rows
        if one.check is not None and one.row.result in written
    ]


def _returning(
    answers: Sequence[Answer], returning: Mapping[str, CompiledPage], keys: Sequence[Row]
) -> tuple[list[Asked], _Answered]:
    """Return a page per row for each `returning`, and what makes the answer of them."""
    pages = [returning[part.key] for part in answers if part.key in returning]
    return [(page, key) for page in pages for key in keys], _Answered(answers)
