"""What PostgreSQL's errors mean, by SQLSTATE (PostgreSQL manual, appendix A)."""

from __future__ import annotations

import re

import psycopg

from dynamic_databases.errors import (
    BadValue,
    ColumnRetyped,
    ConstraintViolation,
    DatabaseFailed,
    NoSpace,
    NotPermitted,
    OutcomeUnknown,
    RefusedByTrigger,
    Retryable,
    SchemaChanged,
    StatementFailed,
    TimedOut,
    TooDeep,
    Unavailable,
)
from dynamic_databases.outcomes.messages import (
    BAD_VALUE,
    CHANGED,
    DIVIDED,
    FAILED,
    NO_INPUT,
    NO_SPACE,
    NOT_NOW,
    NOT_PERMITTED,
    NOT_SUPPORTED,
    REFUSED,
    REFUSED_BY_POLICY,
    REFUSED_BY_TRIGGER,
    RETRY,
    RETYPED,
    SETTING_REFUSED,
    SEVERAL,
    TAKEN_BY_RULE,
    TIMED_OUT,
    TOO_DEEP,
    UNAVAILABLE,
    UNKNOWN,
)
from dynamic_databases.outcomes.server_messages import refused_by_trigger

# By the beginning of the SQLSTATE, the first that fits. What is left is the gateway's own fault.
_KINDS: tuple[tuple[tuple[str, ...], type[StatementFailed], str], ...] = (
    (("57014", "55P03"), TimedOut, TIMED_OUT),
    (("40001", "40P01", "72"), Retryable, RETRY),
    (("42P01", "42703", "3F000", "42704"), SchemaChanged, CHANGED),
    (("42501", "25006", "42809"), NotPermitted, NOT_PERMITTED),
    (("22012",), BadValue, DIVIDED),
    (("428C9",), BadValue, NO_INPUT),
    (("22", "42804"), BadValue, BAD_VALUE),
    (("21",), BadValue, SEVERAL),
    (("0A", "42883"), BadValue, NOT_SUPPORTED),
    (("54",), TooDeep, TOO_DEEP),
    (("53100",), NoSpace, NO_SPACE),
    (("55",), BadValue, NOT_NOW),
    # A routine handles its cursors, transactions, cases and exceptions badly, or refuses.
    (
        ("09", "20", "24", "27", "2B", "2D", "2F", "34", "38", "39", "3B", "44"),
        RefusedByTrigger,
        REFUSED_BY_TRIGGER,
    ),
    (("F0", "HV", "XX"), DatabaseFailed, FAILED),
    (("08", "25P03", "28", "3D", "53", "57", "58"), Unavailable, UNAVAILABLE),
)
# What RAISE gives beyond P0001 with ERRCODE; other codes are the trigger's own.
_RAISED: tuple[tuple[tuple[str, ...], type[StatementFailed]], ...] = (
    (("40001", "40P01"), Retryable),
    (("42501",), NotPermitted),
    (("22",), BadValue),
)
_RAISE = "exec_stmt_raise"  # the function of PL/pgSQL that carries out RAISE
# The server ended the session: perhaps after the COMMIT, where it waited for a replica.
_LOST = ("57P0", "08", "40003")
_PARSER = "scanner_yyerror"  # the function that refuses a statement for its syntax
# By SQLSTATE and the function of the server that raises it: one applies rules, one policies.
_FUNCTIONS: dict[tuple[str, str], tuple[type[StatementFailed], str]] = {
    ("0A000", "RewriteQuery"): (RefusedByTrigger, TAKEN_BY_RULE),
    ("42501", "ExecWithCheckOptions"): (NotPermitted, REFUSED_BY_POLICY),
    ("22023", "call_string_check_hook"): (NotPermitted, SETTING_REFUSED),  # no such role
}
_OLD_PLAN = "cached plan must not change result type"


def classify(error: BaseException, *, writing: bool) -> StatementFailed:
    """Return what an error of the server, or of libpq without an SQLSTATE, means."""
    if not isinstance(error, psycopg.Error):
        return StatementFailed(REFUSED)
    state = error.sqlstate or ""
    if state.startswith("P0") or error.diag.source_function == _RAISE:
        return _raised(state, error.diag.message_primary or "")
    if state.startswith("23"):
        return _constraint(state, error)
    if writing and state.startswith(_LOST):
        return OutcomeUnknown(UNKNOWN)
    if not state and not isinstance(error, psycopg.DataError):
        return OutcomeUnknown(UNKNOWN) if writing else Unavailable(UNAVAILABLE)
    return _by_state(state, error)


def _by_state(state: str, error: psycopg.Error) -> StatementFailed:
    if state == "0A000" and _OLD_PLAN in str(error):
        return ColumnRetyped(RETYPED)
    of_function = _FUNCTIONS.get((state, error.diag.source_function or ""))
    if of_function is not None:
        return of_function[0](of_function[1])
    for beginnings, kind, message in _KINDS:
        if state.startswith(beginnings):
            return kind(message)
    # To ltree, tsvector and hstore a text that isn't theirs is a syntax error, too.
    if state == "42601" and error.diag.source_function != _PARSER:
        return BadValue(BAD_VALUE)
    if isinstance(error, psycopg.DataError):
        return BadValue(BAD_VALUE)
    return StatementFailed(REFUSED)


def _raised(state: str, words: str) -> StatementFailed:
    """Return what a trigger or function of the database says to its user."""
    for beginnings, kind in _RAISED:
        if state.startswith(beginnings):
            return kind(words or REFUSED_BY_TRIGGER, REFUSED_BY_TRIGGER)
    return refused_by_trigger(words)


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
        what = {
            "23505": "a row with this key exists",
            "23503": "the row it refers to, or that refers to it, forbids this",
            "23514": "a value isn't allowed",
        }[state]
        return ConstraintViolation(f"{_called(name)} refuses this: {what}.", name, columns)
    return ConstraintViolation(f"{_called(name)} refuses this.", name, columns)


def _called(name: str | None) -> str:
    """A row that no partition takes violates a constraint without a name."""
    return f"The constraint {name}" if name else "A constraint of the table"
