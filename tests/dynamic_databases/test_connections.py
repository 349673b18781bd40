"""The pool of connections: how many stay open, which one goes, and that none is lost."""

from __future__ import annotations

import itertools
import random
import select
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from dynamic_databases.connections.pool import Connections, PoolBounds
from dynamic_databases.connections.state import end_after_use
from dynamic_databases.connections.watcher import watched_by
from dynamic_databases.errors import CannotConnect, ServerBusy, Unavailable
from dynamic_databases.models import Database
from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import wait_for
from tests.fixtures.proxy import Fault
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present

SQL = "CREATE TABLE note (id INTEGER PRIMARY KEY)"


@pytest.fixture
def aliases(new_database) -> list[str]:
    return [new_database(SQLITE, SQL, f"note{i}").label for i in range(12)]


def test_more_aliases_than_may_stay_open(aliases) -> None:
    """Eight threads over twelve aliases with room for four: each lease works, four are left."""
    pool = Connections(PoolBounds(4), 5000)
    leased: set[int] = set()
    lock = threading.Lock()

    def use(number: int) -> None:
        alias = random.Random(number).choice(aliases)
        with pool.lease(alias) as wrapper:
            with lock:
                assert id(wrapper) not in leased
                leased.add(id(wrapper))
            wrapper.connection.execute("SELECT 1")
            with lock:
                leased.remove(id(wrapper))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(2000)))
    assert pool.counts == (4, 4)
    pool.close_all()
    assert pool.counts == (0, 0)


def test_the_alias_that_was_used_longest_ago_loses_its_connection(aliases) -> None:
    pool = Connections(PoolBounds(2), 5000)
    for alias in aliases[:3]:
        with pool.lease(alias):
            pass

    kept = [pool.checkout(alias) for alias in aliases[:3]]
    assert [pooled is not None for pooled in kept] == [False, True, True]
    for pooled in filter(None, kept):
        pool.checkin(pooled)
    pool.close_all()


def test_databases_of_one_server_share_its_connections(registry, new_database, postgresql) -> None:
    """Over the bound, an idle connection to that server is closed; a leased one never is."""
    first, second = (new_database(postgresql, SQL) for _ in range(2))
    pool = Connections(PoolBounds(max_idle=10, per_server=2), 5000)

    with pool.lease(first.label), pool.lease(first.label):
        assert pool.counts == (2, 0)
        with pytest.raises(ServerBusy), pool.lease(second.label):
            pass
    assert pool.counts == (2, 2)
    with pool.lease(second.label):
        assert pool.counts == (2, 1)
    with pool.lease(second.label), pool.lease(second.label):
        assert pool.counts == (2, 0)
    pool.close_all()
    assert pool.counts == (0, 0)


def test_what_is_not_used_is_closed(registry, new_database, vendor) -> None:
    database = new_database(vendor, SQL)
    pool = Connections(PoolBounds(max_idle=10, idle_seconds=0.05), 5000)
    with pool.lease(database.label), pool.lease(database.label):
        pass
    pool.close_unused()
    assert pool.counts == (2, 2)

    wait_for(lambda: pool.close_unused() or pool.counts == (0, 0))
    with pool.lease(database.label) as wrapper, wrapper.cursor() as cursor:
        cursor.execute("SELECT 1")
    pool.close_all()


@pytest.mark.parametrize("wanted", [POSTGRESQL, MARIADB], ids=lambda vendor: vendor.name)
def test_a_connection_that_the_server_closed_is_not_lent(registry, new_database, wanted) -> None:
    database = new_database(present(wanted), SQL)
    pool = Connections(PoolBounds(max_idle=10), 5000)
    with pool.lease(database.label) as before:
        pass
    if wanted is POSTGRESQL:
        execute(
            database.url,
            (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ),
        )
    else:
        (session,), *_ = execute(
            database.url,
            (
                "SELECT id FROM information_schema.processlist WHERE db = database() "
                "AND id <> connection_id()"
            ),
        )
        execute(database.url, f"KILL CONNECTION {session}")
    wait_for(lambda: select.select([before.connection], [], [], 0)[0])  # its end has come

    with pool.lease(database.label) as wrapper, wrapper.cursor() as cursor:
        assert wrapper is not before
        cursor.execute("SELECT 1")
    pool.close_all()
    pool.close_unused()


def test_a_longer_time_for_statements_needs_a_new_connection(
    registry, new_database, postgresql
) -> None:
    database = new_database(postgresql, SQL)
    pool = Connections(PoolBounds(max_idle=10), 5000)
    timeouts = []
    for milliseconds in (5000, 20_000):
        pool.statement_timeout_ms = lambda _alias, milliseconds=milliseconds: milliseconds
        with pool.lease(database.label) as wrapper, wrapper.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            timeouts.append(cursor.fetchone()[0])
    pool.close_all()
    pool.close_unused()
    assert timeouts == ["5s", "20s"]


def test_a_lost_connection_is_closed_without_a_word(
    vendor, registry, proxy_to, transactional_db
) -> None:
    """What was done over it is done: that a driver can't say goodbye is nobody's error."""
    if vendor is SQLITE:
        pytest.skip("a file has no network before it")
    url = make_url(vendor, "CREATE TABLE book (id INTEGER PRIMARY KEY)")
    proxy = proxy_to(url)
    database = Database.objects.from_url("lost", proxy.url(url))
    database.save()

    with registry.connections.lease(database.label) as wrapper:
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT 1")
        proxy.cut_all()
        end_after_use(wrapper)
    assert wrapper.connection is None
    assert registry.connections.counts == (0, 0)
    drop_database(url)


class Fails(Exception):
    """What a step of a lease ends with."""


class Watching:
    """A watcher of which one step fails."""

    def __init__(self, step: str) -> None:
        self._step = step

    def _reach(self, step: str) -> None:
        if step == self._step:
            raise Fails(step)

    def opens(self, _wrapper) -> None:
        self._reach("opens")

    def is_done_with(self, _wrapper) -> None:
        self._reach("is_done_with")

    def may_go_on(self) -> None:
        self._reach("may_go_on")

    def may_commit(self) -> None:
        self._reach("may_commit")


@pytest.mark.parametrize("step", ["opens", "may_go_on", "is_done_with"])
def test_a_watcher_that_fails_costs_no_connection(aliases, step) -> None:
    pool = Connections(PoolBounds(max_idle=10, per_server=1), 5000)
    for _ in range(3):
        with pytest.raises(Fails), watched_by(Watching(step)), pool.lease(aliases[0]):
            pass

    assert pool.counts[0] == pool.counts[1]
    with pool.lease(aliases[0]):
        assert pool.counts == (1, 0)
    pool.close_all()
    assert pool.counts == (0, 0)


def test_a_time_limit_that_can_not_be_told_costs_no_connection(aliases) -> None:
    pool = Connections(PoolBounds(max_idle=10, per_server=1), 5000)
    calls = itertools.count()

    def fails_at(number: int) -> int:
        if next(calls) == number:
            raise Fails
        return 5000

    for number in range(3):  # asked where one is lent, and where one is made
        calls = itertools.count()
        pool.statement_timeout_ms = lambda _alias, number=number: fails_at(number)
        with suppress(Fails), pool.lease(aliases[0]):
            pass
    assert pool.counts == (1, 1)
    pool.close_all()


def test_a_server_that_refuses_costs_no_connection(
    vendor, proxy_to, registry, transactional_db
) -> None:
    if vendor is SQLITE:
        pytest.skip("a file has no server")
    url = make_url(vendor, "CREATE TABLE book (id INTEGER PRIMARY KEY)")
    proxy = proxy_to(url)
    database = Database.objects.from_url("refusing", proxy.url(url))
    pool = Connections(PoolBounds(max_idle=10, per_server=1), 5000)
    for fault in (Fault.REFUSE, Fault.RESET, Fault.CUT):
        proxy.break_with(fault)
        with pytest.raises(CannotConnect), pool.lease(database.label):
            pass
        assert pool.counts == (0, 0)
    proxy.heal()
    with pool.lease(database.label):
        assert pool.counts == (1, 0)
    pool.close_all()
    drop_database(url)


def test_a_connection_that_can_not_be_closed_is_not_counted(
    registry, new_database, postgresql, caplog
) -> None:
    """The failure is logged. The lease that makes room and the other connections don't fail."""
    first, second = (new_database(postgresql, SQL) for _ in range(2))
    pool = Connections(PoolBounds(max_idle=10, per_server=2), 5000)
    with pool.lease(first.label) as one, pool.lease(first.label) as two:
        for wrapper in (one, two):
            wrapper._close = lambda close=wrapper._close: (close(), broken())

    with pool.lease(second.label) as other:
        assert pool.counts == (2, 1)
    pool.close_all()
    assert pool.counts == (0, 0)
    assert (one.connection, two.connection, other.connection) == (None, None, None)
    assert caplog.text.count("a connection could not be closed") == 2


def broken() -> None:
    raise BrokenPipeError


def test_a_catalog_that_could_not_be_read_anew_still_is_to_be(
    registry, proxy_to, transactional_db
) -> None:
    url = make_url(present(POSTGRESQL), SQL)
    proxy = proxy_to(url)
    alias = Database.objects.from_url("behind", proxy.url(url)).label
    registry.entry(alias)
    registry.expire(alias)
    proxy.break_with(Fault.REFUSE)
    with pytest.raises(Unavailable):
        registry.refresh(alias)
    assert registry.is_expired(alias)

    proxy.heal()
    registry.refresh(alias)
    assert not registry.is_expired(alias)
    registry.forget(alias)
    drop_database(url)
