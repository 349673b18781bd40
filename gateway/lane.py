"""Talks with PostgreSQL in the event loop itself: no thread is waited for, and nothing blocks.

A hand-over to a thread and back costs more than all that the gateway does for a small query. Only
connections that are open already are used here; opening one is a thread's work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from dynamic_databases import outcomes
from dynamic_databases.connections import Connections, Lent
from dynamic_databases.errors import DatabaseProblem, OutcomeUnknown
from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed
from gateway.workers import Workers
from schema.exchange import Exchange, Rows, Talk
from schema.execute import ROLLBACK, is_lost
from schema.wire import Wire, wire_of

_T = TypeVar("_T")


class NoConnection(Exception):
    """No open connection is idle; a thread is to open one."""


class Lane:
    """Runs talks under the bounds of `workers`, on idle connections of `connections`."""

    def __init__(self, workers: Workers, connections: Connections) -> None:
        self._workers = workers
        self._connections = connections

    async def run(self, alias: str, deadline: Deadline, talk: Callable[[], Talk[_T]]) -> _T:
        """Return what a talk makes. Raises NoConnection before anything was sent.

        Else it raises as `Workers.run` does, and OutcomeUnknown where the deadline passes during a
        COMMIT.
        """
        await self._workers.turn(alias, deadline)
        try:
            lent = self._connections.lend_idle(alias)
            if lent is None:
                raise NoConnection
            return await self._drive(lent, talk(), deadline)
        finally:
            self._workers.leave(alias)

    async def _drive(self, lent: Lent, talk: Talk[_T], deadline: Deadline) -> _T:
        wire = wire_of(lent.wrapper)
        result: _T
        try:
            exchange = next(talk)
            while True:
                exchange = talk.send(await _exchange(wire, exchange, deadline))
        except StopIteration as stop:
            result = stop.value
        except (DeadlinePassed, OutcomeUnknown, asyncio.CancelledError):
            self._connections.discard(lent)
            self._workers.close(lent.wrapper, is_running=True)
            raise
        except BaseException:
            await self._roll_back(wire, deadline)
            self._take_back(lent)
            raise
        self._take_back(lent)
        return result

    def _take_back(self, lent: Lent) -> None:
        for outdated in self._connections.take_back(lent):
            self._workers.close(outdated, is_running=False)

    async def _roll_back(self, wire: Wire, deadline: Deadline) -> None:
        if wire.is_in_transaction:
            try:
                await _exchange(wire, ROLLBACK, deadline)
            except (DatabaseProblem, DeadlinePassed):
                wire.close()


async def _exchange(wire: Wire, exchange: Exchange, deadline: Deadline) -> list[Rows]:
    with outcomes.translated("postgresql", writing=is_lost(exchange)):
        wire.send(exchange)
        if not await _answered(wire, deadline):
            raise OutcomeUnknown(outcomes.UNKNOWN) if is_lost(exchange) else DeadlinePassed
        return wire.results()


async def _answered(wire: Wire, deadline: Deadline) -> bool:
    """Wait until an exchange is answered; return whether it was in time."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()
    watch = _Watch(loop, wire.socket)

    def try_to(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the driver's; raised where it is waited for
            watch.end()
            if not done.done():
                done.set_exception(error)

    def receive() -> None:
        if wire.receive() and not done.done():
            done.set_result(True)

    def flush() -> None:
        if wire.flush():
            watch.end_writing()

    timer = loop.call_later(max(deadline.seconds_left, 0), _late, done)
    loop.add_reader(watch.descriptor, try_to, receive)
    try:
        if not wire.flush():
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
