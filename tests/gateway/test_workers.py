"""Threads are bounded per database and process; waits are bounded, fair, and have deadlines."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from django.db import connections

from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.connections.pool import Connections, PoolBounds
from dynamic_databases.connections.watcher import before_commit
from dynamic_databases.errors import OutcomeUnknown
from dynamic_databases.process import process_registry
from gateway.errors import DeadlinePassed, Overloaded
from gateway.execution.bulkhead import BulkheadLimits
from gateway.execution.jobs import Lease
from gateway.execution.watchdog import Watchdog
from gateway.execution.workers import Workers
from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import POSTGRESQL


def make_workers(
    places: int, per_alias: int, waiting: int, per_server: int = 100, wait_seconds: float = 60
) -> Workers:
    bounds = BulkheadLimits(places, per_alias, per_server, waiting)
    return Workers(bounds, Connections(PoolBounds(1), 1000), Watchdog(str), wait_seconds)


@pytest.fixture
def workers():
    found = make_workers(places=2, per_alias=1, waiting=3)
    yield found
    found.stop()


def soon(milliseconds: int = 10_000) -> Deadline:
    return Deadline.after_ms(milliseconds, time.monotonic)


def test_the_answer_and_the_error_come_back(workers: Workers) -> None:
    async def main() -> None:
        assert await workers.run("a", soon(), lambda _: 5) == 5
        with pytest.raises(ZeroDivisionError):
            await workers.run("a", soon(), lambda _: 1 // 0)

    asyncio.run(main())


def test_one_database_takes_no_more_threads_than_its_share(workers: Workers) -> None:
    running: list[int] = []
    ran: list[int] = []
    peak: list[int] = []
    lock = threading.Lock()

    def work(_) -> None:
        with lock:
            running.append(1)
            ran.append(1)
            peak.append(len(running))
        wait_for(lambda: workers.counts[1] == 4 - len(ran))
        with lock:
            running.pop()

    async def main() -> None:
        await asyncio.gather(*(workers.run("a", soon(), work) for _ in range(4)))

    asyncio.run(main())
    assert max(peak) == 1


def test_a_full_queue_refuses_and_a_busy_database_holds_up_no_other(workers: Workers) -> None:
    gate = threading.Event()

    async def main() -> None:
        blocked = [
            asyncio.create_task(workers.run("a", soon(), lambda _: gate.wait(10))) for _ in range(4)
        ]
        await asyncio.sleep(0.05)
        assert await workers.run("b", soon(), lambda _: "free") == "free"
        with pytest.raises(Overloaded):
            await workers.run("a", soon(), lambda _: None)
        gate.set()
        assert await asyncio.gather(*blocked) == [True] * 4

    asyncio.run(main())


def test_waiting_databases_take_turns() -> None:
    workers = make_workers(places=1, per_alias=1, waiting=10)
    order: list[str] = []
    gate = threading.Event()

    async def main() -> None:
        first = asyncio.create_task(workers.run("x", soon(), lambda _: gate.wait(10)))
        await asyncio.sleep(0.05)
        names = ["a", "a", "a", "b", "c"]
        tasks = [
            asyncio.create_task(workers.run(name, soon(), lambda _, name=name: order.append(name)))
            for name in names
        ]
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(first, *tasks)

    asyncio.run(main())
    workers.stop()
    assert order == ["a", "b", "c", "a", "a"]


def test_a_deadline_ends_running_and_waiting(workers: Workers) -> None:
    gate = threading.Event()
    ran: list[str] = []

    async def main() -> None:
        running = asyncio.create_task(workers.run("a", soon(100), lambda _: gate.wait(10)))
        await asyncio.sleep(0.02)
        waiting = asyncio.create_task(workers.run("a", soon(100), lambda _: ran.append("late")))
        for task in (running, waiting):
            with pytest.raises(DeadlinePassed):
                await task
        gate.set()
        assert await workers.run("a", soon(), lambda _: "again") == "again"

    asyncio.run(main())
    assert ran == []


def test_a_client_that_goes_away_leaves_the_line(workers: Workers) -> None:
    gate = threading.Event()
    ran: list[str] = []

    async def main() -> None:
        running = asyncio.create_task(workers.run("a", soon(), lambda _: gate.wait(10)))
        await asyncio.sleep(0.02)
        waiting = asyncio.create_task(workers.run("a", soon(), lambda _: ran.append("gone")))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.set()
        await running

    asyncio.run(main())
    assert ran == []


def test_who_goes_away_while_being_refused_gives_back_no_place() -> None:
    workers = make_workers(places=1, per_alias=1, waiting=10)
    gate = threading.Event()

    async def main() -> None:
        running = asyncio.create_task(workers.run("a", soon(), lambda _: gate.wait(10)))
        turn = asyncio.create_task(workers.acquire_slot("b", soon(50)))
        turn.get_loop().call_later(0.05, turn.cancel)  # after the deadline, before it is told
        with suppress(DeadlinePassed, asyncio.CancelledError):
            await turn
        assert workers.counts == (1, 0)
        gate.set()
        assert await running

    asyncio.run(main())
    wait_for(lambda: workers.counts == (0, 0))
    workers.stop()


def test_a_thread_that_can_not_be_started_costs_no_place() -> None:
    """No system gives a thread a stack of that size."""
    workers = make_workers(places=1, per_alias=1, waiting=10)

    async def main() -> None:
        turn = asyncio.create_task(workers.acquire_slot("x", soon()))
        await turn
        waiting = [asyncio.create_task(workers.run("a", soon(), lambda _: 1)) for _ in range(3)]
        await asyncio.sleep(0)
        before = threading.stack_size(1 << 46)
        try:
            workers.release_slot("x")
        finally:
            threading.stack_size(before)
        refused = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(error) for error in refused} == {Overloaded}
        assert workers.counts == (0, 0)
        assert await workers.run("a", soon(), lambda _: "again") == "again"

    asyncio.run(main())
    workers.stop()


def test_a_thread_outlives_a_connection_that_can_not_be_closed(workers: Workers, caplog) -> None:
    def work(_lease) -> str:
        held = connections["default"]  # this thread's own
        held.close_if_unusable_or_obsolete = lambda: 1 // 0
        return "done"

    async def main() -> None:
        for _ in range(6):  # more than there are threads
            assert await workers.run("a", soon(), work) == "done"

    asyncio.run(main())
    wait_for(lambda: workers.counts == (0, 0))
    assert "ZeroDivisionError" in caplog.text


def test_an_event_loop_that_ended_keeps_no_place(workers: Workers) -> None:
    gate, reached = threading.Event(), threading.Event()

    async def leaves() -> None:
        running = asyncio.create_task(
            workers.run("a", soon(), lambda _: (reached.set(), gate.wait(10)))
        )
        await asyncio.to_thread(reached.wait, 10)
        running.cancel()

    asyncio.run(leaves())
    gate.set()

    async def main() -> None:
        assert await workers.run("a", soon(), lambda _: "again") == "again"

    asyncio.run(main())


def test_who_waits_too_long_is_refused() -> None:
    workers = make_workers(places=1, per_alias=1, waiting=10, wait_seconds=0.1)
    gate = threading.Event()

    async def main() -> None:
        running = asyncio.create_task(workers.run("a", soon(), lambda _: gate.wait(10)))
        await asyncio.sleep(0.05)
        with pytest.raises(Overloaded):
            await workers.run("b", soon(), lambda _: None)
        with pytest.raises(Overloaded):
            await workers.acquire_slot("b", soon())
        gate.set()
        assert await running
        assert await workers.run("b", soon(), lambda _: "free") == "free"

    asyncio.run(main())
    wait_for(lambda: workers.counts == (0, 0))
    workers.stop()


def test_nothing_is_committed_for_whom_nobody_waits(workers: Workers) -> None:
    """Deadline and COMMIT agree: the write is given up, or its outcome is waited for."""
    reached, go_on = threading.Event(), threading.Event()
    outcomes: list[str] = []

    def work(_lease) -> str:
        reached.set()
        go_on.wait(10)
        try:
            before_commit()
        except DeadlinePassed:
            outcomes.append("given up")
            raise
        return "committed"

    async def main() -> None:
        with pytest.raises(DeadlinePassed):
            await workers.run("a", soon(100), work)
        go_on.set()
        await asyncio.sleep(0.1)

    asyncio.run(main())
    assert reached.is_set()
    assert outcomes == ["given up"]


def test_a_deadline_during_the_commit_leaves_the_outcome_open(workers: Workers) -> None:
    gate = threading.Event()

    def work(_lease) -> None:
        before_commit()
        gate.wait(10)

    async def main() -> None:
        with pytest.raises(OutcomeUnknown):
            await workers.run("a", soon(100), work)
        gate.set()

    asyncio.run(main())


def test_work_that_may_go_on_outlives_its_caller(workers: Workers) -> None:
    """Catalogs are read on for the next one who asks, up to a time of their own."""
    gate, done = threading.Event(), threading.Event()

    def work(_lease) -> None:
        gate.wait(10)
        done.set()

    async def main() -> None:
        with pytest.raises(DeadlinePassed):
            await workers.run("a", soon(50), work, soon(5000))
        assert workers.counts == (1, 0)
        gate.set()

    asyncio.run(main())
    assert done.wait(10)
    wait_for(lambda: workers.counts == (0, 0))


def test_a_cancelled_statement_takes_no_other_with_it(new_database, postgresql) -> None:
    """The deadline meets the statement's end: the cancel request must not hit the next one."""
    alias = new_database(POSTGRESQL, "").label
    connections = process_registry().connections
    workers = Workers(BulkheadLimits(1, 1, 1, 10), connections, Watchdog(str), 60)

    def nap(lease: Lease) -> None:
        with lease() as wrapper, wrapper.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.02)")

    def count(lease: Lease) -> int:
        with lease() as wrapper, wrapper.cursor() as cursor:
            return sum(_one(cursor) for _ in range(20))

    async def main() -> None:
        for _ in range(60):
            with suppress(DeadlinePassed):
                await workers.run(alias, soon(22), nap)
            assert await workers.run(alias, soon(), count) == 20

    asyncio.run(main())
    workers.stop()


def _one(cursor: Any) -> int:
    cursor.execute("SELECT 1 FROM pg_sleep(0.0005)")
    return int(cursor.fetchone()[0])
