"""Ends what runs past its deadline, from outside, and beside each other.

A server is asked to cancel; a connection whose peer is silent is ended by shutting its socket down,
because no time-out of the driver ends a wait for a silent peer.
"""

from __future__ import annotations

import logging
import math
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.opening import close, mysql_session_of
from dynamic_databases.outcomes import DRIVER_ERRORS

_log = logging.getLogger("gateway.watchdog")
_THREADS = 16
_CANCEL_SECONDS = 1.0
_GRACE_SECONDS = 0.2
_OPENING_SECONDS = 30.0  # longer than any driver takes to give up opening a connection


@dataclass(frozen=True)
class Overdue:
    """A connection that runs too long, and whether it still does; `closes` where nobody else will.

    Once it was told to be running still, it must not be used for anything else afterwards.
    """

    wrapper: BaseDatabaseWrapper
    still_running: Callable[[], bool]
    closes: bool = False


class Watchdog:
    """Takes overdue connections and ends their statements.

    `on_silent` is called, in a thread, with the alias of a server that took no request to cancel.
    """

    def __init__(self, on_silent: Callable[[str], None] = lambda _alias: None) -> None:
        self._on_silent = on_silent
        self._threads = ThreadPoolExecutor(_THREADS, "watchdog")

    def end(self, overdue: Overdue) -> None:
        self._threads.submit(self._end, overdue)

    def stop(self) -> None:
        self._threads.shutdown()

    def _end(self, overdue: Overdue) -> None:
        try:
            self._wait_until_open(overdue)
            if overdue.still_running() and not _cancelled(overdue):
                _log.info("the server took no cancel request")
                self._on_silent(overdue.wrapper.alias)
            _shut_down(overdue)
        except (*DRIVER_ERRORS, OSError) as error:
            _log.warning("a statement could not be cancelled: %s", type(error).__name__)
        finally:
            if overdue.closes:
                close(overdue.wrapper)

    def _wait_until_open(self, overdue: Overdue) -> None:
        """A connection that is still being opened has nothing yet to cancel or shut down."""
        end = time.monotonic() + _OPENING_SECONDS
        while overdue.wrapper.connection is None and overdue.still_running():
            if time.monotonic() > end:
                return
            time.sleep(_GRACE_SECONDS / 4)


def _cancelled(overdue: Overdue) -> bool:
    """Ask the server, over another connection, to end the statement; return whether it took that."""
    connection = overdue.wrapper.connection
    if connection is None:
        return True
    if overdue.wrapper.vendor == "sqlite":
        connection.interrupt()
        return True
    if overdue.wrapper.vendor == "microsoft":
        return True  # its driver can't cancel: the server ends it by `query_timeout`
    try:
        if overdue.wrapper.vendor == "postgresql":
            connection.cancel_safe(timeout=_CANCEL_SECONDS)
        else:
            _kill_mysql_query(overdue.wrapper)
    except DRIVER_ERRORS:
        return False
    return True


def _kill_mysql_query(wrapper: Any) -> None:
    session, _ = mysql_session_of(wrapper)
    options = {**wrapper.get_connection_params(), "connect_timeout": math.ceil(_CANCEL_SECONDS)}
    with wrapper.wrap_database_errors, closing(wrapper.Database.connect(**options)) as other:
        other.query(f"KILL QUERY {session}")


def _shut_down(overdue: Overdue) -> None:
    """End the connection where the statement runs on all the same."""
    time.sleep(_GRACE_SECONDS)
    connection = overdue.wrapper.connection
    if connection is None or not overdue.still_running():
        return
    if overdue.wrapper.vendor == "postgresql":
        descriptor = connection.pgconn.socket
    elif overdue.wrapper.vendor == "mysql":
        _, descriptor = mysql_session_of(overdue.wrapper)
    else:
        return
    # A copy of the descriptor: the driver keeps its own, which must not be closed under it.
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        copy.shutdown(socket.SHUT_RDWR)
