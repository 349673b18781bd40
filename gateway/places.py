"""Who may run now and who waits: bounds per process, server and database, and turns among those who wait.

Counting alone: no thread and no clock. Whoever uses it holds a lock.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from gateway.errors import Overloaded


class Waiting(Protocol):
    """What takes a place."""

    @property
    def alias(self) -> str: ...


_J = TypeVar("_J", bound=Waiting)


@dataclass(frozen=True)
class Bounds:
    """How many may run in all, of one database and of all databases of one server, and how many may wait."""

    places: int
    per_alias: int
    per_server: int
    waiting: int


class Places(Generic[_J]):
    """Gives out places. A database may have as many more as are still free, so that none takes the last ones."""

    def __init__(self, bounds: Bounds, server_of: Callable[[str], str]) -> None:
        self._bounds = bounds
        self._server_of = server_of
        self._waiting: OrderedDict[str, deque[_J]] = OrderedDict()
        self.waiting_count = 0
        self.running_count = 0
        self._of_alias: dict[str, int] = {}
        self._of_server: dict[str, int] = {}
        self._servers: dict[str, str] = {}  # of the databases that have a place

    def take(self, alias: str) -> bool:
        """Take a place for a job of `alias`, where it may run now."""
        if not self._may_run(alias):
            return False
        self._start(alias)
        return True

    def wait(self, job: _J) -> None:
        """Put a job that got no place into the line. Raises Overloaded where too many wait."""
        if self.waiting_count >= self._bounds.waiting:
            raise Overloaded(
                f"{self.waiting_count} requests are waiting, the maximum (GATEWAY_QUEUE_LIMIT); try again."
            )
        self._waiting.setdefault(job.alias, deque()).append(job)
        self.waiting_count += 1

    def give_back(self, alias: str) -> _J | None:
        """End a job of `alias`; return the one that may run in its stead, which has the place already."""
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

    def _may_run(self, alias: str) -> bool:
        free = self._bounds.places - self.running_count
        own = self._of_alias.get(alias, 0)
        return (
            own < min(self._bounds.per_alias, max(free, 1))
            and free > 0
            and self._of_server.get(self._server(alias), 0) < self._bounds.per_server
        )

    def _server(self, alias: str) -> str:
        """Return the server that the database's places count for: the same as long as it has one."""
        return self._servers.get(alias) or self._server_of(alias)

    def _start(self, alias: str) -> None:
        self.running_count += 1
        self._of_alias[alias] = self._of_alias.get(alias, 0) + 1
        server = self._servers[alias] = self._server(alias)
        self._of_server[server] = self._of_server.get(server, 0) + 1

    def _next_of(self, alias: str) -> _J:
        jobs = self._waiting.pop(alias)
        job = jobs.popleft()
        if jobs:
            self._waiting[alias] = jobs  # to the end of the line
        self.waiting_count -= 1
        self._start(alias)
        return job


def _decrease(counts: dict[str, int], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
