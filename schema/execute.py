"""Drives a talk with a database on a leased connection, in a thread that may block."""

from __future__ import annotations

import select
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.connections import writer_of
from dynamic_databases.errors import DatabaseProblem
from schema.exchange import End, Exchange, Request, Row, Rows, Talk
from schema.wire import Wire, wire_of

_T = TypeVar("_T")


def drive(wrapper: BaseDatabaseWrapper, talk: Talk[_T], begin: str) -> _T:
    """Run a talk to its end and return what it made.

    `begin` starts a transaction that may write. A transaction that is left open by an error is
    rolled back. Raises the errors of `dynamic_databases.outcomes`, and those of the talk.
    """
    with ExitStack() as held:
        try:
            exchange = next(talk)
            if exchange.begins and wrapper.vendor == "sqlite":
                held.enter_context(writer_of(wrapper))
            while True:
                exchange = talk.send(_exchange(wrapper, exchange, begin))
        except StopIteration as stop:
            result: _T = stop.value
            return result
        except BaseException:
            if _is_open(wrapper):
                with suppress(DatabaseProblem):  # the connection is gone, the transaction with it
                    _exchange(wrapper, ROLLBACK, begin)
            raise


ROLLBACK = Exchange((), ends=End.ROLLBACK)


def is_lost(exchange: Exchange) -> bool:
    """Return whether a connection that breaks during this exchange leaves the outcome unknown."""
    return exchange.ends is End.COMMIT


def _exchange(wrapper: BaseDatabaseWrapper, exchange: Exchange, begin: str) -> list[Rows]:
    with outcomes.translated(wrapper.vendor, writing=is_lost(exchange)):
        if wrapper.vendor == "postgresql":
            wire = wire_of(wrapper)
            wire.send(exchange)
            _wait(wire)
            return wire.results()
        return _one_by_one(wrapper, exchange, begin)


def _is_open(wrapper: BaseDatabaseWrapper) -> bool:
    """Return whether the connection is inside a transaction."""
    connection: Any = wrapper.connection
    if wrapper.vendor == "postgresql":
        return wire_of(wrapper).is_in_transaction
    return bool(connection.in_transaction)


def _wait(wire: Wire) -> None:
    """Block until the exchange is answered; the socket is watched, so that it can be shut down."""
    poll = select.poll()
    poll.register(wire.socket, select.POLLIN | (0 if wire.flush() else select.POLLOUT))
    while True:
        poll.poll()
        if wire.receive():
            return
        poll.modify(wire.socket, select.POLLIN | (0 if wire.flush() else select.POLLOUT))


def _one_by_one(wrapper: BaseDatabaseWrapper, exchange: Exchange, begin: str) -> list[Rows]:
    connection: Any = wrapper.connection
    if exchange.begins:
        connection.execute(begin)
    found = [_rows(connection, request) for request in exchange.requests]
    if exchange.ends is not None:
        connection.execute(exchange.ends.value)
    return found


def _rows(connection: Any, request: Request) -> Rows:
    rows: Rows = connection.execute(request.statement.sql, request.parameters).fetchall()
    return [_valid_utf8(row) for row in rows] if request.statement.is_answer else rows


def _valid_utf8(row: Row) -> Row:
    """SQLite keeps whatever bytes it was given as text; a client must get valid UTF-8."""
    (data,) = row
    if data is None:
        return row
    try:
        data.decode()
    except UnicodeDecodeError:
        return (data.decode("utf-8", "replace").encode(),)
    return row
