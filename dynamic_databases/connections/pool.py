"""The open connections of this process to registered databases, by alias.

Two users: Django's ORM asks `django.db.connections[alias]` in whatever thread it runs, and the
gateway's workers lease a connection for the time of one job. Both see a changed or removed
database at once, because each connection belongs to a generation of its alias.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.aliases import Alias
from dynamic_databases.connections.received import ReceiveLimit
from dynamic_databases.connections.session import (
    close,
    connections,
    is_reusable,
    new_wrapper,
    open_connection,
)
from dynamic_databases.connections.state import state_of
from dynamic_databases.connections.vendors.dispatch import forget_alias, vendor_of
from dynamic_databases.connections.watcher import Watcher, current_watcher
from dynamic_databases.errors import ServerBusy


@dataclass(frozen=True)
class PoolBounds:
    """How many connections are open, and how long without being used."""

    max_idle: int  # without a lease, in this process
    per_server: int = 100_000  # with and without
    idle_seconds: float = math.inf
    receive_limit_bytes: int = 100_000_000  # of one use of a connection


@dataclass(slots=True, eq=False)
class PooledConnection:
    """A connection of the pool: Django's wrapper, and what the pool knows of it.

    A lease outlives a new generation: what runs finishes on what it began with.
    """

    alias: Alias
    wrapper: BaseDatabaseWrapper
    generation: int  # of its alias when it was made
    server: str
    statement_timeout_ms: int
    idle_since: float = 0.0  # by `time.monotonic`


class Connections:
    """Leases connections, keeps idle ones for the next lease, and closes all of one alias.

    Beyond the bounds the alias that was used longest ago loses a connection. The server ends a
    leased connection's statement by itself after `statement_timeout_ms`, of an alias. A connection
    that receives more than `receive_limit_bytes` in one use, of an alias, is shut down.
    """

    def __init__(self, bounds: PoolBounds, statement_timeout_ms: int) -> None:
        self._bounds = bounds
        self._statement_timeout_ms = statement_timeout_ms
        self.reset_limits()
        self._received = ReceiveLimit(self._receive_limit)
        self._open_counts: Counter[str] = Counter()  # by server
        self._servers: dict[Alias, str] = {}
        self._lock = threading.Lock()
        self._idle: OrderedDict[Alias, deque[PooledConnection]] = OrderedDict()
        self._idle_count = 0
        self._generations: dict[Alias, int] = {}
        self._writers: dict[Alias, threading.Lock] = {}
        self._dead: list[BaseDatabaseWrapper] = []  # to be closed where that may block

    def reset_limits(self) -> None:
        """Give every alias the same limits, as at first."""
        milliseconds, size = self._statement_timeout_ms, self._bounds.receive_limit_bytes
        self.statement_timeout_ms: Callable[[Alias], int] = lambda _alias: milliseconds
        self.receive_limit_bytes: Callable[[Alias], int] = lambda _alias: size

    def generation(self, alias: Alias) -> int:
        return self._generations.get(alias, 0)

    @contextmanager
    def lease(self, alias: Alias) -> Iterator[BaseDatabaseWrapper]:
        """Make one connection of `alias` this thread's own (`connections[alias]`) until the end.

        The watcher of this thread hears of it. A connection that is broken, or inside a
        transaction, afterwards is closed, not kept. Raises `CannotConnect` where the database can't
        be reached, `ServerBusy` where its server has all the connections that it may have,
        `NotRegistered` where there is no such database.
        """
        pooled, evicted = self.checkout(alias), None
        if pooled is None:
            pooled, evicted = self._make(alias)
        try:
            if evicted is not None:
                close(evicted)
            with self._opened(pooled, current_watcher()) as wrapper:
                yield wrapper
        finally:
            self._end_lease(pooled)

    @contextmanager
    def _opened(
        self, pooled: PooledConnection, watcher: Watcher | None
    ) -> Iterator[BaseDatabaseWrapper]:
        """Make a connection this thread's own, opened where it is new; `watcher` hears of it."""
        wrapper = pooled.wrapper
        if watcher is not None:
            watcher.opens(wrapper)
        try:
            if wrapper.connection is None:
                self._received.begin(wrapper)
                open_connection(wrapper, pooled.statement_timeout_ms)
            if watcher is not None:
                watcher.may_go_on()
            with _as_this_threads(pooled.alias, wrapper):
                yield wrapper
        finally:
            if watcher is not None:
                watcher.is_done_with(wrapper)

    @contextmanager
    def dedicated(self, alias: Alias) -> Iterator[BaseDatabaseWrapper]:
        """Make a new connection this thread's own until the end, without a limit on its statements.

        For what may take long outside a request, such as altering a table. Raises
        `Unavailable`.
        """
        wrapper = new_wrapper(alias)
        self._received.begin(wrapper)
        try:
            open_connection(wrapper, statement_timeout_ms=0)
            with _as_this_threads(alias, wrapper):
                yield wrapper
        finally:
            self._received.end(wrapper)
            close(wrapper)

    def checkout(self, alias: Alias) -> PooledConnection | None:
        """Lend an open connection that is idle, where there is one; `take_back` ends it."""
        timeout = self.statement_timeout_ms(alias)
        while (pooled := self._take_idle(alias)) is not None:
            is_usable = False
            try:
                # Asked without the lock: it is a system call, and every request would wait for it.
                is_usable = pooled.statement_timeout_ms == timeout and not _is_stale(pooled)
            finally:
                if not is_usable:
                    with self._lock:
                        self._forget(pooled)
                        self._dead.append(pooled.wrapper)
            if is_usable:
                self._received.begin(pooled.wrapper)
                return pooled
        return None

    def checkin(self, pooled: PooledConnection) -> list[BaseDatabaseWrapper]:
        """Keep a lent connection for the next use; return those that are to be closed instead.

        Closing is left to the caller, who may be in an event loop, where Django closes nothing.
        """
        wrapper, alias = pooled.wrapper, pooled.alias
        self._received.end(wrapper)
        with self._lock:
            if not is_reusable(wrapper) or pooled.generation != self.generation(alias):
                self._forget(pooled)
                return [wrapper]
            pooled.idle_since = time.monotonic()
            self._idle.setdefault(alias, deque()).append(pooled)
            self._idle.move_to_end(alias)
            self._idle_count += 1
            return [self._evict(alias=None)] if self._idle_count > self._bounds.max_idle else []

    def invalidate(self, pooled: PooledConnection) -> None:
        """Count a lent connection as closed; the caller closes it."""
        self._received.end(pooled.wrapper)
        with self._lock:
            self._forget(pooled)

    def close_unused(self) -> None:
        """Close what was not used for too long, and what turned out to be closed by its server."""
        before = time.monotonic() - self._bounds.idle_seconds
        with self._lock:
            unused, self._dead = self._dead, []
            for alias, idle in list(self._idle.items()):
                while idle and idle[0].idle_since < before:
                    unused.append(self._evict(alias))
        for wrapper in unused:
            close(wrapper)

    def server_of(self, alias: Alias) -> str:
        """Return the host and port of the server of `alias`, as soon as it was used.

        Before that, and for a file, return the alias itself. It asks no server, so that an event
        loop may call it.
        """
        return self._servers.get(alias, alias)

    @property
    def counts(self) -> tuple[int, int]:
        """How many connections are open, and how many of them idle."""
        with self._lock:
            return self._open_counts.total(), self._idle_count

    def close(self, alias: Alias) -> None:
        """Close the idle connections of `alias` now, the leased ones when they come back."""
        with self._lock:
            self._generations[alias] = self.generation(alias) + 1
            idle = self._idle.pop(alias, deque())
            self._idle_count -= len(idle)
            for pooled in idle:
                self._forget(pooled)
            self._servers.pop(alias, None)
        forget_alias(alias)
        for pooled in idle:
            close(pooled.wrapper)

    def close_all(self) -> None:
        with self._lock:
            aliases = list(self._idle)
        for alias in aliases:
            self.close(alias)

    def _take_idle(self, alias: Alias) -> PooledConnection | None:
        """Take the connection of an alias that was used last."""
        with self._lock:
            idle = self._idle.get(alias)
            if not idle:
                return None
            pooled = idle.pop()
            if not idle:
                del self._idle[alias]  # what is there has a connection to evict
            self._idle_count -= 1
            return pooled

    def _receive_limit(self, alias: Alias) -> int:
        return self.receive_limit_bytes(alias)

    def _end_lease(self, pooled: PooledConnection) -> None:
        for old in self.checkin(pooled):
            close(old)

    def _make(self, alias: Alias) -> tuple[PooledConnection, BaseDatabaseWrapper | None]:
        """Count a new connection; return it with the one that is to be closed for it.

        It is counted last: nothing can fail between that and the return.
        """
        wrapper = new_wrapper(alias)
        host, port = wrapper.settings_dict.get("HOST"), wrapper.settings_dict.get("PORT")
        server = f"{host}:{port}".lower() if host else alias
        timeout = self.statement_timeout_ms(alias)
        wrapper.inc_thread_sharing()  # it moves from thread to thread, one at a time
        with self._lock:
            self._servers[alias] = server
            state = state_of(wrapper)
            state.is_pooled = True
            state.writer = self._writers.setdefault(alias, threading.Lock())
            pooled = PooledConnection(alias, wrapper, self.generation(alias), server, timeout)
            evicted = self._make_room(server)
            self._open_counts[server] += 1
            return pooled, evicted

    def _make_room(self, server: str) -> BaseDatabaseWrapper | None:
        """Return an idle connection to close where the server has all that it may have.

        Raises ServerBusy.
        """
        if self._open_counts[server] < self._bounds.per_server:
            return None
        for alias in self._idle:
            if self._servers.get(alias) == server:
                return self._evict(alias)
        raise ServerBusy(
            f"The database server has {self._bounds.per_server} connections, the maximum"
            " (GATEWAY_SERVER_CONNECTIONS); try again."
        )

    def _evict(self, alias: Alias | None) -> BaseDatabaseWrapper:
        """Take the oldest idle connection of an alias, or of that which was used longest ago."""
        alias = alias or next(iter(self._idle))
        idle = self._idle[alias]
        pooled = idle.popleft()
        if not idle:
            del self._idle[alias]
        self._idle_count -= 1
        self._forget(pooled)
        return pooled.wrapper

    def _forget(self, pooled: PooledConnection) -> None:
        """A connection leaves the pool."""
        server = pooled.server
        self._open_counts[server] -= 1
        if not self._open_counts[server]:
            del self._open_counts[server]


def _is_stale(pooled: PooledConnection) -> bool:
    return vendor_of(pooled.wrapper).is_stale(pooled.wrapper)


@contextmanager
def _as_this_threads(alias: Alias, wrapper: BaseDatabaseWrapper) -> Iterator[None]:
    """Have `connections[alias]` be `wrapper` in this thread, then what it was before."""
    held = connections._connections.held(alias)
    connections[alias] = wrapper
    try:
        yield
    finally:
        if held is not None:
            connections[alias] = held
        elif hasattr(connections._connections, alias):
            del connections[alias]


def writer_of(wrapper: BaseDatabaseWrapper) -> threading.Lock:
    """Return the lock of this process's writers to a database that takes one writer at a time.

    Waiting for each other here is fair and costs nothing; waiting for the database's own lock is
    polling with growing pauses.
    """
    return state_of(wrapper).writer
