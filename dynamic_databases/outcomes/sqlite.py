"""What SQLite's errors mean, by name (https://sqlite.org/rescode.html) or message."""

from __future__ import annotations

import re

from dynamic_databases.errors import (
    BadValue,
    ConstraintViolation,
    NoSpace,
    NotPermitted,
    SchemaChanged,
    StatementFailed,
    TimedOut,
    TooDeep,
    Unavailable,
)
from dynamic_databases.outcomes.messages import (
    BAD_VALUE,
    CHANGED,
    NO_FUNCTION,
    NO_SPACE,
    NOT_PERMITTED,
    REFUSED,
    TIMED_OUT,
    TOO_DEEP,
    UNAVAILABLE,
)
from dynamic_databases.outcomes.server_messages import refused_by_trigger

_KINDS: tuple[tuple[tuple[str, ...], type[StatementFailed], str], ...] = (
    (("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT"), TimedOut, TIMED_OUT),
    (("SQLITE_FULL",), NoSpace, NO_SPACE),
    (
        ("SQLITE_CANTOPEN", "SQLITE_NOTADB", "SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_PROTOCOL"),
        Unavailable,
        UNAVAILABLE,
    ),
    (("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"), NotPermitted, NOT_PERMITTED),
    (("SQLITE_SCHEMA",), SchemaChanged, CHANGED),
    (("SQLITE_MISMATCH",), BadValue, BAD_VALUE),
    (("SQLITE_TOOBIG", "SQLITE_NOMEM"), TooDeep, TOO_DEEP),
)
# By the beginning of the message, where SQLite has no code of its own.
_TEXTS: tuple[tuple[str, type[StatementFailed], str], ...] = (
    (r"no such (table|column)|table .* has no column", SchemaChanged, CHANGED),
    (r"malformed JSON|JSON path error|integer overflow", BadValue, BAD_VALUE),
    (r"unsafe use of|no such function|unknown function", NotPermitted, NO_FUNCTION),
    (
        r"parser stack overflow|Expression tree is too large|too many SQL variables",
        TooDeep,
        TOO_DEEP,
    ),
    (r"LIKE or GLOB pattern too complex|query string is too large", TooDeep, TOO_DEEP),
    (r"too many references to|too many levels of trigger recursion", TooDeep, TOO_DEEP),
)


def classify(error: BaseException, *, writing: bool) -> StatementFailed:  # noqa: ARG001
    """A file is never lost during a write: `writing` changes nothing."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_CONSTRAINT_TRIGGER":  # RAISE(ABORT), RAISE(FAIL), RAISE(ROLLBACK)
        return refused_by_trigger(str(error))
    if name == "SQLITE_CONSTRAINT_DATATYPE":  # of a STRICT table
        return BadValue(BAD_VALUE)
    if name.startswith("SQLITE_CONSTRAINT"):
        return _constraint(name, str(error))
    for beginnings, kind, message in _KINDS:
        if name.startswith(beginnings):
            return kind(message)
    for pattern, kind, message in _TEXTS:
        if re.match(pattern, str(error)):
            return kind(message)
    return StatementFailed(REFUSED)


def _constraint(name: str, message: str) -> ConstraintViolation:
    """SQLite names the columns (`UNIQUE constraint failed: t.a, t.b`) or the CHECK's name.

    Of an index of expressions it names the index (`UNIQUE constraint failed: index 'name'`).
    """
    _, _, tail = message.partition("constraint failed: ")
    kind = name.removeprefix("SQLITE_CONSTRAINT_")
    index = re.fullmatch(r"index '(.*)'", tail)
    if kind == "UNIQUE" and index is not None:
        text = f"The constraint {index.group(1)} refuses this: a row with this key exists."
        return ConstraintViolation(text, index.group(1))
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
    called = f"The constraint {tail}" if tail else "A constraint of the table"
    return ConstraintViolation(f"{called} refuses this.", tail or None)
