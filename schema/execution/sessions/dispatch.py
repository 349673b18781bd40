"""What each vendor's session offers, and which class a connection's vendor has."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.connections.state import GivenSession
from schema.answer_size import AnswerMeter
from schema.execution.round_trips import RoundTrip, Rows
from schema.execution.session_statements import SessionStatements
from schema.execution.sessions.mssql import MssqlSession
from schema.execution.sessions.mysql import MysqlSession
from schema.execution.sessions.postgresql import PostgresqlSession
from schema.execution.sessions.sqlite import SqliteSession


class Session(Protocol):
    """Sends round trips on one leased connection, for one flow."""

    # Nothing is done here before COMMIT, which is sent after the statements were answered.
    commits_alone: ClassVar[bool]
    # Its round trips can be sent from an event loop (`postgresql_pipeline`).
    has_pipeline: ClassVar[bool]
    # The driver keeps a buffer of its largest row as long as the connection is open.
    keeps_buffers: ClassVar[bool]
    # The database runs in this process, and copies the texts of its statements several times.
    copies_texts: ClassVar[bool]
    # How the database is given the variables of a caller; none where it has no session.
    session_statements: ClassVar[Mapping[GivenSession, SessionStatements]]

    def __init__(self, wrapper: BaseDatabaseWrapper, begin: str, meter: AnswerMeter) -> None:
        """`begin` starts a transaction that may write; `meter` counts what is received."""

    @property
    def is_open(self) -> bool:
        """Whether the connection is inside a transaction."""

    def send(self, round_trip: RoundTrip) -> list[Rows]:
        """Return the rows of each request.

        Raises the driver's errors, AnswerTooLarge, and TooDeep.
        """

    def writing(self) -> AbstractContextManager[object]:
        """Return what is held from before a transaction begins until after its end."""

    def has_failed(self) -> None:
        """A flow raised an error; its transaction isn't rolled back yet."""


_SESSIONS: dict[str, type[Session]] = {
    "sqlite": SqliteSession,
    "postgresql": PostgresqlSession,
    "mysql": MysqlSession,
    "microsoft": MssqlSession,
}


def session_type(vendor: str) -> type[Session]:
    """Return the class of a vendor, by Django's word for it."""
    return _SESSIONS[vendor]
