"""A driver's cursor that gives no more rows than a catalog may have."""

from __future__ import annotations

from typing import Any

from dynamic_databases.errors import CatalogTooLarge

_AT_ONCE = 1000


class BoundedCursor:
    """Passes on what the readers use; no statement gives more than `most` rows.

    A row of a catalog is a column, or part of a key. Raises CatalogTooLarge.
    """

    def __init__(self, cursor: Any, most: int) -> None:
        self._cursor = cursor
        self._most = most
        self._left = most

    @property
    def connection(self) -> Any:
        return self._cursor.connection

    def execute(self, *arguments: Any) -> BoundedCursor:
        self._left = self._most
        self._cursor.execute(*arguments)
        return self

    def fetchone(self) -> Any:
        return self._cursor.fetchone()

    def fetchmany(self, size: int) -> list[Any]:
        rows = list(self._cursor.fetchmany(size))
        self._left -= len(rows)
        if self._left < 0:
            raise CatalogTooLarge("columns", self._most, "GATEWAY_MAX_COLUMNS")
        return rows

    def fetchall(self) -> list[Any]:
        rows: list[Any] = []
        while found := self.fetchmany(_AT_ONCE):
            rows += found
        return rows
