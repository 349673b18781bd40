"""One thread that ends what runs past its deadline, from outside.

A server is asked to cancel; a connection whose peer is silent is ended by shutting its socket down,
because no time-out of the driver ends a wait for a silent peer.
"""

from __future__ import annotations

import logging
import math
import os
import queue
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.connections import mysql_session_of
from dynamic_databases.outcomes import DRIVER_ERRORS

_log = logging.getLogger("gateway.watchdog")
_CANCEL_SECONDS = 1.0
_GRACE_SECONDS = 0.2


@dataclass(frozen=True)
class Overdue:
    """A connection that runs too long, and whether it still does; `closes` where nobody else will."""

    wrapper: BaseDatabaseWrapper
    still_running: Callable[[], bool]
    closes: bool = False


class Watchdog:
    """Takes overdue connections and ends their statements."""

    def __init__(self) -> None:
        self._overdue: queue.SimpleQueue[Overdue | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def end(self, overdue: Overdue) -> None:
        self._overdue.put(overdue)

    def stop(self) -> None:
        self._overdue.put(None)
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while (overdue := self._overdue.get()) is not None:
            if overdue.still_running():
                _end(overdue)
            if overdue.closes:
                overdue.wrapper.close()


def _end(overdue: Overdue) -> None:
    connection = overdue.wrapper.connection
    if connection is None:
        return
    try:
        if overdue.wrapper.vendor == "sqlite":
            connection.interrupt()
        elif overdue.wrapper.vendor == "postgresql":
            _end_postgresql(overdue)
        elif overdue.wrapper.vendor == "mysql":
            _end_mysql(overdue)
    except (*DRIVER_ERRORS, OSError) as error:
        _log.warning("a statement could not be cancelled: %s", type(error).__name__)


def _end_postgresql(overdue: Overdue) -> None:
    connection = overdue.wrapper.connection
    try:
        connection.cancel_safe(timeout=_CANCEL_SECONDS)
    except DRIVER_ERRORS:
        _log.info("the server took no cancel request")
    if threading.Event().wait(_GRACE_SECONDS) or not overdue.still_running():
        return
    # A copy of the descriptor: libpq keeps its own, which must not be closed under it.
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as copy:
        copy.shutdown(socket.SHUT_RDWR)


def _end_mysql(overdue: Overdue) -> None:
    """Ask the server over a second connection; the first is busy with the statement."""
    wrapper: Any = overdue.wrapper
    session, descriptor = mysql_session_of(wrapper)
    try:
        options = {**wrapper.get_connection_params(), "connect_timeout": math.ceil(_CANCEL_SECONDS)}
        with wrapper.wrap_database_errors, closing(wrapper.Database.connect(**options)) as other:
            other.query(f"KILL QUERY {session}")
    except DRIVER_ERRORS:
        _log.info("the server took no cancel request")
    if threading.Event().wait(_GRACE_SECONDS) or not overdue.still_running():
        return
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        copy.shutdown(socket.SHUT_RDWR)
