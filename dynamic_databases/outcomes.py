"""Driver exception → our error: the only place that looks at a driver's codes.

SQLSTATE: PostgreSQL manual, appendix A. SQLite: https://sqlite.org/rescode.html.
The messages made here reach clients: they hold names of constraints and columns, never SQL, a
host, a path or a value. The driver's own exception stays chained for the log.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db.utils import DatabaseError, InterfaceError

from dynamic_databases.errors import (
    BadValue,
    ConstraintViolation,
    NotPermitted,
    OutcomeUnknown,
    Retryable,
    SchemaChanged,
    StatementFailed,
    TimedOut,
    TooDeep,
    Unavailable,
)

DRIVER_ERRORS = (DatabaseError, InterfaceError, psycopg.Error, sqlite3.Error)

_UNAVAILABLE = "The database can't be reached."
UNKNOWN = "The connection was lost after the write was sent: it may or may not have happened."
_TIMED_OUT = "The database didn't finish in time; nothing was changed."
_NOT_PERMITTED = "The database doesn't permit this to the gateway's user."
_CHANGED = "A table or column that this query needs is no longer there."
_BAD_VALUE = "A value doesn't fit the type of its column."
_REFUSED = "The database refused the statement."
_TOO_DEEP = (
    "The query nests deeper, or is larger, than this database can take; ask for less at a time."
)
_RETRY = "The database ended this because of others writing at the same time; nothing was changed, try again."


@contextmanager
def translated(vendor: str, *, writing: bool) -> Iterator[None]:
    """Raise our errors instead of the driver's; `writing` says whether a write may have been sent."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise classify(error, vendor, writing=writing) from error
    except OverflowError as error:  # sqlite3: an int beyond 64 bits
        raise BadValue("A number is too large for its column.") from error


def classify(error: Exception, vendor: str, *, writing: bool) -> StatementFailed:
    """Return what a driver's exception, or Django's wrapper of one, means."""
    cause = error.__cause__ if isinstance(error, DatabaseError | InterfaceError) else error
    if isinstance(cause, psycopg.Error):
        return _postgresql(cause, writing=writing)
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause)
    return StatementFailed(f"The {vendor} database refused the statement.")


_POSTGRESQL: tuple[tuple[tuple[str, ...], type[StatementFailed], str], ...] = (
    (("57014", "55P03"), TimedOut, _TIMED_OUT),
    (("40001", "40P01"), Retryable, _RETRY),
    (("42P01", "42703", "3F000", "42704"), SchemaChanged, _CHANGED),
    (("42501", "25006"), NotPermitted, _NOT_PERMITTED),
    (("22", "42804"), BadValue, _BAD_VALUE),
    (("54",), TooDeep, _TOO_DEEP),
    (("08", "28", "3D", "53", "57", "58"), Unavailable, _UNAVAILABLE),
)  # by the beginning of the SQLSTATE, the first that fits
_SQLITE: tuple[tuple[tuple[str, ...], type[StatementFailed], str], ...] = (
    (("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT"), TimedOut, _TIMED_OUT),
    (
        ("SQLITE_CANTOPEN", "SQLITE_NOTADB", "SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_FULL"),
        Unavailable,
        _UNAVAILABLE,
    ),
    (("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"), NotPermitted, _NOT_PERMITTED),
    (("SQLITE_MISMATCH", "SQLITE_TOOBIG"), BadValue, _BAD_VALUE),
)


def _postgresql(error: psycopg.Error, *, writing: bool) -> StatementFailed:
    state = error.sqlstate or ""
    if state.startswith("23"):
        return _constraint(state, error)
    for beginnings, kind, message in _POSTGRESQL:
        if state.startswith(beginnings):
            return kind(message)
    if isinstance(error, psycopg.DataError):
        return BadValue(_BAD_VALUE)
    if not state:  # the connection was lost: no server told us why
        return OutcomeUnknown(UNKNOWN) if writing else Unavailable(_UNAVAILABLE)
    return StatementFailed(_REFUSED)


def _constraint(state: str, error: psycopg.Error) -> ConstraintViolation:
    name = error.diag.constraint_name
    columns: tuple[str, ...] = (error.diag.column_name,) if error.diag.column_name else ()
    if state == "23502":
        return ConstraintViolation(
            f"The column {columns[0] if columns else '?'} must have a value.", name, columns
        )
    if state in {"23505", "23503", "23514"}:
        detail = error.diag.message_detail or ""
        if match := re.match(r"Key \(([^=]*)\)=", detail):
            columns = tuple(part.strip().strip('"') for part in match.group(1).split(","))
        what = {"23505": "a row with this key exists", "23503": "the row it refers to, or that refers to it, forbids this",
                "23514": "a value isn't allowed"}[state]  # fmt: skip
        return ConstraintViolation(f"The constraint {name} refuses this: {what}.", name, columns)
    return ConstraintViolation(f"The constraint {name} refuses this.", name, columns)


def _sqlite(error: sqlite3.Error) -> StatementFailed:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_CONSTRAINT"):
        return _sqlite_constraint(name, str(error))
    for beginnings, kind, message in _SQLITE:
        if name.startswith(beginnings):
            return kind(message)
    if re.match(r"no such (table|column)|table .* has no column", str(error)):
        return SchemaChanged(_CHANGED)
    if re.match(
        r"parser stack overflow|Expression tree is too large|too many SQL variables", str(error)
    ):
        return TooDeep(_TOO_DEEP)
    return StatementFailed(_REFUSED)


def _sqlite_constraint(name: str, message: str) -> ConstraintViolation:
    """SQLite names the columns (`UNIQUE constraint failed: t.a, t.b`) or the CHECK's name."""
    _, _, tail = message.partition("constraint failed: ")
    kind = name.removeprefix("SQLITE_CONSTRAINT_")
    if kind in {"UNIQUE", "PRIMARYKEY", "ROWID", "NOTNULL"} and tail:
        columns = tuple(part.strip().rpartition(".")[2] for part in tail.split(","))
        if kind == "NOTNULL":
            return ConstraintViolation(
                f"The column {', '.join(columns)} must have a value.", None, columns
            )
        return ConstraintViolation(f"A row with this {', '.join(columns)} exists.", None, columns)
    if kind == "FOREIGNKEY":
        return ConstraintViolation(
            "A foreign key refuses this: the row it refers to, or that refers to it, forbids it."
        )
    return ConstraintViolation(f"The constraint {tail or kind} refuses this.", tail or None)
