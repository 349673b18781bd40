"""Errors of a control database that can't be used: one name, and plain words for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import psycopg
from django.db.utils import DatabaseError, InterfaceError, OperationalError

# What a statement on the control database raises where nothing is wrong with the statement.
UNREACHABLE = (OperationalError, InterfaceError)
_NO_ANSWER = "doesn't answer now"
DISK_FULL = "has no space left on its disk"
_READ_ONLY = "takes no writes now: it is read-only"
_NO_PLACE = "takes no more connections now"
_BUSY = "is busy with another write"
_NO_FILE = "can't be opened or written where it lies; its disk may be full"
_NOT_MIGRATED = "lacks a table or column: run `manage.py migrate`"
# PostgreSQL manual, appendix A; https://sqlite.org/rescode.html, primary codes.
_SQLSTATES: Mapping[str, str] = {
    "42P01": _NOT_MIGRATED,
    "42703": _NOT_MIGRATED,
    "25006": _READ_ONLY,
    "53100": DISK_FULL,
    "53300": _NO_PLACE,
}
_SQLITE_CODES: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_CANTOPEN: _NO_FILE,
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_IOERR: _NO_FILE,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
}
# A server that refuses a connection sends its reason as text alone (libpq has no result then).
_TOO_MANY = ("too many clients", "too many connections", "remaining connection slots")


def why_unavailable(error: BaseException | None) -> str:
    """Return what follows "the control database …": never SQL, a host, a path or a name."""
    cause = error.__cause__ if isinstance(error, DatabaseError | InterfaceError) else error
    if isinstance(cause, psycopg.Error):
        if cause.sqlstate is None and any(text in str(cause) for text in _TOO_MANY):
            return _NO_PLACE
        return _SQLSTATES.get(cause.sqlstate or "", _NO_ANSWER)
    if isinstance(cause, sqlite3.Error):
        if str(cause).startswith(("no such table", "no such column")):
            return _NOT_MIGRATED
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the rest says more of the same
        return _SQLITE_CODES.get(code, _NO_ANSWER)
    return _NO_ANSWER


def control_failure(error: BaseException) -> str | None:
    """Return what a command says that the control database failed; None for any other error.

    For operators alone: it ends with what the database itself says.
    """
    why = why_unavailable(error)
    if not isinstance(error, UNREACHABLE) and why != _NOT_MIGRATED:
        return None
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    return f"the control database can't be used: it {why} ({reason})"
