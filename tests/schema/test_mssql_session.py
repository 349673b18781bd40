"""What SQL Server's session and the ORM's cursor make of answers of several results.

No server is at hand: a driver's cursor plays results as Microsoft's manual says that they come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
from django.db.utils import DatabaseError

from dynamic_databases.connections.vendors.mssql_cursor import CompleteCursor
from dynamic_databases.errors import TooDeep
from schema.answer_size import AnswerMeter
from schema.execution.round_trips import End, Request, RoundTrip
from schema.execution.sessions.mssql import MssqlSession
from schema.sql.statement import Statement

pytestmark = pytest.mark.pure


class Refused(Exception):
    """What the driver raises for a trigger's RAISERROR."""


class PlayedCursor:
    """Plays results, one after the other: rows, a count, or an error."""

    def __init__(self, results: list, log: list[str]) -> None:
        self._results = list(results)
        self._log = log

    def execute(self, sql, *_parameters):
        self._log.append(sql)
        self._play()

    def nextset(self) -> bool:
        if not self._results:
            self.description, self.rowcount = None, -1
            return False
        self._play()
        return True

    def _play(self) -> None:
        result = self._results.pop(0) if self._results else -1
        if isinstance(result, Exception):
            raise result
        is_rows = isinstance(result, list)
        self.description = [("a",)] if is_rows else None
        self.rowcount = -1 if is_rows else result
        self._rows = result if is_rows else []

    def __iter__(self):
        return iter(self._rows)

    def close(self) -> None:
        """There is nothing to give back."""


@contextmanager
def as_django() -> Iterator[None]:
    """Raise Django's error for the driver's, as its wrapper does."""
    try:
        yield
    except Refused as error:
        raise DatabaseError from error


def session_of(*results, log: list[str] | None = None, translate: bool = False) -> MssqlSession:
    """Return a session whose every statement gets these results."""
    sent: list[str] = [] if log is None else log
    connection = SimpleNamespace(cursor=lambda: PlayedCursor(list(results), sent))
    errors = as_django() if translate else nullcontext()
    wrapper = SimpleNamespace(connection=connection, wrap_database_errors=errors)
    return MssqlSession(wrapper, "BEGIN TRANSACTION", AnswerMeter())


def asked(session: MssqlSession, parameters=()) -> list:
    statement = Statement("UPDATE", (), ())
    (rows,) = session.send(RoundTrip((Request(statement, list(parameters)),)))
    return rows


ANSWERS = {
    "rows alone": ([[(1,)]], [(1,)]),
    "a count of a trigger before them": ([1, [(1,)]], [(1,)]),
    "rows of a trigger before them": ([[("audit",)], [(1,)]], [(1,)]),
    "nothing was written": ([[("audit",)], []], []),
    "no rows at all": ([-1], []),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_last_rows_are_the_statements_own(name: str) -> None:
    results, rows = ANSWERS[name]

    assert asked(session_of(*results)) == rows


@pytest.mark.parametrize("results", [[1, Refused()], [[(1,)], Refused()], [Refused()]])
def test_a_refusal_after_other_results_is_raised(results: list) -> None:
    with pytest.raises(Refused):
        asked(session_of(*results))


def test_a_transaction_is_committed_in_the_servers_own_words() -> None:
    """The driver's commit would say nothing where a trigger has rolled back: COMMIT is 3902."""
    log: list[str] = []
    session = session_of(-1, log=log)

    session.send(RoundTrip((), begins=True))
    assert session.is_open
    session.send(RoundTrip((), ends=End.COMMIT))
    assert not session.is_open
    session.send(RoundTrip((), begins=True))
    session.send(RoundTrip((), ends=End.ROLLBACK))

    begin = "BEGIN TRANSACTION"
    commit = "WHILE @@TRANCOUNT > 1 COMMIT TRANSACTION; COMMIT TRANSACTION"
    assert log == [begin, commit, begin, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"]


def test_begin_on_a_dead_connection_is_an_error_of_the_database() -> None:
    """It was the driver's own, which no table of errors knows."""
    session = session_of(Refused(), translate=True)

    with pytest.raises(DatabaseError):
        session.send(RoundTrip((), begins=True))


def test_the_sum_of_values_has_a_bound() -> None:
    assert asked(session_of([(1,)]), range(2_098)) == [(1,)]
    with pytest.raises(TooDeep):
        asked(session_of([(1,)]), range(2_099))


COUNTS = {
    "the update's own": ([1], 1),
    "a trigger's before it": ([7, 1], 1),
    "a trigger's rows before it": ([[("audit",)], 1], 1),
    "no row is there": ([0], 0),
}


@pytest.mark.parametrize("name", COUNTS)
def test_the_orm_is_told_the_last_count(name: str) -> None:
    results, count = COUNTS[name]
    cursor = CompleteCursor(PlayedCursor(results, []))

    assert cursor.execute("SET NOCOUNT OFF; UPDATE t SET a = ?", [1]).rowcount == count


@pytest.mark.parametrize("results", [[1, Refused()], [[("audit",)], 1, Refused()]])
def test_the_orm_hears_of_a_refusal_after_a_count(results: list) -> None:
    with pytest.raises(Refused):
        CompleteCursor(PlayedCursor(results, [])).execute("SET NOCOUNT OFF; DELETE FROM t")


def test_the_orm_reads_its_rows_as_before() -> None:
    cursor = CompleteCursor(PlayedCursor([[(1,), (2,)]], [])).execute("SELECT a FROM t")

    assert list(cursor) == [(1,), (2,)]
    with pytest.raises(TooDeep):
        cursor.execute("SELECT a FROM t", range(2_099))
