"""Drives a talk with a database on a leased connection, in a thread that may block."""

from __future__ import annotations

import select
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext, suppress
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.connections import before_commit, writer_of
from dynamic_databases.errors import DatabaseProblem, TooDeep
from schema.exchange import End, Exchange, Request, Row, Rows, Talk
from schema.wire import Wire, wire_of

_T = TypeVar("_T")
_BEGUN = "gateway_transaction"
# ER_CUT_VALUE_GROUP_CONCAT, ER_WARN_ALLOWED_PACKET_OVERFLOWED, ER_JSON_DEPTH.
_CUT = {1260, 1301, 4040}


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
            if wrapper.vendor == "microsoft":  # IDENTITY_INSERT may be on: it is not used again
                wrapper.errors_occurred = True
            if _is_open(wrapper):
                with suppress(DatabaseProblem):  # the connection is gone, the transaction with it
                    _exchange(wrapper, ROLLBACK, begin)
            raise


ROLLBACK = Exchange((), ends=End.ROLLBACK)


def is_lost(exchange: Exchange) -> bool:
    """Return whether a connection that breaks during this exchange leaves the outcome unknown."""
    return exchange.ends is End.COMMIT


def _exchange(wrapper: BaseDatabaseWrapper, exchange: Exchange, begin: str) -> list[Rows]:
    if is_lost(exchange):
        before_commit()
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
    if wrapper.vendor == "sqlite":
        return bool(connection.in_transaction)
    return bool(wrapper.__dict__.get(_BEGUN))


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
    if exchange.begins:
        _begin(wrapper, begin)
    found = [_rows(wrapper, request) for request in exchange.requests]
    if exchange.ends is not None:
        _end(wrapper, exchange.ends)
    return found


def _begin(wrapper: BaseDatabaseWrapper, begin: str) -> None:
    wrapper.__dict__[_BEGUN] = True
    if wrapper.vendor == "microsoft":
        wrapper.connection.autocommit = False  # the driver begins with the first statement
    else:
        _send(wrapper, begin, ())


def _end(wrapper: BaseDatabaseWrapper, end: End) -> None:
    connection: Any = wrapper.connection
    if wrapper.vendor == "microsoft":
        with _django_errors(wrapper):
            connection.commit() if end is End.COMMIT else connection.rollback()
            connection.autocommit = True
    else:
        _send(wrapper, end.value, ())
    wrapper.__dict__[_BEGUN] = False


def _rows(wrapper: BaseDatabaseWrapper, request: Request) -> Rows:
    rows = _send(wrapper, request.statement.sql, request.parameters)
    if wrapper.vendor == "mysql" and wrapper.connection.warning_count():
        _check_warnings(_send(wrapper, "SHOW WARNINGS", ()))
    return [_valid_utf8(row) for row in rows] if request.statement.is_answer else rows


def _send(wrapper: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any]) -> Rows:
    """Run one statement on the driver's own connection and return its rows."""
    with _django_errors(wrapper), closing(wrapper.connection.cursor()) as cursor:
        if parameters or wrapper.vendor == "mysql":  # whose driver takes %% for % only with values
            cursor.execute(sql, parameters)
        else:
            cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


def _django_errors(wrapper: BaseDatabaseWrapper) -> AbstractContextManager[Any]:
    """Errors of drivers that are imported only where they are used come as Django's."""
    if wrapper.vendor == "sqlite":
        return nullcontext()
    errors: AbstractContextManager[Any] = wrapper.wrap_database_errors
    return errors


def _check_warnings(warnings: Rows) -> None:
    """MySQL cuts what is too large for it, or makes it NULL, and only warns."""
    if any(int(code) in _CUT for _, code, _ in warnings):
        raise TooDeep(outcomes.TOO_DEEP)


def _valid_utf8(row: Row) -> Row:
    """SQLite keeps whatever bytes it was given as text; a client must get valid UTF-8."""
    (data,) = row
    if data is None:
        return row
    if isinstance(data, str):
        return (data.encode(),)
    try:
        data.decode()
    except UnicodeDecodeError:
        return (data.decode("utf-8", "replace").encode(),)
    return row
