"""A dictionary of bounded size that threads share: cachetools' LRU cache with a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from cachetools import LRUCache

_K = TypeVar("_K")
_V = TypeVar("_V")


class LruCache(Generic[_K, _V]):
    """Drops the entry that was used longest ago; safe for threads.

    `max_size` bounds the sum of the entries' sizes: 1 each, or what `size_of` returns.
    """

    def __init__(self, max_size: int, size_of: Callable[[_V], int] | None = None) -> None:
        self._lock = threading.Lock()  # cachetools leaves locking to its callers
        self._entries: LRUCache[_K, _V] = LRUCache(max_size, getsizeof=size_of)

    def get(self, key: _K) -> _V | None:
        with self._lock:
            try:  # `get` of the library looks a key up twice
                return self._entries[key]
            except KeyError:
                return None

    def put(self, key: _K, value: _V) -> None:
        """Keep a value, unless it alone is larger than `max_size`."""
        with self._lock:
            try:
                self._entries[key] = value
            except ValueError:  # it is too large
                return

    def values(self) -> list[_V]:
        """Return what is kept at this moment."""
        with self._lock:
            return list(self._entries.values())

    def discard(self, key: _K, value: _V) -> None:
        """Drop an entry where it still holds this value."""
        with self._lock:
            if self._entries.get(key) is value:
                del self._entries[key]
