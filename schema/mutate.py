"""Write plans in one transaction: all of a mutation document, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, assert_never

import orjson
from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.errors import DatabaseProblem
from schema.errors import BadUserInput, Conflict, TooManyRows
from schema.execute import Variables, answer, execute_count, fetch_row, fetch_rows, run_command
from schema.plan.nodes import AffectedRows, Answer, ChangeFields, Resolve, Save, Typename
from schema.spelling import json_object
from schema.sql.compile import Compiler
from schema.sql.compiled import (
    CompiledDelete,
    CompiledEach,
    CompiledInsert,
    CompiledInserts,
    CompiledRow,
    CompiledRows,
    CompiledSave,
    CompiledUpdate,
    CompiledWrite,
)
from schema.sql.statement import Statement
from schema.sql.write import RETURNED_KEY


@dataclass(frozen=True)
class Transaction:
    """What the steps of one mutation document share."""

    wrapper: BaseDatabaseWrapper
    compiler: Compiler
    variables: Variables
    dry_run: bool = False

    def with_key(self, key: tuple[Any, ...]) -> Variables:
        """Return the variables and a key that a statement gave back."""
        return {**self.variables, RETURNED_KEY: key}


def in_transaction(transaction: Transaction, steps: Sequence[Callable[[], bytes]]) -> list[bytes]:
    """Run `steps` in order and commit; an error of any leaves nothing behind.

    Raises `OutcomeUnknown` where the connection is lost while COMMIT is under way.
    """
    run_command(transaction.wrapper, transaction.compiler.dialect.begin, writing=False)
    try:
        answers = [step() for step in steps]
    except BaseException:
        with suppress(DatabaseProblem):  # the connection is gone, and the transaction with it
            run_command(transaction.wrapper, "ROLLBACK", writing=False)
        raise
    if transaction.dry_run:
        run_command(transaction.wrapper, "ROLLBACK", writing=False)
        return answers
    try:
        run_command(transaction.wrapper, "COMMIT", writing=True)
    except DatabaseProblem:
        with suppress(
            DatabaseProblem
        ):  # a constraint checked at the end: the server has rolled back
            run_command(transaction.wrapper, "ROLLBACK", writing=False)
        raise
    return answers


def run_write(transaction: Transaction, write: CompiledWrite) -> bytes:
    """Run one write and return its root field's JSON text; `null` where there is no such row."""
    match write:
        case CompiledInsert():
            found = _insert(transaction, write)
        case CompiledInserts():
            found = _inserts(transaction, write)
        case CompiledUpdate():
            found = _update(transaction, write)
        case CompiledSave():
            found = _save(transaction, write)
        case CompiledRows():
            found = _rows(transaction, write)
        case CompiledEach():
            found = b"[%b]" % b",".join(_rows(transaction, one) for one in write.writes)
        case CompiledDelete():
            found = answer(transaction.wrapper, write.page, transaction.variables)
            execute_count(transaction.wrapper, write.delete, transaction.variables)
        case _:
            assert_never(write)
    return found


def _insert(transaction: Transaction, write: CompiledInsert) -> bytes:
    written = _insert_rows(transaction, write.rows)
    if write.main not in written:  # onConflict did nothing
        return b"null"
    return answer(transaction.wrapper, write.page, transaction.with_key(written[write.main]))


def _inserts(transaction: Transaction, write: CompiledInserts) -> bytes:
    written = _insert_rows(transaction, write.rows)
    keys = [written[main] for main in write.plan.mains if main in written]
    return _rows_answer(transaction, write.plan.answer, write.returning, keys, len(written))


def _insert_rows(
    transaction: Transaction, rows: Sequence[CompiledRow]
) -> dict[str, tuple[Any, ...]]:
    """Insert rows in their order; return the keys of those that were written, by their results' names."""
    variables = dict(transaction.variables)
    written: dict[str, tuple[Any, ...]] = {}
    for one in rows:
        found = fetch_row(transaction.wrapper, one.insert, variables)
        if found is not None:
            written[one.row.result] = found
        elif one.row.is_needed:
            found = _existing(transaction, one, variables)
        variables[one.row.result] = found
    return written


def _existing(transaction: Transaction, one: CompiledRow, variables: Variables) -> tuple[Any, ...]:
    """Return the values of a row that onConflict left as it was, for the rows that go with it."""
    found = fetch_row(transaction.wrapper, one.existing, variables) if one.existing else None
    if found is None:
        raise BadUserInput(
            f"{one.row.table.name}: onConflict left a row as it was that can't be found by the values given; "
            "give all columns of the constraint, or updateColumns."
        )
    return found


def _rows(transaction: Transaction, write: CompiledRows) -> bytes:
    """Write the rows, see that they aren't too many, answer those that are asked for."""
    keys = fetch_rows(transaction.wrapper, write.keys, transaction.variables)
    _check_count(transaction, write, len(keys))
    answered = _rows_answer(transaction, write.plan.answer, write.returning, keys, len(keys))
    if write.each is not None:
        for key in keys:
            execute_count(transaction.wrapper, write.each, transaction.with_key(key))
    return answered


def _rows_answer(
    transaction: Transaction,
    answers: Sequence[Answer],
    returning: Mapping[str, Statement],
    keys: list[tuple[Any, ...]],
    count: int,
) -> bytes:
    parts: list[tuple[str, bytes]] = []
    for part in answers:
        if isinstance(part, Typename):
            value = orjson.dumps(part.name)
        elif isinstance(part, AffectedRows):
            value = str(count).encode()
        else:
            value = _returned(transaction, returning[part.key], keys)
        parts.append((part.key, value))
    return json_object(parts)


def _check_count(transaction: Transaction, write: CompiledRows, count: int) -> None:
    """An error here rolls the whole transaction back: nothing was written."""
    maximum = write.plan.at_most.read(transaction.variables)
    if count > maximum:
        raise TooManyRows(
            f"{count} rows match, above atMost: {maximum}; nothing was written.", {"matched": count}
        )


def _returned(transaction: Transaction, statement: Statement, keys: list[tuple[Any, ...]]) -> bytes:
    rows = (answer(transaction.wrapper, statement, transaction.with_key(key)) for key in keys)
    return b"[%b]" % b",".join(rows)


def _update(transaction: Transaction, write: CompiledUpdate) -> bytes:
    """Lock the row, ask which values differ, write those alone."""
    flags = fetch_row(transaction.wrapper, write.probe, transaction.variables)
    if flags is None:
        return b"null"
    _write_chosen(transaction, write, tuple(i for i, differs in enumerate(flags) if differs))
    return answer(transaction.wrapper, write.page, transaction.variables)


def _save(transaction: Transaction, write: CompiledSave) -> bytes:
    """The three-way save: base is what the client expects, theirs what is there, mine what to write."""
    plan = write.plan
    found = fetch_row(transaction.wrapper, write.probe, transaction.variables)
    if found is None:
        return b"null"
    count = len(plan.values)
    differs = [bool(flag) for flag in found[:count]]
    moved = {
        a.column.name
        for a, changed in zip(plan.expected, found[count : count + len(plan.expected)], strict=True)
        if changed
    }
    before: dict[str, Any] = orjson.loads(found[-1]) if count else {}
    clashing = [i for i, a in enumerate(plan.values) if differs[i] and a.column.name in moved]
    if clashing and plan.resolve is Resolve.FAIL:
        raise Conflict(
            "The row was changed by someone else.",
            {"conflicts": _conflicts(transaction, plan, clashing, before)},
        )
    skipped = set(clashing) if plan.resolve is Resolve.THEIRS else set()
    chosen = tuple(i for i in range(count) if differs[i] and i not in skipped)
    _write_chosen(transaction, write, chosen)
    after = _values_after(transaction, write) if chosen else before
    changes = [_change(plan, i, before, after) for i in chosen]
    return _save_answer(transaction, write, changes)


def _write_chosen(
    transaction: Transaction, write: CompiledUpdate | CompiledSave, chosen: tuple[int, ...]
) -> None:
    if chosen:
        execute_count(
            transaction.wrapper, transaction.compiler.update(write, chosen), transaction.variables
        )


def _values_after(transaction: Transaction, write: CompiledSave) -> dict[str, Any]:
    row = fetch_row(transaction.wrapper, write.after, transaction.variables)
    return {} if row is None else orjson.loads(row[-1])


def _conflicts(
    transaction: Transaction, plan: Save, clashing: list[int], theirs: Mapping[str, Any]
) -> list[dict[str, Any]]:
    base = {a.column.name: a.slot.operand.read(transaction.variables) for a in plan.expected}
    fields = dict(plan.field_of)
    return [
        {
            "field": fields[plan.values[i].column.name],
            "base": _plain(base[plan.values[i].column.name]),
            "mine": _plain(plan.values[i].slot.operand.read(transaction.variables)),
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
    transaction: Transaction, write: CompiledSave, changes: list[dict[str, Any]]
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
            value = answer(transaction.wrapper, write.rows[part.key], transaction.variables)
        parts.append((part.key, value))
    return json_object(parts)


def _plain(value: Any) -> Any:
    """Return a coerced input as JSON shows it."""
    return (
        value
        if value is None or isinstance(value, bool | int | float | str | list | dict)
        else str(value)
    )
