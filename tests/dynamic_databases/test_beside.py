"""Long computations beside the event loop: they rest while requests are answered, uncollected, and things are put back."""

from __future__ import annotations

import gc
import math
import sys
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import transaction

from dynamic_databases import beside
from dynamic_databases.beside import (
    Awaited,
    as_traffic,
    beside_traffic,
    giving_way,
    in_turns,
    take_short_turns,
)
from dynamic_databases.catalog.read import read_catalog
from dynamic_databases.models import Database
from dynamic_databases.registry import process_registry
from dynamic_databases.thread_wrappers import between_statements
from schema.access import FULL_ACCESS
from schema.build import build_schema
from schema.limits import Limits
from schema.naming import names_of
from schema.operations import OperationCache


def test_the_last_one_out_puts_things_back() -> None:
    with beside_traffic():
        with beside_traffic():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_failure_puts_things_back_too() -> None:
    with pytest.raises(ValueError, match="x"), beside_traffic():
        raise ValueError("x")
    assert gc.isenabled()


def test_a_server_takes_short_turns() -> None:
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() <= 0.0005
    finally:
        sys.setswitchinterval(before)


class _Cycle:
    """Freed by the collector alone."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collections():
    """The generations that were collected, one by one."""
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            found.append(info["generation"])

    gc.collect()
    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def test_what_is_built_is_not_walked_by_the_collector(collections) -> None:
    with beside_traffic():
        built = [_Cycle() for _ in range(20_000)]
    again = [[] for _ in range(500)]

    assert not collections
    assert built and again


def test_what_was_built_can_be_collected(collections) -> None:
    with beside_traffic():
        built = _Cycle()
    gone = weakref.ref(built)
    del built
    gc.collect()
    assert gone() is None


def test_all_is_walked_once_the_memory_has_grown(collections, monkeypatch) -> None:
    monkeypatch.setattr(beside, "_GROWTH_BLOCKS", 0)
    beside.collect()
    del collections[:]
    beside.collect_if_grown()
    assert collections == []

    blocks = [[_Cycle()] for _ in range(sys.getallocatedblocks() // 4)]
    del collections[:]
    beside.collect_if_grown()
    beside.collect_if_grown()
    assert collections == [2] and blocks


def test_a_small_process_is_not_walked_for_little(collections) -> None:
    beside.collect()
    blocks = [[_Cycle()] for _ in range(50_000)]
    del collections[:]
    beside.collect_if_grown()
    assert 2 not in collections and blocks


@pytest.fixture
def quiet(monkeypatch) -> None:
    """Nothing was answered lately, and naps after an answer don't go on."""
    monkeypatch.setattr(beside, "_answered_at", -math.inf)
    monkeypatch.setattr(beside, "_QUIET_SECONDS", 0.0)


def test_a_computation_rests_while_requests_are_answered(quiet) -> None:
    with beside_traffic():
        assert _resting_seconds() == 0
        with as_traffic():
            assert _resting_seconds() > 0
        assert _resting_seconds() == 0
    with as_traffic():
        assert _resting_seconds() == 0  # it isn't beside them


def test_a_computation_naps_where_others_may_be_expected(monkeypatch) -> None:
    monkeypatch.setattr(beside, "_QUIET_SECONDS", 60.0)
    with as_traffic():
        pass
    with beside_traffic():
        assert _resting_seconds() > 0


def test_what_gives_way_inside_another_is_part_of_it() -> None:
    with as_traffic(), beside_traffic():
        _resting_seconds()
        left = beside.rests_left()
        with giving_way(Awaited(1)):
            assert beside.rests_left() == left
        assert beside.rests_left() == left


def test_the_answer_that_waits_for_a_computation_is_no_reason_to_rest(quiet) -> None:
    with as_traffic(), beside_traffic(Awaited(1)):
        assert _resting_seconds() == 0
        with as_traffic():
            assert _resting_seconds() > 0


def test_a_long_computation_has_rested_enough_in_time(monkeypatch) -> None:
    monkeypatch.setattr(beside, "_RESTS_SECONDS", 0.002)
    with as_traffic(), beside_traffic():
        assert [_resting_seconds() > 0 for _ in range(4)][-1] is False


@pytest.mark.parametrize("part", ["catalog", "fingerprint", "names", "all types", "operation"])
def test_builds_rest_between_tables(library, part) -> None:
    entry = process_registry().entry(library.label)
    operations = OperationCache(build_schema(entry, FULL_ACCESS, {}, Limits()), Limits(), 1)
    work: dict[str, Callable[[], object]] = {
        "catalog": lambda: read_catalog(library.label),
        "fingerprint": lambda: replace(entry.catalog).fingerprint,
        "names": lambda: names_of(entry.catalog, FULL_ACCESS, {}),
        "operation": lambda: operations.compile("{ track { name } }", None),
        "all types": lambda: build_schema(entry, FULL_ACCESS, {}, Limits()).schema.graphql_schema.whole,
    }  # fmt: skip
    with process_registry().connections.lease(library.label), beside_traffic(), as_traffic():
        _work()  # as long as it may: the next turn rests
        before = beside.rests_left()
        work[part]()
        assert beside.rests_left() < before


def test_statements_of_the_control_database_come_after_a_rest_outside_transactions(
    transactional_db,
) -> None:
    def rested() -> bool:
        _work()
        before = beside.rests_left()
        Database.objects.count()
        return beside.rests_left() < before

    with as_traffic(), beside_traffic(), between_statements():
        assert rested()
        with transaction.atomic():
            assert not rested()


def test_small_items_are_taken_several_at_a_turn(monkeypatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(beside, "give_way", lambda: looks.append(0))
    with beside_traffic():
        assert list(in_turns(range(50), each=20)) == list(range(50))

    assert len(looks) == 2


def test_waiting_is_no_work(monkeypatch) -> None:
    # Waking up takes a processor too, on a busy machine for longer than the work before a rest.
    monkeypatch.setattr(beside, "_WORKS_SECONDS", 0.1)
    with as_traffic(), beside_traffic():
        before = beside.rests_left()
        time.sleep(0.2)
        list(in_turns([1, 2]))
        assert beside.rests_left() == before


def test_a_rest_ends_with_the_answer(monkeypatch) -> None:
    monkeypatch.setattr(beside, "_LONGEST_REST_SECONDS", 60.0)
    monkeypatch.setattr(beside, "_RESTS_SECONDS", 60.0)
    monkeypatch.setattr(beside, "_REST", 60_000.0)
    answer = as_traffic()
    answer.__enter__()
    answered = threading.Timer(0.05, answer.__exit__, (None, None, None))
    answered.start()
    with beside_traffic():
        rested = _resting_seconds()
    answered.join()

    assert 0 < rested < 60


def _work() -> None:
    began = time.thread_time()
    while time.thread_time() < began + 0.002:
        pass


def _resting_seconds() -> float:
    """Work as long as one may, and return how long one rested then."""
    before = beside.rests_left()
    _work()
    list(in_turns([1, 2]))
    return before - beside.rests_left()
