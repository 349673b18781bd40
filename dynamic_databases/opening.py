"""How a connection to a registered database is made, per vendor, and what is known of it afterwards."""

from __future__ import annotations

import logging
import math
import select
import sys
from pathlib import Path
from typing import Any

from django.db import connections as _django_connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.addresses import guard
from dynamic_databases.errors import CannotConnect, NotRegistered

# Typed loosely: Django's storage of wrappers (`_connections`) is no part of its public types.
connections: Any = _django_connections

_log = logging.getLogger("dynamic_databases.opening")
_ENDS = "gateway_ends_after_use"
_MYSQL_SESSION = "gateway_mysql_session"
_FILE = "gateway_file"
_TLS_MODES = ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
# `{}` is the time in milliseconds that a statement may take. MySQL's own limit is for reads alone; the
# waits for locks, which writes may hang on, are whole seconds on both. JSON is put together in a
# session's memory, up to a packet's size.
_SESSION = {
    "postgresql": "SET statement_timeout = {}; SET intervalstyle = 'iso_8601'",
    "mysql": (
        "SET SESSION time_zone = '+00:00', group_concat_max_len = 1073741824,"
        " innodb_lock_wait_timeout = ceil({} / 1000), @gateway = 0,"
        " sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
        "/*M!, max_statement_time = {} / 1000 *//*!80000, max_execution_time = {} */"
    ),
    "microsoft": "SET XACT_ABORT ON; SET LOCK_TIMEOUT {}",
}


def new_wrapper(alias: str) -> BaseDatabaseWrapper:
    """Return a wrapper that is not connected yet. Raises NotRegistered."""
    try:
        wrapper: BaseDatabaseWrapper = connections.create_connection(alias)
    except KeyError:  # of the settings, which lost it a moment ago
        raise NotRegistered(alias) from None
    guard(wrapper)
    return wrapper


def open_connection(wrapper: BaseDatabaseWrapper, statement_timeout_ms: int) -> None:
    """Connect, and set the session up. Raises CannotConnect."""
    with outcomes.translated(wrapper.vendor, writing=False, connecting=True):
        wrapper.ensure_connection()
        if wrapper.vendor == "sqlite":
            wrapper.__dict__[_FILE] = _file_of(wrapper)
        if wrapper.vendor == "mysql":
            # Told now: the driver refuses to tell while a statement runs.
            session = wrapper.connection
            wrapper.__dict__[_MYSQL_SESSION] = (session.thread_id(), session.fileno())
            _require_tls(wrapper)
        if wrapper.vendor == "microsoft":
            _open_microsoft(wrapper, statement_timeout_ms)
        if statement := _SESSION.get(wrapper.vendor):
            with wrapper.cursor() as cursor:
                cursor.execute(statement.replace("{}", str(statement_timeout_ms)))


def mysql_session_of(wrapper: BaseDatabaseWrapper) -> tuple[int, int]:
    """Return the number of a connection's session at the server, and its socket's descriptor here."""
    session: tuple[int, int] = wrapper.__dict__[_MYSQL_SESSION]
    return session


def is_stale(wrapper: BaseDatabaseWrapper) -> bool:
    """Return whether something arrived while nobody asked (the server's farewell, as a rule), or the file was replaced."""
    connection: Any = wrapper.connection
    if wrapper.vendor == "sqlite":
        path, identity = wrapper.__dict__[_FILE]
        return bool(_identity(path) != identity)
    if wrapper.vendor == "postgresql":
        descriptor = connection.pgconn.socket
    elif wrapper.vendor == "mysql":
        _, descriptor = mysql_session_of(wrapper)
    else:
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def close(wrapper: BaseDatabaseWrapper) -> None:
    """Close a connection, which may be lost already: what was done over it stays what it was.

    Microsoft's driver raises where it can't say goodbye.
    """
    try:
        wrapper.close()
    except outcomes.DRIVER_ERRORS as error:
        event = {"alias": wrapper.alias, "error": type(error).__name__}
        _log.info("a connection was lost before it was closed", extra={"event": event})


def end_after_use(wrapper: BaseDatabaseWrapper) -> None:
    """Have a connection closed after the use that it is in.

    A request to cancel reaches the server some time after it was sent: over a connection that is used
    again it would end somebody else's statement.
    """
    wrapper.__dict__[_ENDS] = True


def is_reusable(wrapper: BaseDatabaseWrapper) -> bool:
    """Return whether a connection is as good as new after its use."""
    if wrapper.connection is None or _ENDS in wrapper.__dict__:
        return False
    if wrapper.in_atomic_block or wrapper.needs_rollback or wrapper.errors_occurred:
        return False
    return not getattr(wrapper.connection, "closed", False)


def _file_of(wrapper: Any) -> tuple[str, tuple[int, int]]:
    """Return the file that a SQLite connection has open, and which one it is."""
    path = next(row[2] for row in wrapper.connection.execute("PRAGMA database_list"))
    return path, _identity(path)


def _identity(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def forget_version(alias: str) -> None:
    """mssql-django keeps the version of each alias's server for the life of the process."""
    if mssql := sys.modules.get("mssql.base"):
        mssql.DatabaseWrapper._known_versions.pop(alias, None)
        mssql.DatabaseWrapper._known_azures.pop(alias, None)


def _require_tls(wrapper: BaseDatabaseWrapper) -> None:
    """MariaDB's client takes REQUIRED and connects without TLS all the same: see what came of it."""
    if wrapper.settings_dict["OPTIONS"].get("ssl_mode") not in _TLS_MODES:
        return
    with wrapper.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        cipher = cursor.fetchone()
    if not cipher or not cipher[1]:
        wrapper.close()
        raise CannotConnect("The server doesn't speak TLS, which ssl_mode requires.")


def _open_microsoft(wrapper: Any, statement_timeout_ms: int) -> None:
    """mssql-django leaves a new connection as its driver opens it: every statement in a transaction."""
    wrapper.connection.autocommit = True
    wrapper.connection.timeout = math.ceil(statement_timeout_ms / 1000)
