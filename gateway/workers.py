"""Threads that run statements: bounded per tenant and process, fair, each job under a deadline."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.active import use_database
from dynamic_databases.connections import Connections
from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed, Overloaded
from gateway.watchdog import Overdue, Watchdog

_T = TypeVar("_T")
Lease = Callable[[], AbstractContextManager[BaseDatabaseWrapper]]
Work = Callable[[Lease], Any]


@dataclass(eq=False)
class _Job:
    """One piece of work for one alias, and where its answer goes; without work it is a turn."""

    alias: str
    work: Work | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    deadline: Deadline
    wrapper: BaseDatabaseWrapper | None = field(default=None)

    def finish(self, result: Any, error: BaseException | None) -> None:
        """Hand the answer to the event loop; nobody may be waiting any more."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Workers:
    """At most `threads` jobs at a time, `per_alias` of one alias, `queue_limit` waiting.

    Waiting aliases take turns, so that one tenant's queue doesn't hold up the others.
    """

    def __init__(
        self, threads: int, per_alias: int, queue_limit: int, connections: Connections
    ) -> None:
        self._threads = threads
        self._per_alias = per_alias
        self._queue_limit = queue_limit
        self._connections = connections
        self._watchdog = Watchdog()
        self._lock = threading.Lock()
        self._ready: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: OrderedDict[str, deque[_Job]] = OrderedDict()
        self._waiting_count = 0
        self._running: dict[str, int] = {}
        self._running_count = 0
        self._started: list[threading.Thread] = []

    async def run(self, alias: str, deadline: Deadline, work: Callable[[Lease], _T]) -> _T:
        """Run `work` in a thread and return its answer.

        `work` gets a lease: a context manager that gives it a connection of `alias`, which is the
        active database inside. Raises Overloaded where too many wait, DeadlinePassed at the deadline.
        """
        loop = asyncio.get_running_loop()
        job = _Job(alias, work, loop, loop.create_future(), deadline)
        self._submit(job)
        timer = loop.call_later(max(deadline.seconds_left, 0), self._expire, job)
        try:
            answer: _T = await job.future
            return answer
        except asyncio.CancelledError:
            self._abandon(job)
            raise
        finally:
            timer.cancel()

    async def turn(self, alias: str, deadline: Deadline) -> None:
        """Take a place among the running jobs for something that needs no thread; `leave` gives it back.

        Raises as `run` does.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._may_run(alias):
                self._start(alias)
                return
            job = _Job(alias, None, loop, loop.create_future(), deadline)
            self._queue(job)
        timer = loop.call_later(max(deadline.seconds_left, 0), self._expire, job)
        try:
            await job.future
        except asyncio.CancelledError:
            if job.future.cancelled():
                self._abandon(job)
            else:  # the place was given just now
                self.leave(alias)
            raise
        finally:
            timer.cancel()

    def leave(self, alias: str) -> None:
        """Give the place of a turn to the next that waits."""
        following = self._next_after(alias)
        if following is not None:
            self._start_thread()
            self._ready.put(following)

    def close(self, wrapper: BaseDatabaseWrapper, *, is_running: bool) -> None:
        """Close a connection from a thread of its own, cancelling first what it still runs."""
        self._watchdog.end(Overdue(wrapper, lambda: is_running, closes=True))

    @property
    def is_busy(self) -> bool:
        return self._running_count > 0

    def stop(self) -> None:
        """End the threads once their jobs are done."""
        for _ in self._started:
            self._ready.put(None)
        for thread in self._started:
            thread.join(timeout=10)
        self._watchdog.stop()

    def _submit(self, job: _Job) -> None:
        with self._lock:
            if not self._may_run(job.alias):
                self._queue(job)
                return
            self._start(job.alias)
        self._start_thread()
        self._ready.put(job)

    def _queue(self, job: _Job) -> None:
        if self._waiting_count >= self._queue_limit:
            raise Overloaded
        self._waiting.setdefault(job.alias, deque()).append(job)
        self._waiting_count += 1

    def _start_thread(self) -> None:
        """There are as many threads as jobs that may run at once, made as they are needed."""
        with self._lock:
            if len(self._started) < min(self._threads, self._running_count):
                name = f"worker-{len(self._started)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._started.append(thread)
                thread.start()

    def _may_run(self, alias: str) -> bool:
        return self._running_count < self._threads and self._running.get(alias, 0) < self._per_alias

    def _start(self, alias: str) -> None:
        self._running_count += 1
        self._running[alias] = self._running.get(alias, 0) + 1

    def _work(self) -> None:
        while (job := self._ready.get()) is not None:
            following: _Job | None = job
            while following is not None:
                self._run_job(following)
                following = self._next_after(following.alias)

    def _run_job(self, job: _Job) -> None:
        if job.future.done() or job.work is None:
            return
        try:
            result = job.work(lambda: self._lease(job))
        except BaseException as error:  # noqa: BLE001 - the event loop's side raises it
            job.finish(None, error)
        else:
            job.finish(result, None)

    @contextmanager
    def _lease(self, job: _Job) -> Iterator[BaseDatabaseWrapper]:
        with use_database(job.alias), self._connections.lease(job.alias) as wrapper:
            job.wrapper = wrapper
            try:
                yield wrapper
            finally:
                job.wrapper = None

    def _next_after(self, alias: str) -> _Job | None:
        """Give back a finished job's place; start all turns that may be, return a job for a thread."""
        with self._lock:
            self._running_count -= 1
            self._running[alias] -= 1
            if not self._running[alias]:
                del self._running[alias]
            for waiting in list(self._waiting):
                if self._may_run(waiting):
                    job = self._take(waiting)
                    if job.work is not None:
                        return job
                    job.loop.call_soon_threadsafe(self._give_turn, job)
                    return None
        return None

    def _give_turn(self, job: _Job) -> None:
        if job.future.done():  # it gave up a moment ago
            self.leave(job.alias)
        else:
            job.future.set_result(None)

    def _take(self, alias: str) -> _Job:
        jobs = self._waiting.pop(alias)
        job = jobs.popleft()
        if jobs:
            self._waiting[alias] = jobs  # to the end of the line
        self._waiting_count -= 1
        self._start(job.alias)
        return job

    def _expire(self, job: _Job) -> None:
        if not job.future.done():
            job.future.set_exception(DeadlinePassed())
            self._abandon(job)

    def _abandon(self, job: _Job) -> None:
        """Nobody waits for the job any more: end its statement, or take it out of the line."""
        with self._lock:
            jobs = self._waiting.get(job.alias)
            if jobs is not None and job in jobs:
                jobs.remove(job)
                self._waiting_count -= 1
                if not jobs:
                    del self._waiting[job.alias]
                return
        wrapper = job.wrapper
        if wrapper is not None:
            self._watchdog.end(Overdue(wrapper, lambda: job.wrapper is wrapper))
