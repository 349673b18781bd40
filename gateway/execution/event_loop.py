"""Talks with PostgreSQL in the event loop itself: no thread is waited for, and nothing blocks.

A hand-over to a thread and back costs more than all that the gateway does for a small query. Only
connections that are open already are used here; opening one is a thread's work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.connections.pool import Connections, PooledConnection
from dynamic_databases.errors import DatabaseProblem, OutcomeUnknown
from gateway.errors import DeadlinePassed
from gateway.execution.workers import Workers
from schema.answer_size import AnswerMeter
from schema.execution.blocking import ROLLBACK, end_if_large, is_lost
from schema.execution.postgresql_pipeline import Pipeline, pipeline_of
from schema.execution.round_trips import Flow, RoundTrip, Rows

_T = TypeVar("_T")


class NoConnection(Exception):
    """No open connection is idle; a thread is to open one."""


class EventLoopExecutor:
    """Runs flows under the bounds of `workers`, on idle connections of `connections`."""

    def __init__(self, workers: Workers, connections: Connections) -> None:
        self._workers = workers
        self._connections = connections

    async def run(
        self,
        alias: Alias,
        deadline: Deadline,
        flow_on: Callable[[BaseDatabaseWrapper], Flow[_T]],
        meter: AnswerMeter,
    ) -> _T:
        """Return what the flow on a connection makes; `meter` counts what is received.

        Raises NoConnection before anything was sent. Else it raises as `Workers.run` does,
        AnswerTooLarge, and OutcomeUnknown where the deadline passes during a COMMIT.
        """
        await self._workers.acquire_slot(alias, deadline)
        try:
            pooled = self._connections.checkout(alias)
            if pooled is None:
                raise NoConnection
            pipeline: Pipeline | None = None
            try:
                pipeline = pipeline_of(pooled.wrapper)
                return await _drive(pipeline, flow_on(pooled.wrapper), deadline, meter)
            finally:
                self._return(pooled, pipeline, meter)
        finally:
            self._workers.release_slot(alias)

    def _return(
        self, pooled: PooledConnection, pipeline: Pipeline | None, meter: AnswerMeter
    ) -> None:
        """Return a connection after its use; it is kept only if the server owes no answer.

        Nothing is awaited on the way back: a caller that is cancelled can't keep it.
        """
        end_if_large(pooled.wrapper, meter)
        if pipeline is not None and pipeline.is_settled:
            for outdated in self._connections.checkin(pooled):
                self._workers.close(outdated, is_running=False)
        else:
            self._connections.invalidate(pooled)
            self._workers.close(pooled.wrapper, is_running=True)


async def _drive(pipeline: Pipeline, flow: Flow[_T], deadline: Deadline, meter: AnswerMeter) -> _T:
    """Run a flow to its end; a transaction that an error leaves open is rolled back."""
    try:
        round_trip = next(flow)
        while True:
            round_trip = flow.send(await _round_trip(pipeline, round_trip, deadline, meter))
    except StopIteration as stop:
        result: _T = stop.value
        return result
    except (DeadlinePassed, OutcomeUnknown, asyncio.CancelledError):
        raise
    except BaseException:
        if pipeline.is_in_transaction:
            # The connection is closed where this fails; the caller learns why the flow failed.
            with suppress(DatabaseProblem, DeadlinePassed):
                await _round_trip(pipeline, ROLLBACK, deadline, AnswerMeter())
        raise


async def _round_trip(
    pipeline: Pipeline, round_trip: RoundTrip, deadline: Deadline, meter: AnswerMeter
) -> list[Rows]:
    with outcomes.translated("postgresql", writing=is_lost(round_trip)):
        pipeline.send(round_trip, meter)
        if not await _answered(pipeline, deadline):
            raise OutcomeUnknown(outcomes.UNKNOWN) if is_lost(round_trip) else DeadlinePassed
        return pipeline.results()


async def _answered(pipeline: Pipeline, deadline: Deadline) -> bool:
    """Wait until a round trip is answered; return whether it was in time."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()
    watch = _Watch(loop, pipeline.socket)

    def try_to(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the driver's; raised where it is waited for
            watch.end()
            if not done.done():
                done.set_exception(error)

    def receive() -> None:
        if pipeline.receive() and not done.done():
            done.set_result(True)

    def flush() -> None:
        if pipeline.flush():
            watch.end_writing()

    timer = loop.call_later(max(deadline.seconds_left, 0), _late, done)
    loop.add_reader(watch.descriptor, try_to, receive)
    try:
        if not pipeline.flush():
            loop.add_writer(watch.descriptor, try_to, flush)
        return await done
    finally:
        timer.cancel()
        watch.end()


class _Watch:
    """Whether the event loop looks at a descriptor.

    libpq closes its descriptor as soon as it meets an error, and the number may be another
    connection's a moment later: it is let go of at once, and once only.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        self._loop = loop
        self.descriptor = descriptor
        self._is_over = False

    def end_writing(self) -> None:
        self._loop.remove_writer(self.descriptor)

    def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._loop.remove_reader(self.descriptor)
            self._loop.remove_writer(self.descriptor)


def _late(done: asyncio.Future[bool]) -> None:
    if not done.done():
        done.set_result(False)
