"""Rows inserted in their order, as many at a time as don't wait for each other's keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dynamic_databases.errors import RefusedByTrigger
from schema.errors import BadUserInput
from schema.execution.round_trips import Batch, Row, Rows, Step, Variables, request
from schema.plan.nodes import EVERYTHING
from schema.plan.operands import VariableRef
from schema.sql.compiled import CompiledRow

_ROWS_PER_BATCH = 500


def inserted_rows(
    rows: Sequence[CompiledRow], variables: Variables, *, is_all: bool
) -> Step[dict[str, Row]]:
    """Insert rows; return what each that was written gave back, by its result's name.

    `is_all` says that nothing follows after the last of them.
    """
    known: dict[str, Any] = dict(variables)
    written: dict[str, Row] = {}
    batches = list(_batches(rows))
    for place, batch in enumerate(batches, 1):
        # Whether a row that a conflict left as it was can be found is known only afterwards.
        is_open = any(one.row.is_needed and one.row.on_conflict for one in batch)
        ends = is_all and place == len(batches) and not is_open
        asked = tuple(
            request(statement, known)
            for one in batch
            for statement in (one.insert, one.inserted)
            if statement is not None
        )
        found = iter((yield Batch(asked, is_last=ends)))
        for one in batch:
            rows_of_one = next(found)
            row, was_there = _told(one, next(found) if one.inserted else rows_of_one)
            if row is not None and was_there and one.row.visible != EVERYTHING:
                row = None  # it is found below if the role may see it
            if row is not None:
                known[one.row.result] = row
                if not was_there:
                    written[one.row.result] = row
            elif one.row.is_needed:
                known[one.row.result] = yield from _existing(one, known)
    return written


def _told(one: CompiledRow, rows: Rows) -> tuple[Row | None, bool]:
    """Return what came back of a row, if anything, and whether a conflict left it as it was."""
    if not rows:
        if one.inserted is None:
            return None, False
        raise BadUserInput(
            f"{one.row.table.name}: this database can't tell the key that it gave to a new "
            "row; give the key."
        )
    (row,) = rows
    return (row[:-1], int(row[-1]) == 1) if one.tells_conflict else (row, False)


def _existing(one: CompiledRow, variables: Variables) -> Step[Row]:
    """Return the values of a row that onConflict left as it was, for the rows that go with it.

    Raises RefusedByTrigger where there is no conflict that could have left it.
    """
    if one.existing is not None:
        (found,) = yield Batch((request(one.existing, variables),))
        if found:
            return found[0]
    if one.row.on_conflict is None:
        raise RefusedByTrigger(
            f"{one.row.table.name}: a trigger of the database dropped a row that others "
            "refer to; nothing was written."
        )
    raise BadUserInput(
        f"{one.row.table.name}: onConflict left a row as it was that can't be found by the "
        "values given; "
        "give all columns of the constraint, or updateColumns."
    )


def _batches(rows: Sequence[CompiledRow]) -> Iterator[list[CompiledRow]]:
    """Put rows together until one refers to another of the same batch."""
    batch: list[CompiledRow] = []
    results: set[str] = set()
    for one in rows:
        if results & _references(one) or len(batch) == _ROWS_PER_BATCH:
            yield batch
            batch, results = [], set()
        batch.append(one)
        results.add(one.row.result)
    if batch:
        yield batch


def _references(one: CompiledRow) -> set[str]:
    operands = (assignment.slot.operand for assignment in one.row.values)
    return {operand.name for operand in operands if isinstance(operand, VariableRef)}
