"""Reads of databases for the admin's pages and for commands: under a deadline, a few at a time.

They have threads of their own, so that no tenant's request waits for them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.connections.pool import Connections
from dynamic_databases.errors import DatabaseProblem
from gateway.errors import DeadlinePassed, Overloaded
from gateway.execution.bulkhead import BulkheadLimits
from gateway.execution.watchdog import Watchdog
from gateway.execution.workers import Workers

_T = TypeVar("_T")
PER_SERVER = 4
_BOUNDS = BulkheadLimits(slots=8, per_alias=1, per_server=PER_SERVER, waiting=10_000)


class NotReached(DatabaseProblem):
    """A database was not read in the time that there was; others may have taken it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The database was not reached within {seconds:g} s.")


class BoundedReads:
    """Runs work on databases in a few threads of its own; a silent server can't keep one."""

    def __init__(self, connections: Connections) -> None:
        self._watchdog = Watchdog(connections.server_of)
        self._workers = Workers(_BOUNDS, connections, self._watchdog, wait_seconds=3600)

    async def read(self, alias: Alias, job: Callable[[], _T], seconds: float) -> _T:
        """Run work on a database in a thread. Raises DatabaseProblem, or NotReached in time."""
        deadline = Deadline.after_ms(round(seconds * 1000), time.monotonic)
        try:
            return await self._workers.run(alias, deadline, lambda _lease: job())
        except (DeadlinePassed, Overloaded):
            raise NotReached(seconds) from None

    def run(
        self, jobs: Sequence[tuple[Alias, Callable[[], _T]]], seconds: float
    ) -> list[_T | DatabaseProblem]:
        """Run the work of each alias in order; return each one's result, or why it failed.

        What isn't done in `seconds` is ended: NotReached. Must not be called in an event loop.
        """

        async def run_all() -> list[_T | DatabaseProblem]:
            outcomes = (self._outcome(alias, job, seconds) for alias, job in jobs)
            return list(await asyncio.gather(*outcomes))

        return asyncio.run(run_all())

    async def _outcome(
        self, alias: Alias, job: Callable[[], _T], seconds: float
    ) -> _T | DatabaseProblem:
        try:
            return await self.read(alias, job, seconds)
        except DatabaseProblem as error:
            return error


bounded_reads_of = lru_cache(maxsize=1)(BoundedReads)  # one for the connections of this process
