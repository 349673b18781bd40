"""Worker threads for statements: bounded per database, server and process; fair, with deadlines."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.active import use_database
from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.connections.django_storage import close_unused
from dynamic_databases.connections.pool import Connections
from dynamic_databases.connections.watcher import watched_by
from dynamic_databases.errors import OutcomeUnknown
from dynamic_databases.outcomes import UNKNOWN
from gateway.errors import DeadlinePassed, Overloaded
from gateway.execution.bulkhead import Bulkhead, BulkheadLimits
from gateway.execution.jobs import Job, Lease, call_in, was_given
from gateway.execution.watchdog import Overdue, Watchdog

_T = TypeVar("_T")
_log = logging.getLogger("gateway.execution.workers")
_STOP_SECONDS = 10


class Workers:
    """Runs jobs in threads, as many at a time as `bounds` lets; the others wait in a line.

    Who waits longer than `wait_seconds` is refused.
    """

    def __init__(
        self,
        bounds: BulkheadLimits,
        connections: Connections,
        watchdog: Watchdog,
        wait_seconds: float,
    ) -> None:
        self._connections = connections
        self._watchdog = watchdog
        self._threads = bounds.slots
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._bulkhead: Bulkhead[Job] = Bulkhead(bounds, connections.server_of)
        self._ready: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._started: list[threading.Thread] = []

    async def run(
        self,
        alias: Alias,
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
        job = Job(alias, work, loop, loop.create_future())
        with self._lock:
            runs = self._bulkhead.try_acquire(alias)
            if not runs:
                self._bulkhead.enqueue(job)
        if runs:
            self._hand_over(job)
        self._set_timers(job, deadline, until, waits=not runs)
        try:
            answer: _T = await job.future
            return answer
        except asyncio.CancelledError:
            if until is None or self._leaves_line(job):
                self._abandon(job)
            raise

    async def acquire_slot(self, alias: Alias, deadline: Deadline) -> None:
        """Take a slot for work that needs no thread; `release_slot` gives it back.

        Raises Overloaded and DeadlinePassed as `run` does.
        """
        with self._lock:
            if self._bulkhead.try_acquire(alias):
                return
            loop = asyncio.get_running_loop()
            job = Job(alias, None, loop, loop.create_future())
            self._bulkhead.enqueue(job)
        self._set_timers(job, deadline, None, waits=True)
        try:
            await job.future
        except asyncio.CancelledError:
            if was_given(job.future):  # just now
                self.release_slot(alias)
            else:
                self._leaves_line(job)
            raise
        finally:
            for timer in job.timers:
                timer.cancel()

    def release_slot(self, alias: Alias) -> None:
        """Give the place of a turn to the next that waits."""
        following = self._next_after(alias)
        if following is not None:
            self._hand_over(following)

    def close(self, wrapper: BaseDatabaseWrapper, *, is_running: bool) -> None:
        """Close a connection from a thread of its own, cancelling first what it still runs."""
        if is_running:
            self._watchdog.end(Overdue(wrapper, lambda: True, closes=True))
        else:
            self._watchdog.close(wrapper)

    @property
    def counts(self) -> tuple[int, int]:
        """How many run and how many wait."""
        return self._bulkhead.running_count, self._bulkhead.waiting_count

    def stop(self) -> None:
        """End the threads once their jobs are done; wait for them together as long as for one."""
        for _ in self._started:
            self._ready.put(None)
        end = time.monotonic() + _STOP_SECONDS
        for thread in self._started:
            thread.join(timeout=max(end - time.monotonic(), 0))

    def _set_timers(
        self, job: Job, deadline: Deadline, until: Deadline | None, *, waits: bool
    ) -> None:
        left = max(deadline.seconds_left, 0)
        job.timers.append(job.loop.call_later(left, self._expire, job, until is None))
        if until is not None:
            job.timers.append(job.loop.call_later(until.seconds_left, self._abandon, job))
        if waits and self._wait_seconds < left:
            job.timers.append(job.loop.call_later(self._wait_seconds, self._refuse, job))

    def _hand_over(self, job: Job) -> None:
        """Have a thread run a job that has its place; refuse it where there is none at all."""
        following: Job | None = job
        while following is not None and not self._start_thread():
            following.finish(None, Overloaded("The gateway can start no thread now; try again."))
            following = self._next_after(following.alias)
        if following is not None:
            self._ready.put(following)

    def _start_thread(self) -> bool:
        """There are as many threads as jobs that may run at once, made as they are needed.

        Where the system has none left those that run do the work; return whether there are any.
        """
        with self._lock:
            if len(self._started) < min(self._threads, self._bulkhead.running_count):
                name = f"worker-{len(self._started)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    _log.warning("a worker's thread could not be started")
                else:
                    self._started.append(thread)
            return bool(self._started)

    def _work(self) -> None:
        while self._work_on(self._ready.get()):
            pass

    def _work_on(self, job: Job | None) -> bool:
        """Run a job and those that follow it; return whether the thread goes on.

        While the thread waits for the next one, nothing holds the last one's answer.
        """
        goes_on = job is not None
        while job is not None:
            try:
                self._run_job(job)
            except Exception:  # noqa: BLE001 - its place is given back all the same
                _log.exception("a worker could not end a job cleanly")
            job = self._next_after(job.alias)
        return goes_on

    def _run_job(self, job: Job) -> None:
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
    def _lease(self, job: Job) -> Iterator[BaseDatabaseWrapper]:
        with use_database(job.alias), self._connections.lease(job.alias) as wrapper:
            yield wrapper

    def _next_after(self, alias: Alias) -> Job | None:
        """Release a finished job's slot; start the next turn, or return a job for a thread."""
        while True:
            with self._lock:
                job = self._bulkhead.release(alias)
            if job is None or job.work is not None:
                return job
            if call_in(job.loop, self._give_turn, job):
                return None
            alias = job.alias  # no job takes that turn

    def _give_turn(self, job: Job) -> None:
        if job.future.done():  # it gave up a moment ago
            self.release_slot(job.alias)
        else:
            job.future.set_result(None)

    def _leaves_line(self, job: Job) -> bool:
        with self._lock:
            return self._bulkhead.remove(job)

    def _refuse(self, job: Job) -> None:
        """It waited for its turn as long as it may."""
        if self._leaves_line(job) and not job.future.done():
            job.give_up()
            job.future.set_exception(
                Overloaded(
                    f"The request waited {self._wait_seconds:g} s for its turn, "
                    "the maximum (GATEWAY_QUEUE_WAIT_MS); try again."
                )
            )

    def _expire(self, job: Job, ends: bool) -> None:
        """The deadline is over; with `ends` the work is, too."""
        if job.future.done():
            return
        is_committing = job.give_up() if ends or self._leaves_line(job) else False
        job.future.set_exception(OutcomeUnknown(UNKNOWN) if is_committing else DeadlinePassed())
        if ends:
            self._abandon(job)

    def _abandon(self, job: Job) -> None:
        """No caller waits for the job any more: take it out of the line, or end its statement."""
        job.give_up()
        if self._leaves_line(job):
            return
        for wrapper in list(job.wrappers):
            self._watchdog.end(Overdue(wrapper, partial(job.claim, wrapper)))
