"""Bounds what a database server may send: a driver keeps a result whole, however large it is.

The kernel counts what each TCP connection received (`TCP_INFO`, Linux). A thread looks at the
connections that are in use, and shuts down one whose server sent too much: the driver then raises
as for any lost connection. Other systems have no such count, and SQLite and mssql-python no socket.
"""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.aliases import Alias, as_alias
from dynamic_databases.connections.sockets import DriverSocket
from dynamic_databases.connections.state import state_of

_log = logging.getLogger("dynamic_databases.connections.received")
_LOOK_SECONDS = 0.05
# `tcpi_bytes_received` of `struct tcp_info` (linux/tcp.h): 64 bits at this place.
_BYTES_RECEIVED = 128
_TCP_INFO_BYTES = _BYTES_RECEIVED + 8


@dataclass(slots=True)
class _Use:
    """One use of a connection, and its count when it was first looked at."""

    wrapper: BaseDatabaseWrapper
    before: int | None = None


class ReceiveLimit:
    """Ends connections in use whose server sends more than `limit_bytes` of their alias."""

    def __init__(self, limit_bytes: Callable[[Alias], int]) -> None:
        self.limit_bytes = limit_bytes
        self._uses: dict[int, _Use] = {}
        self._in_use = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._has_failed = False  # which is logged once

    def begin(self, wrapper: BaseDatabaseWrapper) -> None:
        """Look at a connection, which need not be open yet, until `end`."""
        self._uses[id(wrapper)] = _Use(wrapper)
        if self._thread is None:
            self._start()
        if not self._in_use.is_set():
            self._in_use.set()

    def end(self, wrapper: BaseDatabaseWrapper) -> None:
        self._uses.pop(id(wrapper), None)

    def look(self) -> None:
        """Shut down the connections that received too much in their use."""
        for use in tuple(self._uses.values()):
            driver_socket = state_of(use.wrapper).socket
            if driver_socket is not None:
                with suppress(OSError):  # the driver closed it
                    self._look_at(use, driver_socket)

    def _look_at(self, use: _Use, driver_socket: DriverSocket) -> None:
        with driver_socket.copy() as copy:
            received = _received(copy)
        if received is None:
            return
        if use.before is None:
            # A connection that is just being opened received nothing before this use.
            use.before = received if use.wrapper.connection is not None else 0
        limit = self.limit_bytes(as_alias(use.wrapper.alias))
        if received - use.before > limit:
            self.end(use.wrapper)
            driver_socket.shut_down()
            event = {"alias": use.wrapper.alias, "limit_bytes": limit}
            _log.warning(
                "a server sent more than GATEWAY_RECEIVE_LIMIT_BYTES; its connection was closed",
                extra={"event": event},
            )

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="receive-limit", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the system has none left: the next use tries
                    _log.warning("what servers send is not bounded now: no thread could be started")
                    return
                self._thread = thread

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._in_use.wait()
            pause.wait(_LOOK_SECONDS)
            self._in_use.clear()
            if self._uses:
                self._in_use.set()
            try:
                self.look()
            except Exception:  # noqa: BLE001 - other connections are still to be bounded
                if not self._has_failed:
                    self._has_failed = True
                    _log.exception("it could not be looked at what a server sent")


def _received(copy: socket.socket) -> int | None:
    """Return the bytes that a connection received since it was opened; None if not counted."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None or copy.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        info = copy.getsockopt(socket.IPPROTO_TCP, option, _TCP_INFO_BYTES)
    except OSError:
        return None
    if len(info) < _TCP_INFO_BYTES:
        return None
    (received,) = struct.unpack_from("=Q", info, _BYTES_RECEIVED)
    return int(received)
