"""What the steps of one mutation share: statements with values, and the answers of pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TypeVar

from dynamic_databases.catalog.types import Table
from dynamic_databases.errors import RefusedByTrigger
from schema.errors import BadUserInput, Forbidden
from schema.execution.round_trips import Batch, Request, Row, Rows, Step, Variables, request
from schema.global_ids import SCOPE
from schema.orm import OrmReader
from schema.plan.nodes import RETURNED_KEY, Save
from schema.plan.session_variables import ROLE, SESSION
from schema.sql.compile import Compiler
from schema.sql.compiled import CompiledPage, CompiledSave, CompiledUpdate, PortablePage
from schema.sql.statement import Statement

NULL = b"null"
_SEVERAL = "Several rows are answered with this key; nothing was written."
_GONE = (
    "{}: a trigger of the database gave a row another key, or removed it, so that it can't be "
    "answered; nothing was written."
)
_KEYLESS = "{}: a row whose key is NULL can't be answered; nothing was written."
_FORBIDDEN = "Your role may not store a row like this; nothing was written."
_UNSEEN = "{}: the view wouldn't show a row as it was to be written; nothing was written."
_T = TypeVar("_T")
# A page, and the key that another statement gave back where the page is found by that.
Asked = tuple[CompiledPage, Row | None]
Last = tuple[list[Rows], list[bytes]]


def probed_row(rows: Rows) -> Row | None:
    """Return the row that a probe found, if any; raises BadUserInput where it found several."""
    if len(rows) > 1:
        raise BadUserInput(_SEVERAL)
    return rows[0] if rows else None


def divided(row: Row, count: int) -> tuple[Row, Row]:
    """Return the first values of a row, as many as `count` says, and the others."""
    return row[:count], row[count:]


@dataclass(frozen=True)
class WriteContext:
    """What the steps of one mutation document share."""

    compiler: Compiler
    variables: Variables
    portable: Callable[[Variables], OrmReader]
    is_alone: bool = False  # one step is all of the transaction, and its end is COMMIT

    @property
    def database_and_role(self) -> tuple[str, str]:
        """What decides which columns a statement may write, as the database sees it."""
        role = self.variables.get(SESSION, {}).get(ROLE, "")
        return self.variables[SCOPE], role

    def ask(self, statement: Statement) -> Request:
        return request(statement, self.variables)

    def ask_by(self, statement: Statement, key: Row) -> Request:
        """Return a statement of the row with a key that another statement gave back."""
        return request(statement, {**self.variables, RETURNED_KEY: key})

    def checked(
        self, asked: Sequence[Request], pages: Sequence[Asked], checks: Sequence[Asked]
    ) -> Step[Last]:
        """Do what `last` does, unless a check answers null: then nothing is written.

        Raises Forbidden.
        """
        if not checks:
            return (yield from self.last(asked, pages))
        found, answers = yield from continued(self.last(asked, (*checks, *pages)))
        if NULL in answers[: len(checks)]:
            raise Forbidden(_FORBIDDEN)
        return found, answers[len(checks) :]

    def last(self, asked: Sequence[Request], pages: Sequence[Asked]) -> Step[Last]:
        """Send what is left of a step; return the rows of each request and the answer of each page.

        Pages of ORM execution are read inside the transaction, which is therefore not ended yet.
        Nor is it where several pages are answered: together they may be too large.
        """
        requests = [*asked]
        for page, key in pages:
            if isinstance(page, Statement):
                requests.append(request(page, self._with(key)))
        is_last = len(pages) <= 1 and all(isinstance(page, Statement) for page, _ in pages)
        found = (yield Batch(tuple(requests), is_last=is_last)) if requests else []
        answered = iter(found[len(asked) :])
        answers = [
            first_value(next(answered))
            if isinstance(page, Statement)
            else self.portable(self._with(key)).answer(page.page)
            for page, key in pages
        ]
        return found[: len(asked)], answers

    def may_move(self, table: Table) -> bool:
        """Return whether an UPDATE may leave a row under a key that isn't known, or that is NULL.

        MySQL shows triggers only to users who may make them; there any table may have some.
        """
        is_known = self.compiler.dialect.writes_return_keys and not table.key_may_be_null
        return table.has_triggers or not is_known

    def read(self, page: PortablePage) -> bytes:
        return self.portable(self.variables).answer(page.page)

    def _with(self, key: Row | None) -> Variables:
        return self.variables if key is None else {**self.variables, RETURNED_KEY: key}


def continued(step: Step[_T]) -> Step[_T]:
    """Run a step after which others follow, or which may yet be refused."""
    try:
        batch = next(step)
        while True:
            batch = step.send((yield Batch(batch.requests)))
    except StopIteration as stop:
        result: _T = stop.value
        return result


def checked_last(table: Table, step: Step[Last]) -> Step[Last]:
    """Run the last statements of a write, and see that its rows are found before they are kept.

    Of several requests each belongs to a key, and one that wrote nothing has no row to be found.
    Raises RefusedByTrigger.
    """
    found, answers = yield from continued(step)
    check_answers(table, answers, [bool(rows) for rows in found] or [True])
    return found, answers


def check_answers(table: Table, answers: Sequence[bytes], done: Sequence[bool]) -> None:
    """See that each row that was written is answered; `done` says of each key whether it was.

    Raises RefusedByTrigger.
    """
    if any(
        is_done and answer == NULL for is_done, answer in zip(cycle(done), answers, strict=False)
    ):
        text = _KEYLESS if table.key_may_be_null else _UNSEEN if table.is_view else _GONE
        raise RefusedByTrigger(text.format(table.name))


def first_value(rows: Rows) -> bytes:
    """Return the one JSON text that a statement answered; no row is `null`."""
    value = rows[0][0] if rows else None
    return NULL if value is None else value


def list_value(rows: Rows) -> bytes:
    """Return the JSON array of the texts that a statement answered, one in each row."""
    if not rows:
        return b"[]"
    pieces = [b","] * (2 * len(rows) + 1)
    pieces[1::2] = [text for (text,) in rows]
    pieces[0], pieces[-1] = b"[", b"]"
    return b"".join(pieces)


def updated(
    writer: WriteContext,
    write: CompiledUpdate | CompiledSave,
    probed: Row,
    chosen: tuple[int, ...],
    pages: Sequence[CompiledPage],
    held: Row,
) -> Step[list[bytes] | None]:
    """Update the row that was probed, then answer pages of it; None where the database refused.

    `held` are the flags that the check may ask for.

    Raises RefusedByTrigger where the row is found no more.
    """
    table = write.plan.table
    asked = [writer.ask(writer.compiler.update(write, chosen))] if chosen else []
    check = [write.check] if write.check is not None and chosen else []
    if not write.returns_key:
        own = _new_key(write, probed, chosen) if write.new_key else None
        checks = [(page, (*(own or ()), *held) or None) for page in check]
        step = writer.checked(asked, [(page, own) for page in pages], checks)
        is_checked = asked and writer.may_move(table) and write.check is None
        found, answers = yield from checked_last(table, step) if is_checked else step
        return None if found and not found[0] else answers
    key = _probed_key(write, probed)
    if asked:
        (keys,) = yield Batch(tuple(asked))
        if not keys:
            return None
        key = keys[0]
    checks = [(page, (*key, *held)) for page in check]
    step = writer.checked((), [(page, key) for page in pages], checks)
    _, answers = yield from checked_last(table, step) if write.check is None else step
    return answers


def _probed_key(write: CompiledUpdate | CompiledSave, probed: Row) -> Row:
    """Return the key that stands after the flags of a probe, and what stands after it."""
    plan = write.plan
    flags = len(plan.values) + (len(plan.expected) if isinstance(plan, Save) else 0)
    return probed[flags : flags + len(plan.table.primary_key) + len(write.new_key)]


def _new_key(write: CompiledUpdate | CompiledSave, probed: Row, chosen: tuple[int, ...]) -> Row:
    """Return a probe's key and its new key, where only the values at `chosen` are written."""
    plan, key = write.plan, list(_probed_key(write, probed))
    names = plan.table.primary_key
    for place, index in enumerate(write.new_key, len(names)):
        if index not in chosen:
            key[place] = key[names.index(plan.values[index].column.name)]
    return tuple(key)
