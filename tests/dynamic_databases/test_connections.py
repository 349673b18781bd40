"""The pool of connections: how many stay open, which one goes, and that none is lost."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dynamic_databases.connections import Connections, PoolBounds
from tests.fixtures.vendors import SQLITE


@pytest.fixture
def aliases(new_database) -> list[str]:
    sql = "CREATE TABLE note (id INTEGER PRIMARY KEY)"
    return [new_database(SQLITE, sql, f"note{i}").label for i in range(12)]


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
    assert sum(len(wrappers) for wrappers in pool._idle.values()) == pool._idle_count == 4
    assert all(pool._idle.values())
    pool.close_all()
    assert pool._idle_count == 0


def test_the_alias_that_was_used_longest_ago_loses_its_connection(aliases) -> None:
    pool = Connections(PoolBounds(2), 5000)
    for alias in aliases[:3]:
        with pool.lease(alias):
            pass

    assert list(pool._idle) == aliases[1:3]
    pool.close_all()
