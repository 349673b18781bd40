"""The open connections of this process to registered databases, by alias.

Two users: Django's ORM asks `django.db.connections[alias]` in whatever thread it runs, and the
gateway's workers lease a connection for the time of one job. Both see a changed or removed
database at once, because each connection belongs to a generation of its alias.
"""

from __future__ import annotations

import math
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections as _django_connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.errors import NotRegistered, Unavailable

# Typed loosely: Django's storage of wrappers (`_connections`) is no part of its public types.
connections: Any = _django_connections

# A lease outlives a new generation: what runs finishes on what it began with.
_LEASED = "leased_by_the_gateway"
_WRITER = "gateway_writer"
_MYSQL_SESSION = "gateway_mysql_session"
_TLS_MODES = ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
# `{}` is the time in milliseconds that a statement may take. MySQL's own limit is for reads alone; the
# waits for locks, which writes may hang on, are whole seconds on both. JSON is put together in a
# session's memory, up to a packet's size.
_SESSION = {
    "postgresql": "SET statement_timeout = {}; SET intervalstyle = 'iso_8601'",
    "mysql": (
        "SET SESSION time_zone = '+00:00', group_concat_max_len = 1073741824,"
        " innodb_lock_wait_timeout = ceil({} / 1000), @gateway = 0,"
        " sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
        "/*M!, max_statement_time = {} / 1000 *//*!80000, max_execution_time = {} */"
    ),
    "microsoft": "SET XACT_ABORT ON; SET LOCK_TIMEOUT {}",
}


@dataclass(frozen=True, slots=True)
class Lent:
    """A connection that is lent out, and the generation of its alias that it belongs to."""

    alias: str
    wrapper: BaseDatabaseWrapper
    generation: int


class Connections:
    """Leases connections, keeps idle ones for the next lease, and closes all of one alias.

    At most `max_idle` connections are kept open without a lease; beyond it the alias that was
    used longest ago loses one. The server ends a leased connection's statement by itself after
    `statement_timeout_ms`.
    """

    def __init__(self, max_idle: int, statement_timeout_ms: int) -> None:
        self._max_idle = max_idle
        self._statement_timeout_ms = statement_timeout_ms
        self._lock = threading.Lock()
        self._idle: OrderedDict[str, deque[BaseDatabaseWrapper]] = OrderedDict()
        self._idle_count = 0
        self._generations: dict[str, int] = {}
        self._writers: dict[str, threading.Lock] = {}

    def generation(self, alias: str) -> int:
        return self._generations.get(alias, 0)

    @contextmanager
    def lease(self, alias: str) -> Iterator[BaseDatabaseWrapper]:
        """Make one connection of `alias` this thread's own (`connections[alias]`) until the end.

        A connection that is broken, or inside a transaction, afterwards is closed, not kept. Raises
        `Unavailable` where the database can't be reached, `NotRegistered` where there is none.
        """
        lent = self.lend_idle(alias) or self._make(alias)
        wrapper = lent.wrapper
        try:
            if wrapper.connection is None:
                self._open(wrapper, self._statement_timeout_ms)
            with _as_this_threads(alias, wrapper):
                yield wrapper
        finally:
            for old in self.take_back(lent):
                old.close()

    @contextmanager
    def fresh(self, alias: str) -> Iterator[BaseDatabaseWrapper]:
        """Make a new connection this thread's own until the end, without a limit on its statements.

        For what may take long and is nobody's request, such as altering a table. Raises `Unavailable`.
        """
        wrapper = _new_wrapper(alias)
        try:
            self._open(wrapper, statement_timeout_ms=0)
            with _as_this_threads(alias, wrapper):
                yield wrapper
        finally:
            wrapper.close()

    def lend_idle(self, alias: str) -> Lent | None:
        """Lend an open connection that nobody uses, where there is one; `take_back` ends it."""
        with self._lock:
            idle = self._idle.get(alias)
            if not idle:
                return None
            self._idle_count -= 1
            wrapper = idle.pop()
            if not idle:
                del self._idle[alias]  # what is there has a connection to evict
            return Lent(alias, wrapper, self.generation(alias))

    def take_back(self, lent: Lent) -> list[BaseDatabaseWrapper]:
        """Keep a lent connection for the next use; return those that are to be closed instead.

        Closing is left to the caller, who may be in an event loop, where Django closes nothing.
        """
        wrapper, alias = lent.wrapper, lent.alias
        if not _reusable(wrapper):
            return [wrapper]
        evicted: list[BaseDatabaseWrapper] = []
        with self._lock:
            if lent.generation != self.generation(alias):
                evicted.append(wrapper)
            else:
                self._idle.setdefault(alias, deque()).append(wrapper)
                self._idle.move_to_end(alias)
                self._idle_count += 1
                if self._idle_count > self._max_idle:
                    evicted.append(self._evict())
        return evicted

    def close(self, alias: str) -> None:
        """Close the idle connections of `alias` now and the leased ones when they are given back."""
        with self._lock:
            self._generations[alias] = self.generation(alias) + 1
            wrappers = self._idle.pop(alias, deque())
            self._idle_count -= len(wrappers)
        _forget_version(alias)
        for wrapper in wrappers:
            wrapper.close()

    def close_all(self) -> None:
        for alias in list(self._idle):
            self.close(alias)

    def _make(self, alias: str) -> Lent:
        with self._lock:
            generation = self.generation(alias)
            writer = self._writers.setdefault(alias, threading.Lock())
        wrapper = _new_wrapper(alias)
        wrapper.__dict__[_WRITER] = writer
        wrapper.inc_thread_sharing()  # it moves from thread to thread, one at a time
        wrapper.__dict__[_LEASED] = True
        return Lent(alias, wrapper, generation)

    def _open(self, wrapper: BaseDatabaseWrapper, statement_timeout_ms: int) -> None:
        with outcomes.translated(wrapper.vendor, writing=False):
            wrapper.ensure_connection()
            if wrapper.vendor == "mysql":
                # Told now: the driver refuses to tell while a statement runs.
                session = wrapper.connection
                wrapper.__dict__[_MYSQL_SESSION] = (session.thread_id(), session.fileno())
                _require_tls(wrapper)
            if wrapper.vendor == "microsoft":
                _open_microsoft(wrapper, statement_timeout_ms)
            if statement := _SESSION.get(wrapper.vendor):
                with wrapper.cursor() as cursor:
                    cursor.execute(statement.replace("{}", str(statement_timeout_ms)))

    def _evict(self) -> BaseDatabaseWrapper:
        alias, wrappers = next(iter(self._idle.items()))
        if len(wrappers) == 1:
            del self._idle[alias]
        self._idle_count -= 1
        return wrappers.popleft()


def _new_wrapper(alias: str) -> BaseDatabaseWrapper:
    try:
        wrapper: BaseDatabaseWrapper = connections.create_connection(alias)
    except KeyError:  # of the settings, which lost it a moment ago
        raise NotRegistered(alias) from None
    return wrapper


@contextmanager
def _as_this_threads(alias: str, wrapper: BaseDatabaseWrapper) -> Iterator[None]:
    """Have `connections[alias]` be `wrapper` in this thread, then what it was before."""
    held = getattr(connections._connections, alias, None)
    connections[alias] = wrapper
    try:
        yield
    finally:
        if held is not None:
            connections[alias] = held
        elif hasattr(connections._connections, alias):
            del connections[alias]


def _forget_version(alias: str) -> None:
    """mssql-django keeps the version of each alias's server for the life of the process."""
    if mssql := sys.modules.get("mssql.base"):
        mssql.DatabaseWrapper._known_versions.pop(alias, None)
        mssql.DatabaseWrapper._known_azures.pop(alias, None)


def _require_tls(wrapper: BaseDatabaseWrapper) -> None:
    """MariaDB's client takes REQUIRED and connects without TLS all the same: see what came of it."""
    if wrapper.settings_dict["OPTIONS"].get("ssl_mode") not in _TLS_MODES:
        return
    with wrapper.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        cipher = cursor.fetchone()
    if not cipher or not cipher[1]:
        wrapper.close()
        raise Unavailable("The server doesn't speak TLS, which ssl_mode requires.")


def _open_microsoft(wrapper: Any, statement_timeout_ms: int) -> None:
    """mssql-django leaves a new connection as its driver opens it: every statement in a transaction."""
    wrapper.connection.autocommit = True
    wrapper.connection.timeout = math.ceil(statement_timeout_ms / 1000)


def writer_of(wrapper: BaseDatabaseWrapper) -> threading.Lock:
    """Return the lock of those in this process who write to a database that takes one writer at a time.

    Waiting for each other here is fair and costs nothing; waiting for the database's own lock is
    polling with growing pauses.
    """
    lock: threading.Lock = wrapper.__dict__[_WRITER]
    return lock


def mysql_session_of(wrapper: BaseDatabaseWrapper) -> tuple[int, int]:
    """Return the number of a connection's session at the server, and its socket's descriptor here."""
    session: tuple[int, int] = wrapper.__dict__[_MYSQL_SESSION]
    return session


class ThreadWrappers:
    """Storage for Django's `connections`: what each thread holds, without the outdated.

    Django keeps a wrapper per alias and thread for the thread's life and never asks again whether
    the alias still means the same. This storage forgets a dynamic alias's wrapper, closing it in
    its own thread, when the alias has got a new generation meanwhile.
    """

    def __init__(self, generation: Callable[[str], int]) -> None:
        self.__dict__["_generation"] = generation
        self.__dict__["_local"] = threading.local()

    def __getattr__(self, alias: str) -> Any:
        held = self._wrappers().get(alias)
        if held is None:
            raise AttributeError(alias)
        wrapper, generation = held
        outdated = generation != self._generation(alias)
        if outdated and not wrapper.in_atomic_block and _LEASED not in wrapper.__dict__:
            del self._wrappers()[alias]
            wrapper.close()
            raise AttributeError(alias)
        return wrapper

    def __setattr__(self, alias: str, wrapper: BaseDatabaseWrapper) -> None:
        self._wrappers()[alias] = (wrapper, self._generation(alias))

    def __delattr__(self, alias: str) -> None:
        if self._wrappers().pop(alias, None) is None:
            raise AttributeError(alias)

    def _wrappers(self) -> dict[str, tuple[BaseDatabaseWrapper, int]]:
        local = self.__dict__["_local"]
        if not hasattr(local, "wrappers"):
            local.wrappers = {}
        wrappers: dict[str, tuple[BaseDatabaseWrapper, int]] = local.wrappers
        return wrappers


def install_thread_wrappers(generation: Callable[[str], int]) -> None:
    """Give `django.db.connections` the storage above, keeping what this thread holds already."""
    storage = ThreadWrappers(generation)
    for alias in connections.settings:
        if hasattr(connections._connections, alias):
            setattr(storage, alias, getattr(connections._connections, alias))
    connections._connections = storage


def _reusable(wrapper: BaseDatabaseWrapper) -> bool:
    if wrapper.connection is None:
        return False
    if wrapper.in_atomic_block or wrapper.needs_rollback or wrapper.errors_occurred:
        return False
    return not getattr(wrapper.connection, "closed", False)
