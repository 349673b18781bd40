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
    CannotConnect,
    ConstraintViolation,
    NoSpace,
    NotPermitted,
    OutcomeUnknown,
    Retryable,
    SchemaChanged,
    StatementFailed,
    TimedOut,
    TooDeep,
    Unavailable,
)

# Other drivers' own errors come as Django's (`wrap_database_errors`): they are imported where they are used.
DRIVER_ERRORS = (DatabaseError, InterfaceError, psycopg.Error, sqlite3.Error)

_UNAVAILABLE = "The database can't be reached."
UNKNOWN = "The connection was lost after the write was sent: it may or may not have happened."
_TIMED_OUT = "The database didn't finish in time; nothing was changed."
_NOT_PERMITTED = "The database doesn't permit this to the gateway's user."
_CHANGED = "A table or column that this query needs is no longer there."
_BAD_VALUE = "A value doesn't fit the type of its column."
_REFUSED = "The database refused the statement."
TOO_DEEP = (
    "The query nests deeper, or is larger, than this database can take; ask for less at a time."
)
_NO_SPACE = "The database has no space left; nothing was changed."
_RETRY = "The database ended this because of others writing at the same time; nothing was changed, try again."


@contextmanager
def translated(vendor: str, *, writing: bool, connecting: bool = False) -> Iterator[None]:
    """Raise our errors instead of the driver's; `writing` says whether a write may have been sent.

    Whatever fails while `connecting` means that the database can't be reached.
    """
    try:
        yield
    except DRIVER_ERRORS as error:
        failed = classify(error, vendor, writing=writing)
        raise (CannotConnect(failed.message) if connecting else failed) from error
    except OverflowError as error:  # sqlite3: an int beyond 64 bits
        raise BadValue("A number is too large for its column.") from error


def classify(error: Exception, vendor: str, *, writing: bool) -> StatementFailed:
    """Return what a driver's exception, or Django's wrapper of one, means."""
    cause = error.__cause__ if isinstance(error, DatabaseError | InterfaceError) else error
    if isinstance(cause, psycopg.Error):
        return _postgresql(cause, writing=writing)
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause)
    if vendor == "mysql" and cause is not None:
        return _mysql(cause, writing=writing)
    if vendor == "microsoft" and cause is not None:
        return _microsoft(str(cause), writing=writing)
    return StatementFailed(f"The {vendor} database refused the statement.")


_POSTGRESQL: tuple[tuple[tuple[str, ...], type[StatementFailed], str], ...] = (
    (("57014", "55P03"), TimedOut, _TIMED_OUT),
    (("40001", "40P01"), Retryable, _RETRY),
    (("42P01", "42703", "3F000", "42704"), SchemaChanged, _CHANGED),
    (("42501", "25006"), NotPermitted, _NOT_PERMITTED),
    (("22", "42804"), BadValue, _BAD_VALUE),
    (("54",), TooDeep, TOO_DEEP),
    (("53100",), NoSpace, _NO_SPACE),
    (("08", "28", "3D", "53", "57", "58"), Unavailable, _UNAVAILABLE),
)  # by the beginning of the SQLSTATE, the first that fits
_SQLITE: tuple[tuple[tuple[str, ...], type[StatementFailed], str], ...] = (
    (("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT"), TimedOut, _TIMED_OUT),
    (("SQLITE_FULL",), NoSpace, _NO_SPACE),
    (
        ("SQLITE_CANTOPEN", "SQLITE_NOTADB", "SQLITE_IOERR", "SQLITE_CORRUPT"),
        Unavailable,
        _UNAVAILABLE,
    ),
    (("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"), NotPermitted, _NOT_PERMITTED),
    (("SQLITE_MISMATCH", "SQLITE_TOOBIG"), BadValue, _BAD_VALUE),
)


# By the server's number (MySQL 8.0 and MariaDB error references), and the client's from 2000.
_MYSQL: tuple[tuple[frozenset[int], type[StatementFailed], str], ...] = (
    (frozenset({1317, 1969, 3024, 1205}), TimedOut, _TIMED_OUT),
    (frozenset({1213, 3572, 1020}), Retryable, _RETRY),
    (frozenset({1146, 1054, 1109, 1051, 1356}), SchemaChanged, _CHANGED),
    (
        frozenset({1142, 1143, 1227, 1290, 1792, 1370, 1836, 1288, 1348}),
        NotPermitted,
        _NOT_PERMITTED,
    ),
    (
        frozenset(
            {1264, 1265, 1292, 1366, 1367, 1406, 1411, 1267, 1690, 1139, 3140, 4078, 1906, 3105}
        ),
        BadValue,
        _BAD_VALUE,
    ),
    (frozenset({1021, 1114, 1041}), NoSpace, _NO_SPACE),
    (frozenset({1436, 1153, 1104, 1116, 1117, 1301, 4040}), TooDeep, TOO_DEEP),
    (
        frozenset({1040, 1044, 1045, 1049, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1053, 1077, 1927})
        | frozenset(range(2000, 2100)),
        Unavailable,
        _UNAVAILABLE,
    ),
)  # fmt: skip
_MYSQL_LOST = {1053, 1077, 1927, 2006, 2013, 2055}


def _mysql(error: BaseException, *, writing: bool) -> StatementFailed:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = str(error.args[1]) if len(error.args) > 1 else ""
    constraint = _mysql_constraint(number, text)
    if constraint is not None:
        return constraint
    if writing and number in _MYSQL_LOST:
        return OutcomeUnknown(UNKNOWN)
    for numbers, kind, message in _MYSQL:
        if number in numbers:
            return kind(message)
    if number == 0:  # the driver's own: the connection was closed under it
        return OutcomeUnknown(UNKNOWN) if writing else Unavailable(_UNAVAILABLE)
    return StatementFailed(_REFUSED)


def _mysql_constraint(number: int, text: str) -> ConstraintViolation | None:
    """The server names the key, the constraint or the column in its message."""
    if number in (1048, 1364, 1263):
        column = _quoted(r"(?:Column|Field) '(.*?)'", text)
        return ConstraintViolation(
            f"The column {column or '?'} must have a value.", None, (column,) if column else ()
        )
    if number in (1062, 1586):
        key = (_quoted(r"for key '(.*)'", text) or "").rpartition(".")[2]
        return ConstraintViolation(
            f"The constraint {key} refuses this: a row with this key exists.", key or None
        )
    if number in (1451, 1452, 1216, 1217):
        name = _quoted(r"CONSTRAINT `((?:[^`]|``)*)`", text)
        columns = _quoted(r"FOREIGN KEY \((.*?)\)", text) or ""
        return ConstraintViolation(
            f"The constraint {name} refuses this: the row it refers to, or that refers to it, forbids this.",
            name,
            tuple(part.strip(" `") for part in columns.split(",") if part),
        )
    if number in (4025, 3819):
        name = _quoted(r"CONSTRAINT `((?:[^`]|``)*)`", text) or _quoted(r"constraint '(.*?)'", text)
        name = name and name.rpartition(".")[2]
        return ConstraintViolation(
            f"The constraint {name} refuses this: a value isn't allowed.", name
        )
    if number == 1242:  # what our own ON DUPLICATE KEY UPDATE says of another key's conflict
        return ConstraintViolation(
            "Another unique constraint than that of onConflict refuses this: a row with this key exists."
        )
    return None


# The driver tells the server's words alone, no number; Microsoft's manual has them ("Database engine
# events and errors") under the numbers beside them.
_MICROSOFT: tuple[tuple[str, type[StatementFailed], str], ...] = (
    (r"deadlock", Retryable, _RETRY),  # 1205
    (r"snapshot isolation transaction aborted", Retryable, _RETRY),  # 3960
    (r"lock request time ?out|query timeout expired|HYT00", TimedOut, _TIMED_OUT),  # 1222
    (r"invalid object name|invalid column name|could not find stored", SchemaChanged, _CHANGED),
    (r"(?:column|relation) \S+ does not exist", SchemaChanged, _CHANGED),  # a stand-in's words
    (r"permission was denied|read-only|is not able to access", NotPermitted, _NOT_PERMITTED),
    (r"would be truncated|right truncation|arithmetic overflow|out-of-range", BadValue, _BAD_VALUE),
    (
        r"could not allocate space|transaction log for database .* is full|insufficient disk space",
        NoSpace,
        _NO_SPACE,
    ),  # 1105, 9002
    (r"conversion failed|error converting|operand type clash", BadValue, _BAD_VALUE),
    (r"numeric value out of range|invalid character value", BadValue, _BAD_VALUE),
    (
        r"too many parameters|nested too deeply|ran out of internal resources|nesting level|too complex",
        TooDeep,
        TOO_DEEP,
    ),
)
_MICROSOFT_LOST = (
    r"communication link|tcp provider|connection (?:is |was )?(?:broken|reset|closed|dead)|forcibly closed|"
    r"login failed|cannot open database|unable to (?:connect|complete login)|08S01|08001|login timeout|shutdown is in progress|"
    r"server was not found|not accessible|client unable to establish"
)


def _microsoft(text: str, *, writing: bool) -> StatementFailed:
    constraint = _microsoft_constraint(text)
    if constraint is not None:
        return constraint
    if re.search(_MICROSOFT_LOST, text, re.IGNORECASE):
        return OutcomeUnknown(UNKNOWN) if writing else Unavailable(_UNAVAILABLE)
    for pattern, kind, message in _MICROSOFT:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(message)
    return StatementFailed(_REFUSED)


def _microsoft_constraint(text: str) -> ConstraintViolation | None:
    column = _quoted(r"insert the value NULL into column '(.*?)', table", text)
    if column is not None:
        return ConstraintViolation(f"The column {column} must have a value.", None, (column,))
    key = _quoted(r"Violation of (?:PRIMARY|UNIQUE) KEY constraint '(.*?)'", text) or _quoted(
        r"duplicate key row in object '.*?' with unique index '(.*?)'", text
    )
    if key is not None:
        return ConstraintViolation(
            f"The constraint {key} refuses this: a row with this key exists.", key
        )
    # A stand-in that only speaks the protocol has words of its own.
    column = _quoted(r"null value in column \"(.*?)\"", text)
    if column is not None:
        return ConstraintViolation(f"The column {column} must have a value.", None, (column,))
    conflict = re.search(
        r"conflicted with the (CHECK|FOREIGN KEY|REFERENCE|SAME TABLE REFERENCE|FOREIGN KEY SAME TABLE) constraint \"(.*?)\"",
        text,
    )
    if conflict is None:
        name = _quoted(r"violates (?:unique|foreign key|check) constraint \"(.*?)\"", text)
        is_one = name or "integrity constraint violation" in text.lower()
        return (
            ConstraintViolation(f"The constraint {name or '?'} refuses this.", name)
            if is_one
            else None
        )
    what = (
        "a value isn't allowed"
        if conflict.group(1) == "CHECK"
        else "the row it refers to, or that refers to it, forbids this"
    )
    name = conflict.group(2)
    return ConstraintViolation(f"The constraint {name} refuses this: {what}.", name)


def _quoted(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text, re.DOTALL)
    return found.group(1) if found else None


def _postgresql(error: psycopg.Error, *, writing: bool) -> StatementFailed:
    state = error.sqlstate or ""
    if state.startswith("23"):
        return _constraint(state, error)
    if writing and state.startswith(("57P0", "08")):
        # The server ended the session: perhaps after the COMMIT, where it waited for a replica.
        return OutcomeUnknown(UNKNOWN)
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
        return TooDeep(TOO_DEEP)
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
