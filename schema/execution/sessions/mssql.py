"""SQL Server: transactions of its own language, and answers that are read to their end.

A statement of a trigger may answer before the statement that fired it. The error with which the
trigger refuses that one comes after it (manual: "SET NOCOUNT", "CREATE TRIGGER").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from dynamic_databases.connections.state import GivenSession
from dynamic_databases.connections.vendors.mssql_cursor import check_parameters
from schema.execution.round_trips import End, Rows
from schema.execution.session_statements import SessionStatements
from schema.execution.sessions.driver import DriverSession
from schema.sql.statement import Statement

# A trigger may have begun one more. Where it has rolled back, COMMIT is error 3902.
ENDS = {
    End.COMMIT: "WHILE @@TRANCOUNT > 1 COMMIT TRANSACTION; COMMIT TRANSACTION",
    End.ROLLBACK: "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION",
}


class MssqlSession(DriverSession):
    """A session whose last rows are the statement's own."""

    commits_alone = True
    # The value is a sql_variant: 4,000 characters at most, and an error beyond.
    session_statements: ClassVar[Mapping[GivenSession, SessionStatements]] = {
        GivenSession.VARIABLES: SessionStatements(
            give="EXEC sp_set_session_context @key = N'gateway.session', @value = %s",
            take_back="EXEC sp_set_session_context @key = N'gateway.session', @value = NULL",
        )
    }

    def has_failed(self) -> None:
        self._wrapper.errors_occurred = True  # IDENTITY_INSERT may be on: it is not used again

    def _end(self, end: End) -> None:
        self._run(Statement(ENDS[end], (), ()), ())

    def _execute(self, cursor: Any, sql: str, parameters: Sequence[Any]) -> None:
        check_parameters(parameters)
        super()._execute(cursor, sql, parameters)

    def _answered(self, cursor: Any) -> Rows:
        rows: Rows = []
        while True:
            if cursor.description:
                rows = self._fetched(cursor)
            if not cursor.nextset():
                return rows
