"""The collector is paused while much is built, and runs once the memory has grown."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest

from dynamic_databases.concurrency import garbage_collection
from dynamic_databases.concurrency.garbage_collection import (
    collect,
    collect_if_grown,
    gc_paused,
)


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


def test_the_outermost_block_resumes_collections() -> None:
    with gc_paused():
        with gc_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_failure_resumes_collections() -> None:
    with pytest.raises(ValueError, match="x"), gc_paused():
        raise ValueError("x")
    assert gc.isenabled()


def test_what_is_built_is_not_walked(collections) -> None:
    with gc_paused():
        built = [_Cycle() for _ in range(20_000)]
    again = [[] for _ in range(500)]

    assert not collections
    assert built and again


def test_what_was_built_can_be_collected(collections) -> None:
    with gc_paused():
        built = _Cycle()
    gone = weakref.ref(built)
    del built
    gc.collect()
    assert gone() is None


def test_all_is_walked_once_the_memory_has_grown(collections, monkeypatch) -> None:
    monkeypatch.setattr(garbage_collection, "_GROWTH_BLOCKS", 0)
    collect()
    del collections[:]
    collect_if_grown()
    assert collections == []

    blocks = [[_Cycle()] for _ in range(sys.getallocatedblocks() // 4)]
    del collections[:]
    collect_if_grown()
    collect_if_grown()
    assert collections == [2] and blocks


def test_a_small_process_is_not_walked_for_little(collections) -> None:
    collect()
    blocks = [[_Cycle()] for _ in range(50_000)]
    del collections[:]
    collect_if_grown()
    assert 2 not in collections and blocks
