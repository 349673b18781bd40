"""Threads that run statements: bounded per database, server and process, fair, each job under a deadline."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.active import use_database
from dynamic_databases.connections import Connections, watched_by
from dynamic_databases.errors import OutcomeUnknown
from dynamic_databases.opening import end_after_use
from dynamic_databases.outcomes import UNKNOWN
from dynamic_databases.thread_wrappers import close_unused
from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed, Overloaded
from gateway.places import Bounds, Places
from gateway.watchdog import Overdue, Watchdog

_T = TypeVar("_T")
_STOP_SECONDS = 10
Lease = Callable[[], AbstractContextManager[BaseDatabaseWrapper]]
Work = Callable[[Lease], Any]


@dataclass(eq=False)
class _Job:
    """One piece of work for one alias, and where its answer goes; without work it is a turn.

    It watches the connections that its work leases, so that they can be ended from outside.
    """

    alias: str
    work: Work | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    wrappers: list[BaseDatabaseWrapper] = field(default_factory=list)  # the last one is in use
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_given_up: bool = False
    _is_committing: bool = False

    def opens(self, wrapper: BaseDatabaseWrapper) -> None:
        """A connection of this job is about to be opened or used."""
        self.wrappers.append(wrapper)

    def is_done_with(self, wrapper: BaseDatabaseWrapper) -> None:
        with self._lock:
            self.wrappers.remove(wrapper)

    def claim(self, wrapper: BaseDatabaseWrapper) -> bool:
        """Return whether a connection is in use here; then it is used for nothing else afterwards."""
        with self._lock:
            is_in_use = wrapper in self.wrappers
            if is_in_use:
                end_after_use(wrapper)
            return is_in_use

    def may_go_on(self) -> None:
        """Raises DeadlinePassed where nobody waits any more."""
        if self._is_given_up:
            raise DeadlinePassed

    def may_commit(self) -> None:
        """From here on the outcome is known only once the database has answered."""
        with self._lock:
            self.may_go_on()
            self._is_committing = True

    def give_up(self) -> bool:
        """Nobody waits any more; return whether a COMMIT may be on its way already."""
        with self._lock:
            self._is_given_up = True
            return self._is_committing

    def finish(self, result: Any, error: BaseException | None) -> None:
        """Hand the answer to the event loop; nobody may be waiting any more."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        for timer in self.timers:
            timer.cancel()
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Workers:
    """Runs jobs in threads, as many at a time as `bounds` lets; the others wait in a line.

    Who waits longer than `wait_seconds` is refused.
    """

    def __init__(
        self, bounds: Bounds, connections: Connections, watchdog: Watchdog, wait_seconds: float
    ) -> None:
        self._connections = connections
        self._watchdog = watchdog
        self._threads = bounds.places
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._places: Places[_Job] = Places(bounds, connections.server_of)
        self._ready: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._started: list[threading.Thread] = []

    async def run(
        self,
        alias: str,
        deadline: Deadline,
        work: Callable[[Lease], _T],
        until: Deadline | None = None,
    ) -> _T:
        """Run `work` in a thread and return its answer.

        `work` gets a lease: a context manager that gives it a connection of `alias`, which is the
        active database inside. Work that has begun goes on until `until` where that is given,
        whether somebody waits for it or not. Raises Overloaded where too many wait or it waits too
        long, DeadlinePassed at the deadline, OutcomeUnknown where that comes during a COMMIT.
        """
        loop = asyncio.get_running_loop()
        job = _Job(alias, work, loop, loop.create_future())
        with self._lock:
            runs = self._places.take(alias)
            if not runs:
                self._places.wait(job)
        if runs:
            self._start_thread()
            self._ready.put(job)
        self._set_timers(job, deadline, until, waits=not runs)
        try:
            answer: _T = await job.future
            return answer
        except asyncio.CancelledError:
            if until is None or self._leaves_line(job):
                self._abandon(job)
            raise

    async def turn(self, alias: str, deadline: Deadline) -> None:
        """Take a place among the running jobs for something that needs no thread; `leave` gives it back.

        Raises Overloaded and DeadlinePassed as `run` does.
        """
        with self._lock:
            if self._places.take(alias):
                return
            loop = asyncio.get_running_loop()
            job = _Job(alias, None, loop, loop.create_future())
            self._places.wait(job)
        self._set_timers(job, deadline, None, waits=True)
        try:
            await job.future
        except asyncio.CancelledError:
            if job.future.cancelled():
                self._leaves_line(job)
            else:  # the place was given just now
                self.leave(alias)
            raise
        finally:
            for timer in job.timers:
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
    def counts(self) -> tuple[int, int]:
        """How many run and how many wait."""
        return self._places.running_count, self._places.waiting_count

    def stop(self) -> None:
        """End the threads once their jobs are done; wait for them together as long as for one."""
        for _ in self._started:
            self._ready.put(None)
        end = time.monotonic() + _STOP_SECONDS
        for thread in self._started:
            thread.join(timeout=max(end - time.monotonic(), 0))

    def _set_timers(
        self, job: _Job, deadline: Deadline, until: Deadline | None, *, waits: bool
    ) -> None:
        left = max(deadline.seconds_left, 0)
        job.timers.append(job.loop.call_later(left, self._expire, job, until is None))
        if until is not None:
            job.timers.append(job.loop.call_later(until.seconds_left, self._abandon, job))
        if waits and self._wait_seconds < left:
            job.timers.append(job.loop.call_later(self._wait_seconds, self._refuse, job))

    def _start_thread(self) -> None:
        """There are as many threads as jobs that may run at once, made as they are needed."""
        with self._lock:
            if len(self._started) < min(self._threads, self._places.running_count):
                name = f"worker-{len(self._started)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._started.append(thread)
                thread.start()

    def _work(self) -> None:
        while (job := self._ready.get()) is not None:
            following: _Job | None = job
            while following is not None:
                self._run_job(following)
                following = self._next_after(following.alias)

    def _run_job(self, job: _Job) -> None:
        if job.work is None:
            return
        try:
            job.may_go_on()
            with watched_by(job):
                result = job.work(lambda: self._lease(job))
        except BaseException as error:  # noqa: BLE001 - the event loop's side raises it
            job.finish(None, error)
        else:
            job.finish(result, None)
        finally:
            close_unused()

    @contextmanager
    def _lease(self, job: _Job) -> Iterator[BaseDatabaseWrapper]:
        with use_database(job.alias), self._connections.lease(job.alias) as wrapper:
            yield wrapper

    def _next_after(self, alias: str) -> _Job | None:
        """Give back a finished job's place; start a turn that may be, or return a job for a thread."""
        with self._lock:
            job = self._places.give_back(alias)
        if job is None or job.work is not None:
            return job
        job.loop.call_soon_threadsafe(self._give_turn, job)
        return None

    def _give_turn(self, job: _Job) -> None:
        if job.future.done():  # it gave up a moment ago
            self.leave(job.alias)
        else:
            job.future.set_result(None)

    def _leaves_line(self, job: _Job) -> bool:
        with self._lock:
            return self._places.remove(job)

    def _refuse(self, job: _Job) -> None:
        """It waited for its turn as long as it may."""
        if self._leaves_line(job) and not job.future.done():
            job.give_up()
            job.future.set_exception(
                Overloaded(
                    f"The request waited {self._wait_seconds:g} s for its turn, the maximum (GATEWAY_QUEUE_WAIT_MS); try again."
                )
            )

    def _expire(self, job: _Job, ends: bool) -> None:
        """The deadline is over; with `ends` the work is, too."""
        if job.future.done():
            return
        is_committing = job.give_up() if ends or self._leaves_line(job) else False
        job.future.set_exception(OutcomeUnknown(UNKNOWN) if is_committing else DeadlinePassed())
        if ends:
            self._abandon(job)

    def _abandon(self, job: _Job) -> None:
        """Nobody waits for the job any more: take it out of the line, or end its statement."""
        job.give_up()
        if self._leaves_line(job):
            return
        for wrapper in list(job.wrappers):
            self._watchdog.end(Overdue(wrapper, partial(job.claim, wrapper)))
