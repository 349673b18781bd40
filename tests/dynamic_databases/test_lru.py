"""The bounded dictionary of the caches of operations and plans."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dynamic_databases.concurrency.lru import LruCache

pytestmark = pytest.mark.pure


def kept(cache: LruCache[str, int]) -> dict[str, int]:
    return {key: value for key in "abcd" if (value := cache.get(key)) is not None}


def test_the_entry_that_was_used_longest_ago_goes() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1

    cache.put("c", 3)

    assert kept(cache) == {"a": 1, "c": 3}


def test_an_entry_that_is_replaced_keeps_the_others() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)

    cache.put("b", 3)

    assert kept(cache) == {"a": 1, "b": 3}


def test_only_the_value_that_is_meant_is_discarded() -> None:
    cache: LruCache[str, list[int]] = LruCache(2)
    former, newer = [1], [1]
    cache.put("a", newer)

    cache.discard("a", former)
    assert cache.get("a") is newer
    cache.discard("a", newer)
    cache.discard("b", newer)
    assert cache.get("a") is None


def test_sizes_are_bounded_together() -> None:
    cache: LruCache[str, int] = LruCache(10, size_of=lambda value: value)
    for key, size in {"a": 4, "b": 4, "c": 5}.items():
        cache.put(key, size)

    cache.put("d", 11)  # alone too large

    assert kept(cache) == {"b": 4, "c": 5}


def test_threads_share_it() -> None:
    """Without the lock two evictions at once leave cachetools' order and entries apart."""
    cache: LruCache[int, int] = LruCache(10)
    start = threading.Barrier(4)

    def work(number: int) -> set[int | None]:
        start.wait(30)
        found: set[int | None] = set()
        for turn in range(5_000):
            key = (turn * 7 + number) % 40
            cache.put(key, key)
            found.add((cache.get(key) or key) - key)
            cache.discard(key + 1, key + 1)
        return found

    with ThreadPoolExecutor(4) as pool:
        assert set.union(*pool.map(work, range(4))) == {0}
    assert sum(cache.get(key) is not None for key in range(40)) <= 10
