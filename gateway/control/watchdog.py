"""Ends statements of the control database that run past their deadline.

No time-out of the driver ends a wait for a peer that fell silent; another thread's shutdown of the
socket does. Statements take `seconds` at most, or less inside `limited_to`.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dynamic_databases.connections.sockets import socket_of

_log = logging.getLogger("gateway.control")
_LOOK_SECONDS = 0.1
_COMMAND_SECONDS = 60.0  # of a statement of a command, such as a migration's


@dataclass(eq=False)
class _Statement:
    """A statement under way: the driver's connection, and when its time is over."""

    connection: Any  # psycopg's
    ends_at: float  # by the monotonic clock


@dataclass
class ControlWatchdog:
    """Watches the statements of one process. Its thread runs while there are any."""

    seconds: float = _COMMAND_SECONDS
    _running: set[_Statement] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _own: threading.local = field(default_factory=threading.local)

    @contextmanager
    def limited_to(self, seconds: float) -> Iterator[None]:
        """Give this thread's statements inside at most `seconds` each."""
        before = self.limit
        self._own.limit = min(seconds, before)
        try:
            yield
        finally:
            self._own.limit = before

    @property
    def limit(self) -> float:
        """The seconds that a statement of this thread may take."""
        return min(getattr(self._own, "limit", math.inf), self.seconds)

    @contextmanager
    def watching(self, connection: Any) -> Iterator[None]:
        """End the wait inside by closing the connection's socket once the time is over."""
        statement = _Statement(connection, time.monotonic() + self.limit)
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="control", daemon=True)
                thread.start()  # waits for the lock
                self._thread = thread
            self._running.add(statement)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(statement)

    def _work(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            with self._lock:
                now = time.monotonic()
                for statement in [one for one in self._running if one.ends_at < now]:
                    self._running.discard(statement)
                    _shut_down(statement.connection)
                if not self._running:
                    self._thread = None
                    return


def _shut_down(connection: Any) -> None:
    """End the connection's socket: the thread that waits for it gets an error at once."""
    if connection.closed:
        return
    try:
        socket_of(connection.fileno()).shut_down()
    except (OSError, psycopg.Error) as error:  # it was closed a moment ago, as a rule
        _log.info("a control connection could not be shut down: %s", type(error).__name__)


control_watchdog = ControlWatchdog()  # one per process, as Django's connections are
