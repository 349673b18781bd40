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
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.errors import ServerBusy
from dynamic_databases.opening import (
    close,
    connections,
    forget_version,
    is_reusable,
    is_stale,
    new_wrapper,
    open_connection,
)

# A lease outlives a new generation: what runs finishes on what it began with.
LEASED = "leased_by_the_gateway"
_WRITER = "gateway_writer"
_SERVER = "gateway_server"
_SINCE = "gateway_idle_since"
_TIMEOUT = "gateway_statement_timeout_ms"


class Watcher(Protocol):
    """Whoever ends a connection's statements from outside, and tells those who no longer may go on."""

    def opens(self, wrapper: BaseDatabaseWrapper) -> None:
        """A connection is about to be opened, or used."""

    def is_done_with(self, wrapper: BaseDatabaseWrapper) -> None: ...

    def may_go_on(self) -> None:
        """Raises where nobody waits any more."""

    def may_commit(self) -> None:
        """Raises where nobody waits any more; else a COMMIT is about to be sent."""


@dataclass(frozen=True)
class PoolBounds:
    """How many connections are open, and how long without being used."""

    max_idle: int  # without a lease, in this process
    per_server: int = 100_000  # with and without
    idle_seconds: float = math.inf


@dataclass(frozen=True, slots=True)
class Lent:
    """A connection that is lent out, and the generation of its alias that it belongs to."""

    alias: str
    wrapper: BaseDatabaseWrapper
    generation: int


class Connections:
    """Leases connections, keeps idle ones for the next lease, and closes all of one alias.

    Beyond the bounds the alias that was used longest ago loses a connection. The server ends a
    leased connection's statement by itself after `statement_timeout_ms`, of an alias.
    """

    def __init__(self, bounds: PoolBounds, statement_timeout_ms: int) -> None:
        self._bounds = bounds
        self.statement_timeout_ms: Callable[[str], int] = lambda _alias: statement_timeout_ms
        self._open_counts: Counter[str] = Counter()  # by server
        self._servers: dict[str, str] = {}
        self._lock = threading.Lock()
        self._idle: OrderedDict[str, deque[BaseDatabaseWrapper]] = OrderedDict()
        self._idle_count = 0
        self._generations: dict[str, int] = {}
        self._writers: dict[str, threading.Lock] = {}
        self._dead: list[BaseDatabaseWrapper] = []  # to be closed where that may block

    def generation(self, alias: str) -> int:
        return self._generations.get(alias, 0)

    @contextmanager
    def lease(self, alias: str) -> Iterator[BaseDatabaseWrapper]:
        """Make one connection of `alias` this thread's own (`connections[alias]`) until the end.

        Whoever watches this thread is told of it. A connection that is broken, or inside a transaction, afterwards is closed, not kept. Raises
        `CannotConnect` where the database can't be reached, `ServerBusy` where its server has all the
        connections that it may have, `NotRegistered` where there is no such database.
        """
        lent = self.lend_idle(alias) or self._make(alias)
        wrapper, watcher = lent.wrapper, _watcher()
        if watcher is not None:
            watcher.opens(wrapper)
        try:
            if wrapper.connection is None:
                open_connection(wrapper, wrapper.__dict__[_TIMEOUT])
            if watcher is not None:
                watcher.may_go_on()
            with _as_this_threads(alias, wrapper):
                yield wrapper
        finally:
            if watcher is not None:
                watcher.is_done_with(wrapper)
            for old in self.take_back(lent):
                close(old)

    @contextmanager
    def fresh(self, alias: str) -> Iterator[BaseDatabaseWrapper]:
        """Make a new connection this thread's own until the end, without a limit on its statements.

        For what may take long and is nobody's request, such as altering a table. Raises `Unavailable`.
        """
        wrapper = new_wrapper(alias)
        try:
            open_connection(wrapper, statement_timeout_ms=0)
            with _as_this_threads(alias, wrapper):
                yield wrapper
        finally:
            close(wrapper)

    def lend_idle(self, alias: str) -> Lent | None:
        """Lend an open connection that nobody uses, where there is one; `take_back` ends it."""
        timeout = self.statement_timeout_ms(alias)
        while (lent := self._take_idle(alias)) is not None:
            # Asked without the lock: it is a system call, and every request would wait for it.
            if lent.wrapper.__dict__[_TIMEOUT] == timeout and not is_stale(lent.wrapper):
                return lent
            with self._lock:
                self._forget(lent.wrapper)
                self._dead.append(lent.wrapper)
        return None

    def take_back(self, lent: Lent) -> list[BaseDatabaseWrapper]:
        """Keep a lent connection for the next use; return those that are to be closed instead.

        Closing is left to the caller, who may be in an event loop, where Django closes nothing.
        """
        wrapper, alias = lent.wrapper, lent.alias
        with self._lock:
            if not is_reusable(wrapper) or lent.generation != self.generation(alias):
                self._forget(wrapper)
                return [wrapper]
            wrapper.__dict__[_SINCE] = time.monotonic()
            self._idle.setdefault(alias, deque()).append(wrapper)
            self._idle.move_to_end(alias)
            self._idle_count += 1
            return [self._evict(alias=None)] if self._idle_count > self._bounds.max_idle else []

    def discard(self, lent: Lent) -> None:
        """Count a lent connection as closed: whoever calls sees to that."""
        with self._lock:
            self._forget(lent.wrapper)

    def close_unused(self) -> None:
        """Close what was not used for too long, and what turned out to be closed by its server."""
        before = time.monotonic() - self._bounds.idle_seconds
        with self._lock:
            unused, self._dead = self._dead, []
            for alias, wrappers in list(self._idle.items()):
                while wrappers and wrappers[0].__dict__[_SINCE] < before:
                    unused.append(self._evict(alias))
        for wrapper in unused:
            close(wrapper)

    def server_of(self, alias: str) -> str:
        """Return what tells the server of `alias` from others: its host and port, as soon as it was used.

        Before that, and for a file, the alias itself. Nothing is asked: an event loop may call this.
        """
        return self._servers.get(alias, alias)

    @property
    def counts(self) -> tuple[int, int]:
        """How many connections are open, and how many of them idle."""
        with self._lock:
            return self._open_counts.total(), self._idle_count

    def close(self, alias: str) -> None:
        """Close the idle connections of `alias` now and the leased ones when they are given back."""
        with self._lock:
            self._generations[alias] = self.generation(alias) + 1
            wrappers = self._idle.pop(alias, deque())
            self._idle_count -= len(wrappers)
            for wrapper in wrappers:
                self._forget(wrapper)
            self._servers.pop(alias, None)
        forget_version(alias)
        for wrapper in wrappers:
            close(wrapper)

    def close_all(self) -> None:
        with self._lock:
            aliases = list(self._idle)
        for alias in aliases:
            self.close(alias)

    def _take_idle(self, alias: str) -> Lent | None:
        """Take the connection of an alias that was used last."""
        with self._lock:
            idle = self._idle.get(alias)
            if not idle:
                return None
            wrapper = idle.pop()
            if not idle:
                del self._idle[alias]  # what is there has a connection to evict
            self._idle_count -= 1
            return Lent(alias, wrapper, self.generation(alias))

    def _make(self, alias: str) -> Lent:
        wrapper = new_wrapper(alias)
        host, port = wrapper.settings_dict.get("HOST"), wrapper.settings_dict.get("PORT")
        server = f"{host}:{port}".lower() if host else alias
        with self._lock:
            self._servers[alias] = server
            generation = self.generation(alias)
            wrapper.__dict__[_WRITER] = self._writers.setdefault(alias, threading.Lock())
            evicted = self._make_room(server)
            self._open_counts[server] += 1
        if evicted is not None:
            close(evicted)
        wrapper.__dict__[_SERVER] = server
        wrapper.__dict__[_TIMEOUT] = self.statement_timeout_ms(alias)
        wrapper.inc_thread_sharing()  # it moves from thread to thread, one at a time
        wrapper.__dict__[LEASED] = True
        return Lent(alias, wrapper, generation)

    def _make_room(self, server: str) -> BaseDatabaseWrapper | None:
        """Return an idle connection to close where the server has all it may have. Raises ServerBusy."""
        if self._open_counts[server] < self._bounds.per_server:
            return None
        for alias in self._idle:
            if self._servers.get(alias) == server:
                return self._evict(alias)
        raise ServerBusy(
            f"The database server has {self._bounds.per_server} connections, the maximum (GATEWAY_SERVER_CONNECTIONS); try again."
        )

    def _evict(self, alias: str | None) -> BaseDatabaseWrapper:
        """Take the oldest idle connection of an alias, or of that which was used longest ago."""
        alias = alias or next(iter(self._idle))
        wrappers = self._idle[alias]
        wrapper = wrappers.popleft()
        if not wrappers:
            del self._idle[alias]
        self._idle_count -= 1
        self._forget(wrapper)
        return wrapper

    def _forget(self, wrapper: BaseDatabaseWrapper) -> None:
        """A connection leaves the pool."""
        server = wrapper.__dict__[_SERVER]
        self._open_counts[server] -= 1
        if not self._open_counts[server]:
            del self._open_counts[server]


_watching = threading.local()


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Have `watcher` told of each connection that this thread leases."""
    _watching.watcher = watcher
    try:
        yield
    finally:
        del _watching.watcher


def before_commit() -> None:
    """Raises where nobody waits for this thread's write any more: nothing is done then."""
    watcher = _watcher()
    if watcher is not None:
        watcher.may_commit()


def _watcher() -> Watcher | None:
    return getattr(_watching, "watcher", None)


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


def writer_of(wrapper: BaseDatabaseWrapper) -> threading.Lock:
    """Return the lock of those in this process who write to a database that takes one writer at a time.

    Waiting for each other here is fair and costs nothing; waiting for the database's own lock is
    polling with growing pauses.
    """
    lock: threading.Lock = wrapper.__dict__[_WRITER]
    return lock
