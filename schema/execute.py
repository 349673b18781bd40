"""Statement + variables → rows or the root field's JSON text: the only driver cursor of this package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from schema.sql.statement import Statement

Variables = Mapping[str, Any]


def answer(wrapper: BaseDatabaseWrapper, statement: Statement, variables: Variables) -> bytes:
    """Return the one JSON text that a statement answers; no row is `null`.

    Raises the errors of `dynamic_databases.outcomes`, and BadUserInput for a value that its type
    can't hold.
    """
    parameters = statement.parameters(variables)
    with outcomes.translated(wrapper.vendor, writing=False):
        if wrapper.vendor == "postgresql":
            cursor = psycopg.Cursor(wrapper.connection)
            cursor.execute(_trusted(statement.sql), parameters)
            result = cursor.pgresult
            return (result.get_value(0, 0) if result and result.ntuples else None) or b"null"
        row = wrapper.connection.execute(statement.sql, parameters).fetchone()
    return b"null" if row is None or row[0] is None else _valid_utf8(row[0])


def fetch_row(
    wrapper: BaseDatabaseWrapper, statement: Statement, variables: Variables
) -> tuple[Any, ...] | None:
    """Return the first row of a statement's result, or None."""
    parameters = statement.parameters(variables)
    with outcomes.translated(wrapper.vendor, writing=False):
        row: tuple[Any, ...] | None = _execute(wrapper, statement.sql, parameters).fetchone()
        return row


def fetch_rows(
    wrapper: BaseDatabaseWrapper, statement: Statement, variables: Variables
) -> list[tuple[Any, ...]]:
    """Return all rows of a statement's result."""
    parameters = statement.parameters(variables)
    with outcomes.translated(wrapper.vendor, writing=False):
        return list(_execute(wrapper, statement.sql, parameters).fetchall())


def execute_count(wrapper: BaseDatabaseWrapper, statement: Statement, variables: Variables) -> int:
    """Run a write and return how many rows it touched."""
    parameters = statement.parameters(variables)
    with outcomes.translated(
        wrapper.vendor, writing=False
    ):  # inside a transaction: nothing is done yet
        return int(_execute(wrapper, statement.sql, parameters).rowcount)


def run_command(wrapper: BaseDatabaseWrapper, command: str, *, writing: bool) -> None:
    """Run BEGIN, COMMIT or ROLLBACK; `writing` where a lost connection leaves the outcome unknown."""
    with outcomes.translated(wrapper.vendor, writing=writing):
        _execute(wrapper, command, [])


def _execute(wrapper: BaseDatabaseWrapper, text: str, parameters: list[Any]) -> Any:
    if wrapper.vendor == "postgresql":
        return psycopg.Cursor(wrapper.connection).execute(_trusted(text), parameters or None)
    return wrapper.connection.execute(text, parameters)


def _trusted(text: str) -> Any:
    """psycopg's types want literal text; ours is made of quoted catalog names and placeholders."""
    return text


def _valid_utf8(data: bytes) -> bytes:
    """SQLite keeps whatever bytes it was given as text; a client must get valid UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode()
    return data
