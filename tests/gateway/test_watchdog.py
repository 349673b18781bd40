"""What runs past its deadline is ended from outside: each server's by threads of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from gateway.errors import DeadlinePassed
from gateway.execution.bulkhead import BulkheadLimits
from gateway.execution.jobs import Lease
from gateway.execution.watchdog import Watchdog
from gateway.execution.workers import Workers
from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import wait_for
from tests.fixtures.proxy import Fault
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present

SQL = "CREATE TABLE note (id INTEGER PRIMARY KEY)"


def soon(milliseconds: int) -> Deadline:
    return Deadline.after_ms(milliseconds, time.monotonic)


def asks(sql: str) -> Callable[[Lease], None]:
    def work(lease: Lease) -> None:
        with lease() as wrapper, wrapper.cursor() as cursor:
            cursor.execute(sql)

    return work


def watchdogs() -> int:
    return sum(thread.name == "watchdog" for thread in threading.enumerate())


@pytest.fixture
def workers(registry):
    pool = registry.connections
    watchdog = Watchdog(pool.server_of)
    found = Workers(BulkheadLimits(24, 24, 24, 24), pool, watchdog, 60)
    yield found
    found.stop()
    watchdog.stop()
    assert watchdogs() == 0


@pytest.fixture
def behind(proxy_to, transactional_db):
    """`behind(vendor)`: a database by way of a proxy, and the proxy."""
    made: list[str] = []

    def make(vendor: Any, **changes: str) -> tuple[Database, Any]:
        url = make_url(vendor, SQL)
        made.append(url)
        proxy = proxy_to(url)
        row = Database.objects.from_url(f"behind{len(made)}", proxy.url(url))
        row.config |= changes
        row.save()
        row.url = url
        return row, proxy

    yield make
    for url in made:
        drop_database(url)


async def is_late(workers: Workers, alias: str, work: Callable[[Lease], None], ms: int) -> None:
    with pytest.raises((DeadlinePassed, DatabaseProblem)):
        await workers.run(alias, soon(ms), work)


def test_a_silent_server_keeps_four_threads_busy_and_no_place(workers, behind) -> None:
    database, proxy = behind(present(POSTGRESQL))
    peak: list[int] = []

    async def main() -> None:
        late = [
            is_late(workers, database.label, asks("SELECT pg_sleep(600)"), 3000) for _ in range(12)
        ]
        all_late = asyncio.gather(*late)
        await asyncio.to_thread(
            wait_for, lambda: execute(database.url, POSTGRESQL.sleeping) == [(12,)]
        )
        proxy.break_with(Fault.SILENT)
        await all_late

        def ends() -> bool:
            peak.append(watchdogs())
            return workers.counts == (0, 0)

        await asyncio.to_thread(wait_for, ends)

    asyncio.run(main())
    assert 0 < max(peak) <= 5  # the server's four, and the timer


def test_a_connection_that_is_still_being_opened_keeps_no_thread_busy(workers, behind) -> None:
    """Every server's deadline passes meanwhile; each is ended once it is open, or can't be."""
    database, proxy = behind(present(POSTGRESQL))
    proxy.slow_seconds = 0.7
    proxy.break_with(Fault.SLOW)
    peak: list[int] = []

    async def main() -> None:
        ran: list[int] = []
        late = [
            is_late(workers, database.label, lambda lease: opens(lease, ran), 200) for _ in range(8)
        ]
        await asyncio.gather(*late)

        def ends() -> bool:
            peak.append(watchdogs())
            return workers.counts == (0, 0)

        await asyncio.to_thread(wait_for, ends)
        assert not ran

    asyncio.run(main())
    assert peak[0] == 1  # the timer alone, while eight are being opened
    wait_for(lambda: execute(database.url, POSTGRESQL.sessions) == [(0,)])


def opens(lease: Lease, ran: list[int]) -> None:
    with lease():
        ran.append(1)


def test_a_query_is_killed_at_the_address_that_it_runs_on(workers, behind) -> None:
    """`localhost` is a socket file to MySQL's client, and an address to the gateway."""
    database, proxy = behind(present(MARIADB), HOST="localhost")

    async def main() -> None:
        ran = asyncio.create_task(is_late(workers, database.label, asks("SELECT sleep(600)"), 2000))
        await asyncio.to_thread(wait_for, lambda: execute(database.url, MARIADB.sleeping) == [(1,)])
        assert proxy.taken == 1
        await ran
        await asyncio.to_thread(wait_for, lambda: execute(database.url, MARIADB.sleeping) == [(0,)])

    asyncio.run(main())
    assert proxy.taken == 2
    wait_for(lambda: workers.counts == (0, 0))


def test_a_file_that_computes_on_is_interrupted(workers, new_database) -> None:
    alias = new_database(SQLITE, SQL).label
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    asyncio.run(is_late(workers, alias, asks(endless), 300))
    wait_for(lambda: workers.counts == (0, 0))


def test_more_connections_than_wait_are_shut_down_at_once(workers, behind, monkeypatch) -> None:
    database, proxy = behind(present(POSTGRESQL))
    monkeypatch.setattr(workers._watchdog._threads, "_max_waiting", 0)

    async def main() -> None:
        ran = asyncio.create_task(
            is_late(workers, database.label, asks("SELECT pg_sleep(600)"), 1500)
        )
        await asyncio.to_thread(
            wait_for, lambda: execute(database.url, POSTGRESQL.sleeping) == [(1,)]
        )
        await ran

    asyncio.run(main())
    wait_for(lambda: workers.counts == (0, 0))
    assert proxy.taken == 1
