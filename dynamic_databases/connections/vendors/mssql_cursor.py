"""SQL Server's answers to the ORM: read to the last count, after which a trigger's refusal comes.

mssql-django has updates and deletes counted. Each counted statement of a trigger then answers by
itself, before the one that fired it and before an error (manual: "SET NOCOUNT").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dynamic_databases.errors import TooDeep
from dynamic_databases.outcomes import TOO_DEEP

_COUNTED = "SET NOCOUNT OFF"  # how mssql-django begins a statement whose count it wants
_MAX_PARAMETERS = 2_098  # of 2,100 two are those of the procedure that runs the statement


def check_parameters(parameters: Sequence[Any]) -> None:
    """Raise TooDeep where a statement has more values than a request may.

    Manual: "Maximum capacity specifications". The driver would tell of a field that is incorrect.
    """
    if len(parameters) > _MAX_PARAMETERS:
        raise TooDeep(TOO_DEEP)


class CompleteCursor:
    """A driver's cursor; `rowcount` is the last count, which is that of the statement itself."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> CompleteCursor:
        check_parameters(parameters or ())
        self._cursor.execute(sql, parameters)
        self._read_on(over_rows=sql.startswith(_COUNTED))
        return self

    def _read_on(self, *, over_rows: bool) -> None:
        """Read counts to the last; with `over_rows` a trigger's own rows, too."""
        self.rowcount = self._cursor.rowcount
        while (over_rows or self._cursor.description is None) and self._cursor.nextset():
            if self._cursor.rowcount >= 0:
                self.rowcount = self._cursor.rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def complete(cursor: Any) -> Any:
    """Return mssql-django's cursor over a complete one."""
    cursor.cursor = CompleteCursor(cursor.cursor)
    return cursor
