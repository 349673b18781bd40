"""What SQL Server's errors mean, by how their messages begin.

The driver gives the server's words without its number, and sessions speak English. What follows a
message's beginning may be a client's value or a trigger's words: no verdict is read there.
"""

from __future__ import annotations

import re

from dynamic_databases.errors import (
    ConstraintViolation,
    OutcomeUnknown,
    StatementFailed,
    Unavailable,
)
from dynamic_databases.outcomes.messages import REFUSED, UNAVAILABLE, UNKNOWN
from dynamic_databases.outcomes.mssql_messages import DRIVER, DRIVER_LOST, LOST, SERVER

# `Driver Error: <of the SQLSTATE>; DDBC Error: [Microsoft][SQL Server]<the server's words>`; what
# ODBC says by itself lacks the second pair of brackets.
_FORM = re.compile(
    r"(?:Driver Error: (?P<state>.*?)(?:; DDBC Error: |$))?"
    r"(?P<source>(?:\[[^\]]*\])*)\s*(?P<words>.*)",
    re.DOTALL,
)
_SERVER = "[SQL Server]"
_VIOLATION = "Integrity constraint violation"
_LOST = re.compile("|".join(LOST.values()), re.IGNORECASE)
_DRIVER_LOST = re.compile(DRIVER_LOST, re.IGNORECASE)


def classify(error: BaseException, *, writing: bool) -> StatementFailed:
    form = _FORM.match(str(error))
    state, words = (form["state"] or "", form["words"]) if form else ("", "")
    by_driver = form is None or not form["source"].endswith(_SERVER)
    constraint = _constraint(words, state)
    if constraint is not None:
        return constraint
    said = [state, words] if by_driver else [state]
    if _LOST.match(words) or any(_DRIVER_LOST.match(text) for text in said):
        return OutcomeUnknown(UNKNOWN) if writing else Unavailable(UNAVAILABLE)
    return _of_server(words) or _of_driver(said) or StatementFailed(REFUSED)


def _of_server(words: str) -> StatementFailed | None:
    for meaning in SERVER:
        if any(re.match(text, words, re.IGNORECASE) for text in meaning.beginnings.values()):
            return meaning.kind(meaning.message)
    return None


def _of_driver(said: list[str]) -> StatementFailed | None:
    for pattern, kind, message in DRIVER:
        if any(re.match(pattern, text, re.IGNORECASE) for text in said):
            return kind(message)
    return None


def _constraint(words: str, state: str) -> ConstraintViolation | None:
    """Return what a constraint refuses, named as the server or a stand-in names it."""
    if column := _named(words, r"Cannot insert the value NULL into column '(.*?)', table"):
        return ConstraintViolation(f"The column {column} must have a value.", None, (column,))
    if column := _named(words, r"null value in column \"(.*?)\""):
        return ConstraintViolation(f"The column {column} must have a value.", None, (column,))
    key = _named(words, r"Violation of (?:PRIMARY|UNIQUE) KEY constraint '(.*?)'\.") or _named(
        words, r"Cannot insert duplicate key row in object '.*?' with unique index '(.*?)'\."
    )
    if key is not None:
        text = f"The constraint {key} refuses this: a row with this key exists."
        return ConstraintViolation(text, key)
    kind = r"(?P<kind>CHECK|FOREIGN KEY|REFERENCE|(?:FOREIGN KEY )?SAME TABLE(?: REFERENCE)?)"
    of_statement = rf"The [A-Z]+ statement conflicted with the {kind} constraint \"(?P<name>.*?)\""
    if conflict := re.match(of_statement, words):
        is_value = conflict["kind"] == "CHECK"
        what = "the row it refers to, or that refers to it, forbids this"
        what = "a value isn't allowed" if is_value else what
        name = conflict["name"]
        return ConstraintViolation(f"The constraint {name} refuses this: {what}.", name)
    name = _named(words, r"[^\n\"]*(?:\"[^\"]*\" )?violates [a-z ]+ constraint \"(.*?)\"")
    if name is not None or state == _VIOLATION:
        return ConstraintViolation(f"The constraint {name or '?'} refuses this.", name)
    return None


def _named(words: str, pattern: str) -> str | None:
    """Return what the pattern's group matches at the beginning of a message, or None."""
    match = re.match(pattern, words, re.DOTALL)
    return match[1] if match else None
