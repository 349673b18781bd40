"""Who may run and who waits: counting alone."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gateway.errors import Overloaded
from gateway.execution.bulkhead import Bulkhead, BulkheadLimits


@dataclass(eq=False)
class Job:
    alias: str


def places_of(
    places: int = 8, per_alias: int = 8, per_server: int = 8, waiting: int = 100
) -> Bulkhead:
    return Bulkhead(BulkheadLimits(places, per_alias, per_server, waiting), lambda alias: alias[0])


def runs(places: Bulkhead, *aliases: str) -> list[bool]:
    """Ask for places; who gets none waits."""
    return [take_or_wait(places, Job(alias)) for alias in aliases]


def take_or_wait(places: Bulkhead, job: Job) -> bool:
    if places.try_acquire(job.alias):
        return True
    places.enqueue(job)
    return False


def test_one_database_takes_no_more_than_are_left_free() -> None:
    places = places_of()

    assert runs(places, *["a"] * 6) == [True] * 4 + [False] * 2
    assert runs(places, *["b"] * 3) == [True] * 2 + [False]
    assert runs(places, "c", "d", "e") == [True, True, False]  # all eight are taken


def test_there_is_a_place_for_whoever_comes_late() -> None:
    places = places_of(places=64, per_alias=12, waiting=1000)
    for hog in range(6):
        runs(places, *[f"hog{hog}"] * 50)

    assert runs(places, "late") == [True]


def test_databases_of_one_server_share_its_places() -> None:
    places = places_of(per_server=2)

    assert runs(places, "a1", "a2", "a3", "b1") == [True, True, False, True]
    following = places.release("a1")
    assert following is not None
    assert following.alias == "a3"


def test_those_who_wait_take_turns() -> None:
    places = places_of(places=1)
    runs(places, "x", "a", "a", "a", "b", "b")

    order, alias = [], "x"
    while (job := places.release(alias)) is not None:
        order.append(job.alias)
        alias = job.alias
    assert order == ["a", "b", "a", "b", "a"]
    assert (places.running_count, places.waiting_count) == (0, 0)


def test_too_many_may_not_wait() -> None:
    places = places_of(places=1, waiting=2)
    runs(places, "a", "b", "c")

    with pytest.raises(Overloaded):
        places.enqueue(Job("d"))


def test_who_gives_up_leaves_the_line() -> None:
    places = places_of(places=1)
    gone = Job("b")
    places.try_acquire("a")
    places.enqueue(gone)

    assert places.remove(gone)
    assert not places.remove(gone)
    assert places.release("a") is None


def test_a_server_that_becomes_known_meanwhile_is_counted_right() -> None:
    servers = {"a": "a"}
    places: Bulkhead = Bulkhead(BulkheadLimits(8, 8, 1, 8), lambda alias: servers[alias])
    assert places.try_acquire("a")
    servers["a"] = "db:5432"

    places.release("a")
    assert places.try_acquire("a")
    assert not places.try_acquire("a")
