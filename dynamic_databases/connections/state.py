"""What is known of a wrapper's connection besides what Django knows."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from dynamic_databases.connections.sockets import DriverSocket

_STATE = "gateway_state"
SESSION_KEY = "GATEWAY_SESSION"  # of a wrapper's settings


class GivenSession(StrEnum):
    """What of its callers' sessions a database is given."""

    NOTHING = ""
    VARIABLES = "variables"
    VARIABLES_AND_ROLE = "variables and role"


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The file that a SQLite connection has open, its journal, and its device and inode."""

    path: Path
    journal: Path
    identity: tuple[int, int]


@dataclass(slots=True, eq=False, weakref_slot=True)
class ConnectionState:
    """The one object that the gateway hangs on Django's wrapper of a registered database."""

    is_pooled: bool = False  # the pool's: no thread keeps it
    ends_after_use: bool = False  # no statement may go on over it
    # Of those in this process who write to this database.
    writer: threading.Lock = field(default_factory=threading.Lock)
    socket: DriverSocket | None = None
    session_number: int = 0  # of MySQL's session at its server
    file: OpenedFile | None = None
    pipeline: Any = None  # PostgreSQL's protocol on this connection, kept by `schema.execution`


def state_of(wrapper: Any) -> ConnectionState:
    """Return the state of a wrapper, which begins with the first call."""
    state: ConnectionState | None = wrapper.__dict__.get(_STATE)
    if state is None:  # two threads may call first: both get the same
        state = wrapper.__dict__.setdefault(_STATE, ConnectionState())
    return state


def is_pooled(wrapper: Any) -> bool:
    """Return whether a wrapper is the pool's."""
    state: ConnectionState | None = wrapper.__dict__.get(_STATE)
    return state is not None and state.is_pooled


def end_after_use(wrapper: Any) -> None:
    """Have a connection closed after the use that it is in.

    A request to cancel reaches the server some time after it was sent: over a connection that is
    used again it would end another use's statement. On SQLite no statement goes on over it.
    """
    state_of(wrapper).ends_after_use = True


def session_given_to(wrapper: Any) -> GivenSession:
    """Return what the database of a wrapper is given of a caller's session."""
    return GivenSession(wrapper.settings_dict.get(SESSION_KEY, ""))


def socket_in(wrapper: Any) -> DriverSocket:
    """Return the socket of a wrapper's connection. Raises OSError before one was opened."""
    found = state_of(wrapper).socket
    if found is None:
        raise OSError("no connection was opened")
    return found
