"""SQLite runs inside this process: its texts are made here, and one writes at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from dynamic_databases.connections.pool import writer_of
from schema.execution.round_trips import Rows
from schema.execution.sessions.driver import DriverSession
from schema.sql.statement import Statement


class SqliteSession(DriverSession):
    """A session whose writers wait for each other here, not at the file's lock."""

    commits_alone = True
    copies_texts = True

    @property
    def is_open(self) -> bool:
        return bool(self._wrapper.connection.in_transaction)

    def writing(self) -> AbstractContextManager[object]:
        return writer_of(self._wrapper)

    def _errors(self) -> AbstractContextManager[Any]:
        return nullcontext()  # the driver's own are known everywhere

    def _run(self, statement: Statement, parameters: Sequence[Any]) -> Rows:
        # A write that makes no text isn't bounded: its row may be as large as any.
        if not statement.only_reads and not statement.json_columns:
            return super()._run(statement, parameters)
        with self._limited():
            return super()._run(statement, parameters)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """SQLite makes its texts in this process, and copies them: it is to make none too large."""
        connection: sqlite3.Connection = self._wrapper.connection
        most = connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(most, self._meter.text_bytes))
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_TOOBIG":
                raise self._meter.text_too_large() from error
            raise
        finally:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, most)
