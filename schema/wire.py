"""PostgreSQL's extended query protocol over psycopg's libpq: exchanges sent in one go, then awaited.

Nothing here blocks: `send` hands an exchange to libpq, `flush` and `receive` are called when the
socket can be written and read, `results` has the rows in the end (libpq manual, §34.4 and §34.5,
asynchronous commands and pipeline mode). Statements are prepared on first use, the least used
dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from psycopg import errors, pq
from psycopg.pq.abc import PGconn, PGresult

from schema.exchange import End, Exchange, Request, Rows

_KEPT_STATEMENTS = 300
_WIRE = "gateway_wire"
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)


class Wire:
    """The protocol's state on one connection, which nobody else uses meanwhile."""

    def __init__(self, pgconn: PGconn) -> None:
        self._pgconn = pgconn
        self._names: OrderedDict[str, bytes] = OrderedDict()
        self._made = 0
        self._sent: list[Request | None] = []  # None: what has no rows (BEGIN, preparing)
        self._fresh: list[str] = []  # prepared in this exchange
        self._results: list[PGresult] = []
        self._piped = False

    @property
    def socket(self) -> int:
        return self._pgconn.socket

    @property
    def is_in_transaction(self) -> bool:
        return self._pgconn.transaction_status in (
            pq.TransactionStatus.INTRANS,
            pq.TransactionStatus.INERROR,
        )

    def send(self, exchange: Exchange) -> None:
        """Hand an exchange to libpq."""
        texts = [_texts(request.parameters) for request in exchange.requests]
        # What is sent up to one Sync is a transaction of its own: it needs no BEGIN and COMMIT.
        is_whole = exchange.begins and exchange.ends is End.COMMIT
        begins, ends = exchange.begins and not is_whole, None if is_whole else exchange.ends
        self._sent, self._fresh, self._results = [], [], []
        alone = len(exchange.requests) == 1 and not begins and ends is None
        self._piped = not (alone and exchange.requests[0].statement.sql in self._names)
        if self._piped:
            self._pgconn.enter_pipeline_mode()
        if begins:
            self._command(b"BEGIN")
        for request, values in zip(exchange.requests, texts, strict=True):
            name = self._prepared(request.statement.sql)
            self._pgconn.send_query_prepared(name, values)
            self._sent.append(request)
        if ends is not None:
            self._command(ends.value.encode())
        if self._piped:
            self._pgconn.pipeline_sync()

    def close(self) -> None:
        """End the connection: it can't be used again."""
        self._pgconn.finish()

    def flush(self) -> bool:
        """Return whether all is sent."""
        return self._pgconn.flush() == 0

    def receive(self) -> bool:
        """Take what has arrived; return whether that is all."""
        self._pgconn.consume_input()
        while not self._pgconn.is_busy():
            result = self._pgconn.get_result()
            if result is None:
                if not self._piped:
                    return True
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                self._pgconn.exit_pipeline_mode()
                return True
            else:
                self._results.append(result)
        return False

    def results(self) -> list[Rows]:
        """Return the rows of each request. Raises psycopg's error for the first that failed."""
        found: list[Rows] = []
        for sent, result in zip(self._sent, self._results, strict=False):
            if result.status in _FAILED:
                self._forget()
                raise errors.error_from_result(result)
            if sent is not None:
                found.append(_rows(result, as_bytes=sent.statement.is_answer))
        for result in self._results[len(self._sent) :]:  # what the end of the transaction found
            raise errors.error_from_result(result)
        return found

    def _command(self, text: bytes) -> None:
        self._pgconn.send_query_params(text, None)
        self._sent.append(None)

    def _prepared(self, sql: str) -> bytes:
        name = self._names.get(sql)
        if name is not None:
            self._names.move_to_end(sql)
            return name
        if len(self._names) >= _KEPT_STATEMENTS:
            _, dropped = self._names.popitem(last=False)
            self._command(b"DEALLOCATE " + dropped)
        self._made += 1
        name = self._names[sql] = b"gateway_%d" % self._made
        self._pgconn.send_prepare(name, sql.encode())
        self._sent.append(None)
        self._fresh.append(sql)
        return name

    def _forget(self) -> None:
        """What was prepared in a failed exchange may not be there: make it anew next time."""
        for sql in self._fresh:
            self._names.pop(sql, None)


def wire_of(wrapper: Any) -> Wire:
    """Return the wire of a wrapper's connection; it lives as long as the connection."""
    pgconn = wrapper.connection.pgconn
    known = wrapper.__dict__.get(_WIRE)
    if known is None or known._pgconn is not pgconn:
        known = wrapper.__dict__[_WIRE] = Wire(pgconn)
    return known  # type: ignore[no-any-return]


def _texts(values: list[Any]) -> list[bytes | None]:
    """Return the values in the protocol's text format."""
    return [
        value if value is None or isinstance(value, bytes) else str(value).encode()
        for value in values
    ]


def _rows(result: PGresult, *, as_bytes: bool) -> Rows:
    columns = range(result.nfields)
    rows = [tuple(result.get_value(i, j) for j in columns) for i in range(result.ntuples)]
    if as_bytes:
        return rows
    return [tuple(v.decode() if v is not None else None for v in row) for row in rows]
