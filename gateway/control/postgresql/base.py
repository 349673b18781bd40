"""Django's PostgreSQL backend, whose statements and commits end at their deadline.

Before a connection is opened the server is asked whether it answers at all: libpq and psycopg take
two seconds at least to give up (psycopg's `connect_timeout`), which a poll doesn't have.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.utils import InternalError, OperationalError

from gateway.control.watchdog import control_watchdog

# PostgreSQL's SSLRequest: each server answers it with one byte
# (protocol manual, "SSL Session Encryption").
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_CONNECT_SECONDS = 2.0  # for a server to answer that


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that no silent peer can hold."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(self._watched)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        seconds = min(control_watchdog.limit, _CONNECT_SECONDS)
        check_answers(conn_params.get("host") or "", conn_params.get("port"), seconds)
        return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        with control_watchdog.watching(self.connection):
            return bool(super().is_usable())

    def _commit(self) -> None:
        with control_watchdog.watching(self.connection):
            super()._commit()  # type: ignore[misc]  # the stubs lack it

    def _rollback(self) -> None:
        with control_watchdog.watching(self.connection):
            super()._rollback()  # type: ignore[misc]

    def _watched(self, execute: Callable[..., Any], *statement: Any) -> Any:
        try:
            with control_watchdog.watching(self.connection):
                return execute(*statement)
        except InternalError as error:
            # A server that follows another, or lost its disk, takes no writes: it is the server's
            # state, and not an error of the statement's, as the driver has it.
            if isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
                raise OperationalError(*error.args) from error.__cause__
            raise


def check_answers(host: str, port: int | str | None, seconds: float) -> None:
    """Raise psycopg.OperationalError without an answer in time; a local socket isn't asked."""
    if not host or host.startswith("/"):
        return
    try:
        with socket.create_connection((host, int(port or 5432)), timeout=seconds) as probe:
            probe.sendall(_SSL_REQUEST)
            answer = probe.recv(1)
    except OSError as error:
        raise psycopg.OperationalError(f"the server doesn't answer: {error}") from error
    if not answer:
        raise psycopg.OperationalError("the server closed the connection")
