"""SQL Server's answers to the ORM, read to the end: a trigger's refusal may come last.

mssql-django has updates and deletes counted. Each counted statement of a trigger then answers by
itself, before the one that fired it and before an error (manual: "SET NOCOUNT").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dynamic_databases.errors import TooDeep
from dynamic_databases.outcomes import TOO_DEEP

_COUNTED = "SET NOCOUNT OFF; "  # how mssql-django begins a statement whose count it wants
_MAX_PARAMETERS = 2_098  # of 2,100 two are those of the procedure that runs the statement


def check_parameters(parameters: Sequence[Any]) -> None:
    """Raise TooDeep where a statement has more values than a request may.

    Manual: "Maximum capacity specifications". The driver would tell of a field that is incorrect.
    """
    if len(parameters) > _MAX_PARAMETERS:
        raise TooDeep(TOO_DEEP)


class CompleteCursor:
    """A driver's cursor that passes over what a trigger answers."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> CompleteCursor:
        check_parameters(parameters or ())
        if sql.startswith(_COUNTED):
            self._write(sql.removeprefix(_COUNTED), parameters)
            return self
        self._cursor.execute(sql, parameters)
        has_more = True
        while has_more and self._cursor.description is None:  # counts come before rows
            has_more = self._cursor.nextset()
        self.rowcount = self._cursor.rowcount
        return self

    def _write(self, sql: str, parameters: Sequence[Any]) -> None:
        """Ask for the count: the driver tells that of the first statement alone, a trigger's."""
        self._cursor.execute(f"SET NOCOUNT ON; {sql}; SELECT @@ROWCOUNT", parameters)
        rows: list[Any] = []
        has_more = True
        while has_more:
            if self._cursor.description:
                rows = self._cursor.fetchall()
            has_more = self._cursor.nextset()
        self.rowcount = rows[-1][0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def complete(cursor: Any) -> Any:
    """Return mssql-django's cursor over a complete one."""
    cursor.cursor = CompleteCursor(cursor.cursor)
    return cursor
