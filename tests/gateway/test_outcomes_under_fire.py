"""Writes are counted through cuts and kills: acknowledged ones are stored, failed ones aren't.

Each write books two rows in one document. Seconds each: GATEWAY_TEST_FIRE_SECONDS; the seed is
printed with a failure.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.ports import free_port
from tests.fixtures.processes import Gateway, wait_for
from tests.fixtures.proxy import Fault
from tests.fixtures.servers import PostgresqlServer, can_run_postgresql
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present, require

SECONDS = float(os.environ.get("GATEWAY_TEST_FIRE_SECONDS", "3"))
ENOUGH = 20  # bookings that are done, for their outcomes to tell anything
SQL = (
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, booking INTEGER NOT NULL, "
    "side VARCHAR(10) NOT NULL)"
)
BOOK = """mutation($d: Int!, $c: Int!, $n: Int!) {
    debit: insertEntryOne(object: {id: $d, booking: $n, side: "debit"}) { id }
    credit: insertEntryOne(object: {id: $c, booking: $n, side: "credit"}) { id } }"""
NOT_DONE = {"TENANT_UNAVAILABLE", "TIMEOUT", "OVERLOADED", "CONFLICT"}


class Books:
    """Sends bookings from several threads, and keeps what the gateway said of each."""

    def __init__(self, gateway: Gateway, token: str) -> None:
        self._gateway = gateway
        self._headers = {"Authorization": f"Bearer {token}"}
        self._numbers = itertools.count(1)
        self._stop = threading.Event()
        self.said: dict[int, str] = {}
        self._pool = ThreadPoolExecutor(6)
        self._running = [self._pool.submit(self._run) for _ in range(6)]

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            number = next(self._numbers)
            self.said[number] = self._book(number)

    def _book(self, number: int) -> str:
        variables = {"d": 2 * number, "c": 2 * number + 1, "n": number}
        try:
            answer = httpx.post(
                f"{self._gateway.url}/t/books/graphql",
                json={"query": BOOK, "variables": variables},
                headers=self._headers,
                timeout=30,
            ).json()
        except httpx.TransportError:
            return "unknown"  # the gateway itself is gone
        if "errors" not in answer:
            return "done"
        code = answer["errors"][0]["extensions"]["code"]
        return "unknown" if code == "OUTCOME_UNKNOWN" else code

    @property
    def done(self) -> int:
        return list(self.said.values()).count("done")

    def stop(self) -> None:
        self._stop.set()
        for one in self._running:
            one.result()
        self._pool.shutdown()


def start_books(gateway: Gateway, url: str) -> Books:
    token = gateway.add_tenant("books", url)
    assert gateway.ask("/t/books/graphql", "{ entry { id } }", token).status_code == 200
    return Books(gateway, token)


def under_fire(books: Books, fire: Callable[[random.Random], None]) -> None:
    """Fire at random moments while bookings are sent, until enough of them are done."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end or (books.done <= ENOUGH and time.monotonic() < end + 60):
            time.sleep(dice.uniform(0.05, 0.4))  # a random moment is the subject
            fire(dice)
        done = books.done
        wait_for(lambda: books.done > done)  # it serves again
    finally:
        books.stop()


def audit(books: Books, url: str) -> Counter[str]:
    """Compare what was said with what is there."""
    rows = Counter(number for (number,) in execute(url, "SELECT booking FROM entry"))
    said = Counter(books.said.values())
    print(dict(said))
    assert set(said) <= {"done", "unknown"} | NOT_DONE, said
    half = [number for number, count in rows.items() if count != 2]
    lost = [number for number, word in books.said.items() if word == "done" and not rows[number]]
    risen = [number for number, word in books.said.items() if word in NOT_DONE and rows[number]]
    assert (half, lost, risen) == ([], [], [])
    assert said["done"] > ENOUGH, said
    return said


def kill_a_worker(gateway: Gateway, dice: random.Random) -> None:
    """Kill -9 one of the processes that serve; the others go on, and it is replaced."""
    workers = gateway.workers()
    if len(workers) > 1:
        victim = dice.choice(workers)
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: victim not in gateway.workers())
        wait_for(lambda: len(gateway.workers()) >= len(workers))


def test_workers_are_killed(vendor, gateway_with) -> None:
    gateway = gateway_with(workers=3)
    url = make_url(vendor, SQL)
    if vendor is SQLITE:
        (gateway.folder / "databases").mkdir(exist_ok=True)
        file = Path(url.removeprefix("sqlite:///")).rename(
            gateway.folder / "databases" / "b.sqlite3"
        )
        url = f"sqlite:///{file}"
    books = start_books(gateway, url)
    under_fire(books, lambda dice: kill_a_worker(gateway, dice))
    wait_for(lambda: gateway.stop() == 0)
    audit(books, url)
    drop_database(url)


@pytest.mark.parametrize("wanted", [POSTGRESQL, MARIADB], ids=lambda vendor: vendor.name)
def test_connections_are_cut(wanted, gateway_with, proxy_to) -> None:
    """Before and after COMMIT, in the middle of answers, by resets, by silence."""
    vendor = present(wanted)
    gateway = gateway_with(GATEWAY_DEADLINE_MS="1500", GATEWAY_CONNECT_TIMEOUT_SECONDS="1")
    url = make_url(vendor, SQL)
    proxy = proxy_to(url)

    def fire(dice: random.Random) -> None:
        what = dice.choice(["cut", "cut", "cut", Fault.CUT, Fault.SILENT])
        if what == "cut":
            proxy.cut_all()
            return
        proxy.break_with(Fault(what))
        time.sleep(dice.uniform(0.02, 0.3))  # how long the fault lasts
        if what is Fault.SILENT:
            proxy.cut_all()
        proxy.heal()

    books = start_books(gateway, proxy.url(url))
    under_fire(books, fire)
    assert gateway.stop() == 0
    audit(books, url)
    drop_database(url)


@pytest.mark.parametrize("wanted", [POSTGRESQL, MARIADB], ids=lambda vendor: vendor.name)
def test_sessions_are_ended_by_the_server(wanted, gateway_with) -> None:
    vendor = present(wanted)
    gateway = gateway_with()
    url = make_url(vendor, SQL)

    def fire(_dice: random.Random) -> None:
        if vendor is POSTGRESQL:
            execute(
                url,
                (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                ),
            )
            return
        sessions = execute(
            url,
            (
                "SELECT id FROM information_schema.processlist WHERE db = database() "
                "AND id <> connection_id()"
            ),
        )
        for (session,) in sessions:
            try:
                execute(url, f"KILL CONNECTION {session}")
            except Exception:
                continue  # it ended by itself

    books = start_books(gateway, url)
    under_fire(books, fire)
    assert gateway.stop() == 0
    audit(books, url)
    drop_database(url)


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    require(can_run_postgresql(), "no PostgreSQL programs to run a server of our own with")
    found = PostgresqlServer(free_port(), "max_connections=60")
    yield found
    found.stop()


def test_the_database_server_is_killed(server: PostgresqlServer, gateway_with) -> None:
    execute(server.url, SQL)
    gateway = gateway_with(GATEWAY_CONNECT_TIMEOUT_SECONDS="1")

    def fire(dice: random.Random) -> None:
        time.sleep(dice.uniform(0.3, 0.8))  # a random moment is the subject
        server.kill()
        done = books.done
        wait_for(lambda: books.done > done)

    books = start_books(gateway, server.url)
    under_fire(books, fire)
    assert gateway.stop() == 0
    audit(books, server.url)
