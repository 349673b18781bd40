"""MySQL and MariaDB: rows are read as they arrive, and warnings say that an answer was cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from dynamic_databases import outcomes
from dynamic_databases.connections.state import GivenSession, end_after_use
from dynamic_databases.connections.vendors.mysql import shut_down
from dynamic_databases.errors import TooDeep
from schema.errors import AnswerTooLarge
from schema.execution.round_trips import Request, Rows
from schema.execution.session_statements import SessionStatements
from schema.execution.sessions.driver import DriverSession
from schema.sql.statement import Statement

# ER_CUT_VALUE_GROUP_CONCAT, ER_WARN_ALLOWED_PACKET_OVERFLOWED, ER_JSON_DEPTH.
_CUT = {1260, 1301, 4040}
_SHOW_WARNINGS = Statement("SHOW WARNINGS", (), ())


class MysqlSession(DriverSession):
    """A session whose COMMIT goes with its statements: some tables are in no transaction."""

    keeps_buffers = True
    session_statements: ClassVar[Mapping[GivenSession, SessionStatements]] = {
        GivenSession.VARIABLES: SessionStatements(
            give="SET @gateway_session = %s", take_back="SET @gateway_session = NULL"
        )
    }

    def _rows(self, request: Request) -> Rows:
        rows = super()._rows(request)
        if self._wrapper.connection.warning_count():
            _check_warnings(self._run(_SHOW_WARNINGS, ()))
        return rows

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Closing a cursor may raise its error once more, or forget the SQLSTATE."""
        with super()._errors():
            try:
                yield
            except self._wrapper.Database.Error as error:
                self._tell_sqlstate(error)
                raise

    def _cursor(self) -> Any:
        """Return a cursor that reads row by row; the usual one would keep all rows first."""
        return self._wrapper.connection.cursor(self._wrapper.Database.cursors.SSCursor)

    def _execute(self, cursor: Any, sql: str, parameters: Sequence[Any]) -> None:
        try:
            cursor.execute(sql, parameters)  # the driver takes %% for % only with values
        except self._wrapper.Database.Error as error:
            self._tell_sqlstate(error)
            raise

    def _fetched(self, cursor: Any) -> Rows:
        try:
            return super()._fetched(cursor)
        except AnswerTooLarge:
            self._abandon(cursor)
            raise

    def _tell_sqlstate(self, error: Any) -> None:
        """Give an error its SQLSTATE, which the driver keeps to itself."""
        if not hasattr(error, "sqlstate"):
            with suppress(self._wrapper.Database.Error):  # a closed connection has none
                error.sqlstate = self._wrapper.connection.sqlstate()

    def _abandon(self, cursor: Any) -> None:
        """End the connection: its driver would read all that is on its way before the next use."""
        end_after_use(self._wrapper)
        with suppress(OSError):
            shut_down(self._wrapper)
        with suppress(self._wrapper.Database.Error):
            cursor.close()


def _check_warnings(warnings: Rows) -> None:
    """MySQL cuts what is too large for it, or makes it NULL, and only warns."""
    if any(int(code) in _CUT for _, code, _ in warnings):
        raise TooDeep(outcomes.TOO_DEEP)
