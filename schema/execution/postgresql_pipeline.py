"""PostgreSQL's extended query protocol over libpq: pipelined round trips.

Nothing here blocks: `send` hands a round trip to libpq, `flush` and `receive` are called when the
socket can be written and read, `results` has the rows in the end (libpq manual, §34.4 and §34.5,
asynchronous commands and pipeline mode). Statements are prepared on first use.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.pq.abc import PGconn, PGresult

from dynamic_databases.connections.state import state_of
from dynamic_databases.errors import TooDeep
from dynamic_databases.outcomes import TOO_DEEP
from schema.answer_size import AnswerMeter
from schema.errors import AnswerTooLarge
from schema.execution.prepared_statements import Deallocate, Prepare, PreparedStatements
from schema.execution.round_trips import End, Request, RoundTrip, Rows
from schema.sql.answer_size import TOO_LARGE

_MAX_PARAMETERS = 65_535  # the protocol counts them in 16 bits (PostgreSQL manual, "Bind")
_PLAN_IS_OLD = "0A000"  # "cached plan must not change result type"
_NO_NUMBER = "22P02"  # a text that is no number
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)


class Pipeline:
    """The protocol's state on one connection, which no other thread uses meanwhile."""

    def __init__(self, pgconn: PGconn) -> None:
        self._pgconn = pgconn
        self._statements = PreparedStatements()
        # Requests have rows. None is a command such as BEGIN.
        self._sent: list[Request | Prepare | Deallocate | None] = []
        self._results: list[PGresult | Rows] = []
        self._rows: Rows = []  # of the request whose rows are arriving
        self._answered = 0  # how many of those sent are answered to their end
        self._piped = False
        self._meter = AnswerMeter()

    @property
    def socket(self) -> int:
        return self._pgconn.socket

    @property
    def is_in_transaction(self) -> bool:
        return self._pgconn.transaction_status in (
            pq.TransactionStatus.INTRANS,
            pq.TransactionStatus.INERROR,
        )

    @property
    def is_settled(self) -> bool:
        """Whether the server owes no answer and no transaction is open; so it is once closed."""
        return self._pgconn.transaction_status in (
            pq.TransactionStatus.IDLE,
            pq.TransactionStatus.UNKNOWN,
        )

    def send(self, round_trip: RoundTrip, meter: AnswerMeter) -> None:
        """Hand a round trip to libpq.

        `meter` counts what is received. Raises TooDeep for a statement with more values than the
        protocol takes. Where libpq refuses what it is given, the connection is closed: its pipeline
        can't be ended any more.
        """
        self._meter = meter
        texts = [_texts(request.parameters) for request in round_trip.requests]
        try:
            self._send(round_trip, texts)
        except BaseException:
            self.close()
            raise

    def _send(self, round_trip: RoundTrip, texts: list[list[bytes | None]]) -> None:
        # What is sent up to one Sync is a transaction of its own: it needs no BEGIN and COMMIT.
        is_whole = round_trip.begins and round_trip.ends is End.COMMIT
        begins, ends = round_trip.begins and not is_whole, None if is_whole else round_trip.ends
        self._sent, self._results, self._rows, self._answered = [], [], [], 0
        alone = len(round_trip.requests) == 1 and not begins and ends is None
        self._piped = not (alone and round_trip.requests[0].statement.sql in self._statements)
        if self._piped:
            self._pgconn.enter_pipeline_mode()
        if begins:
            self._command(b"BEGIN")
        for request, values in zip(round_trip.requests, texts, strict=True):
            name = self._prepare(request.statement.sql)
            self._pgconn.send_query_prepared(name, values)
            self._sent.append(request)
        if ends is not None:
            self._command(ends.value.encode())
        if self._piped:
            self._pgconn.pipeline_sync()
        self._read_row_by_row()

    def close(self) -> None:
        """End the connection: it can't be used again. What it received is dropped."""
        self._results, self._rows = [], []
        self._pgconn.finish()

    def flush(self) -> bool:
        """Return whether all is sent."""
        return self._pgconn.flush() == 0

    def receive(self) -> bool:
        """Take what has arrived; return whether that is all.

        Raises AnswerTooLarge, and closes the connection: what is still on its way isn't read.
        """
        self._pgconn.consume_input()
        while not self._pgconn.is_busy():
            result = self._pgconn.get_result()
            if result is None:
                if not self._piped:
                    return True
                self._answered += 1
                self._read_row_by_row()
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                self._pgconn.exit_pipeline_mode()
                return True
            else:
                self._take(result)
        return False

    def results(self) -> list[Rows]:
        """Return the rows of each request. Raises psycopg's error for the first that failed."""
        found: list[Rows] = []
        results, self._results = self._results, []
        for sent, result in zip(self._sent, results, strict=False):
            if not isinstance(result, list):
                error = errors.error_from_result(result)
                self._record_failure(sent, error, results)
                raise self._meter.too_large() if _is_too_large(error) else error
            if isinstance(sent, Request):
                found.append(result)
        for result in results[len(self._sent) :]:  # what the end of the transaction found
            if not isinstance(result, list):
                raise errors.error_from_result(result)
        return found

    def _read_row_by_row(self) -> None:
        """Have the rows of the request that is answered next handed out one by one.

        Else libpq would keep all of them before any is counted. One row is all that an answer has.
        After a failure no request is carried out.
        """
        if self._results and not isinstance(self._results[-1], list):
            return
        sent = self._sent[self._answered] if self._answered < len(self._sent) else None
        if isinstance(sent, Request) and not sent.statement.is_answer:
            self._pgconn.set_single_row_mode()

    def _take(self, result: PGresult) -> None:
        """Take the rows of a result, or keep the result where it is an error's."""
        if result.status in _FAILED:
            self._results.append(result)
            return
        sent = self._sent[self._answered] if self._answered < len(self._sent) else None
        if isinstance(sent, Request):
            rows = _rows(result, sent.statement.json_columns)
            try:
                self._meter.add_rows(rows)
            except AnswerTooLarge:
                self.close()
                raise
            self._rows += rows
        if result.status == pq.ExecStatus.COMMAND_OK:
            self._rows = [()] * (result.command_tuples or 0)
        if result.status != pq.ExecStatus.SINGLE_TUPLE:
            self._results.append(self._rows)
            self._rows = []

    def _command(self, text: bytes, command: Deallocate | None = None) -> None:
        self._pgconn.send_query_params(text, None)
        self._sent.append(command)

    def _prepare(self, sql: str) -> bytes:
        """Return the name of a statement, which is prepared first where it isn't yet."""
        name = self._statements.find(sql)
        if name is not None:
            return name
        prepare, surplus = self._statements.add(sql)
        for one in surplus:
            self._command(b"DEALLOCATE " + one.name, one)
        self._pgconn.send_prepare(prepare.name, sql.encode())
        self._sent.append(prepare)
        return prepare.name

    def _record_failure(
        self,
        failed: Request | Prepare | Deallocate | None,
        error: psycopg.Error,
        results: Sequence[PGresult | Rows],
    ) -> None:
        """Count what is prepared: a failed round trip stays prepared up to its failure."""
        self._statements.record(
            (sent, isinstance(result, list))
            for sent, result in zip_longest(self._sent, results[: len(self._sent)])
            if isinstance(sent, Prepare | Deallocate)
        )
        if isinstance(failed, Request) and error.sqlstate == _PLAN_IS_OLD:
            self._statements.drop(failed.statement.sql)


def pipeline_of(wrapper: Any) -> Pipeline:
    """Return the pipeline of a wrapper's connection; it lives as long as the connection."""
    pgconn = wrapper.connection.pgconn
    state = state_of(wrapper)
    known: Pipeline | None = state.pipeline
    if known is None or known._pgconn is not pgconn:
        known = state.pipeline = Pipeline(pgconn)
    return known


def _texts(values: list[Any]) -> list[bytes | None]:
    """Return the values in the protocol's text format. Raises TooDeep where they are too many."""
    if len(values) > _MAX_PARAMETERS:
        raise TooDeep(TOO_DEEP)
    return [
        value if value is None or isinstance(value, bytes) else str(value).encode()
        for value in values
    ]


def _is_too_large(error: psycopg.Error) -> bool:
    """Return whether a statement ended itself because its answer is too large."""
    return error.sqlstate == _NO_NUMBER and TOO_LARGE in (error.diag.message_primary or "")


def _rows(result: PGresult, json_columns: range) -> Rows:
    """Return the values as text, those of `json_columns` as bytes."""
    columns = range(result.nfields)
    return [
        tuple(
            value
            if (value := result.get_value(i, j)) is None or j in json_columns
            else value.decode()
            for j in columns
        )
        for i in range(result.ntuples)
    ]
