"""SQL Server: the driver begins a transaction with the first statement, and ends it itself."""

from __future__ import annotations

from schema.execution.round_trips import End
from schema.execution.sessions.driver import DriverSession


class MssqlSession(DriverSession):
    """A session whose transactions are the driver's."""

    commits_alone = True

    def has_failed(self) -> None:
        self._wrapper.errors_occurred = True  # IDENTITY_INSERT may be on: it is not used again

    def _begin(self) -> None:
        self._wrapper.connection.autocommit = False

    def _end(self, end: End) -> None:
        connection = self._wrapper.connection
        with self._errors():
            connection.commit() if end is End.COMMIT else connection.rollback()
            connection.autocommit = True
