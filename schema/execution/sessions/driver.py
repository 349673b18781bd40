"""Round trips over a driver's cursors: each statement is answered before the next."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any, ClassVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.connections.state import GivenSession
from schema.answer_size import AnswerMeter
from schema.execution.round_trips import End, Request, RoundTrip, Row, Rows
from schema.execution.session_statements import SessionStatements
from schema.sql.statement import Statement

_PIECE = 65_536  # bytes that are looked at together: a whole text needs up to four times its bytes


class DriverSession:
    """Common to sessions whose driver runs one statement at a time; one per vendor."""

    commits_alone: ClassVar[bool] = False
    has_pipeline: ClassVar[bool] = False
    keeps_buffers: ClassVar[bool] = False
    copies_texts: ClassVar[bool] = False
    session_statements: ClassVar[Mapping[GivenSession, SessionStatements]] = {}

    def __init__(self, wrapper: BaseDatabaseWrapper, begin: str, meter: AnswerMeter) -> None:
        self._wrapper: Any = wrapper
        self._begin_sql = begin
        self._meter = meter
        self._has_begun = False

    @property
    def is_open(self) -> bool:
        return self._has_begun

    def send(self, round_trip: RoundTrip) -> list[Rows]:
        if round_trip.begins:
            self._has_begun = True
            self._begin()
        found = [self._rows(request) for request in round_trip.requests]
        if round_trip.ends is not None:
            self._end(round_trip.ends)
            self._has_begun = False
        return found

    def writing(self) -> AbstractContextManager[object]:
        return nullcontext()

    def has_failed(self) -> None:
        """Nothing is left but the transaction."""

    def _begin(self) -> None:
        self._run(Statement(self._begin_sql, (), ()), ())

    def _end(self, end: End) -> None:
        self._run(Statement(end.value, (), ()), ())

    def _rows(self, request: Request) -> Rows:
        rows = self._run(request.statement, request.parameters)
        if columns := request.statement.json_columns:
            for number, row in enumerate(rows):  # in place: no second copy of all of them is made
                rows[number] = _with_utf8(row, columns)
        return rows

    def _run(self, statement: Statement, parameters: Sequence[Any]) -> Rows:
        """Run one statement on the driver's own connection and return its rows."""
        with self._errors(), closing(self._cursor()) as cursor:
            self._execute(cursor, statement.sql, parameters)
            return self._answered(cursor)

    def _answered(self, cursor: Any) -> Rows:
        return self._fetched(cursor) if cursor.description else _written_rows(cursor.rowcount)

    def _errors(self) -> AbstractContextManager[Any]:
        """Errors of drivers that are imported only where they are used come as Django's."""
        errors: AbstractContextManager[Any] = self._wrapper.wrap_database_errors
        return errors

    def _cursor(self) -> Any:
        return self._wrapper.connection.cursor()

    def _execute(self, cursor: Any, sql: str, parameters: Sequence[Any]) -> None:
        if parameters:
            cursor.execute(sql, parameters)
        else:
            cursor.execute(sql)

    def _fetched(self, cursor: Any) -> Rows:
        """Return the rows, read one by one: what is too large is not read to its end."""
        rows: Rows = []
        for row in cursor:
            found = tuple(row)
            self._meter.add_row(found)
            rows.append(found)
        return rows


def _written_rows(count: int) -> Rows:
    """Return an empty row for each that was written; one where the driver can't tell (PEP 249)."""
    return [()] * (count if count >= 0 else 1)


def _with_utf8(row: Row, columns: range) -> Row:
    """Return a row whose texts in `columns` are UTF-8 in bytes."""
    texts = tuple(_valid_utf8(row[column]) for column in columns)
    return (*row[: columns.start], *texts, *row[columns.stop :])


def _valid_utf8(data: str | bytes | None) -> bytes | None:
    """SQLite keeps whatever bytes it was given as text; a client must get valid UTF-8."""
    if isinstance(data, str):
        return data.encode()
    if data is None or _is_utf8(data):
        return data
    return data.decode("utf-8", "replace").encode()


def _is_utf8(data: bytes) -> bool:
    try:
        if len(data) <= _PIECE:
            data.decode()
            return True
        decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(data)
        for start in range(0, len(data), _PIECE):
            decoder.decode(view[start : start + _PIECE], final=start + _PIECE >= len(data))
    except UnicodeDecodeError:
        return False
    return True
