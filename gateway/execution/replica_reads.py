"""Reads that a replica answers, and the checks that say which replica may.

What a replica can't answer is asked of the database itself: no caller learns that one is down,
lacks a new column yet, or ended a statement that was in the way of its replay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.concurrency.garbage_collection import release_frames
from dynamic_databases.errors import DatabaseProblem, Unavailable
from dynamic_databases.replicas.choice import Replicas
from gateway.errors import DeadlinePassed, Overloaded
from gateway.execution.circuit_breaker import CircuitBreakers
from gateway.execution.request import ExecutionRequest
from gateway.execution.workers import Workers
from gateway.metrics import Metrics

_T = TypeVar("_T")


class NeedsPrimary(Exception):
    """The operation turned out to write."""


class ReplicaReads:
    """Asks replicas for the reads of their databases, each under a breaker of its own."""

    def __init__(
        self, replicas: Replicas, breakers: CircuitBreakers, readers: Workers, metrics: Metrics
    ) -> None:
        self._replicas = replicas
        self._breakers = breakers
        self._readers = readers
        self._metrics = metrics
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, call: ExecutionRequest, ask: Callable[[], Awaitable[_T]]) -> _T | None:
        """Return what `ask` returns with a replica as source; None where none may answer.

        Raises what the database itself would raise as well, DeadlinePassed and Overloaded.
        """
        replica = self._replicas.choose(call.alias, call.read_after or 0.0)
        if replica is None:
            return None
        call.source, call.is_on_replica = replica, True
        try:
            with self._breakers.guard(replica):
                answer = await ask()
        except (DatabaseProblem, NeedsPrimary) as error:
            self._failed(replica, error)
            return None
        except DeadlinePassed as error:
            self._failed(replica, error)
            raise
        finally:
            call.source, call.is_on_replica = call.alias, False
        self._metrics.count_replica_read("answered")
        return answer

    def schedule_checks(self, primary: Alias) -> None:
        """Check the replicas of a database, those whose last check is old enough."""
        for replica in self._replicas.due(primary):
            task = asyncio.create_task(self._check(replica))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _failed(self, replica: Alias, error: Exception) -> None:
        """One that doesn't answer, or not in time, is left out until a check finds it in order."""
        if isinstance(error, Unavailable | DeadlinePassed):
            self._replicas.failed(replica, error)
        if not isinstance(error, NeedsPrimary):
            self._metrics.count_replica_read("failed")
        release_frames(error)

    async def _check(self, replica: Alias) -> None:
        deadline = Deadline.after_ms(round(self._replicas.max_lag * 1000), time.monotonic)
        try:
            with self._breakers.guard(replica):
                await self._readers.run(replica, deadline, lambda _: self._replicas.check(replica))
        except (DatabaseProblem, DeadlinePassed, Overloaded) as error:
            self._replicas.failed(replica, error)
