"""Which jobs run and which wait: bounds per process, server and database, and fair turns.

It only counts, without threads or a clock. Its caller holds a lock.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from dynamic_databases.aliases import Alias
from gateway.errors import Overloaded


class Waiting(Protocol):
    """What takes a slot."""

    @property
    def alias(self) -> Alias: ...


_J = TypeVar("_J", bound=Waiting)
_K = TypeVar("_K", bound=str)


@dataclass(frozen=True)
class BulkheadLimits:
    """How many jobs may run: in all, per database and per server; and how many may wait."""

    slots: int
    per_alias: int
    per_server: int
    waiting: int


class Bulkhead(Generic[_J]):
    """Gives out slots. A database gets at most as many as stay free: none takes the last."""

    def __init__(self, bounds: BulkheadLimits, server_of: Callable[[Alias], str]) -> None:
        self._bounds = bounds
        self._server_of = server_of
        self._waiting: OrderedDict[Alias, deque[_J]] = OrderedDict()
        self.waiting_count = 0
        self.running_count = 0
        self._of_alias: dict[Alias, int] = {}
        self._of_server: dict[str, int] = {}
        self._servers: dict[Alias, str] = {}  # of the databases that have a slot

    def try_acquire(self, alias: Alias) -> bool:
        """Take a slot for a job of `alias`, where it may run now."""
        if not self._may_run(alias):
            return False
        self._start(alias)
        return True

    def enqueue(self, job: _J) -> None:
        """Put a job that got no slot into the queue. Raises Overloaded where too many wait."""
        if self.waiting_count >= self._bounds.waiting:
            raise Overloaded(
                f"{self.waiting_count} requests are waiting, "
                "the maximum (GATEWAY_QUEUE_LIMIT); try again."
            )
        self._waiting.setdefault(job.alias, deque()).append(job)
        self.waiting_count += 1

    def release(self, alias: Alias) -> _J | None:
        """End a job of `alias`; return the waiting job that got its slot and may run."""
        self.running_count -= 1
        _decrease(self._of_server, self._servers[alias])
        _decrease(self._of_alias, alias)
        if alias not in self._of_alias:
            del self._servers[alias]
        for waiting in self._waiting:
            if self._may_run(waiting):
                return self._next_of(waiting)
        return None

    def remove(self, job: _J) -> bool:
        """Take a job out of the line; return whether it was in it."""
        jobs = self._waiting.get(job.alias)
        if jobs is None or job not in jobs:
            return False
        jobs.remove(job)
        self.waiting_count -= 1
        if not jobs:
            del self._waiting[job.alias]
        return True

    def _may_run(self, alias: Alias) -> bool:
        free = self._bounds.slots - self.running_count
        own = self._of_alias.get(alias, 0)
        return (
            own < min(self._bounds.per_alias, max(free, 1))
            and free > 0
            and self._of_server.get(self._server(alias), 0) < self._bounds.per_server
        )

    def _server(self, alias: Alias) -> str:
        """Return the server that the database's slots count for: constant while it has any."""
        return self._servers.get(alias) or self._server_of(alias)

    def _start(self, alias: Alias) -> None:
        self.running_count += 1
        self._of_alias[alias] = self._of_alias.get(alias, 0) + 1
        server = self._servers[alias] = self._server(alias)
        self._of_server[server] = self._of_server.get(server, 0) + 1

    def _next_of(self, alias: Alias) -> _J:
        jobs = self._waiting.pop(alias)
        job = jobs.popleft()
        if jobs:
            self._waiting[alias] = jobs  # to the end of the line
        self.waiting_count -= 1
        self._start(alias)
        return job


def _decrease(counts: dict[_K, int], key: _K) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
