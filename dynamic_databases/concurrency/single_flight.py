"""Single flight: at most one computation per key at a time; later callers wait, then re-check.

The caller keeps the result, usually in a cache: this class only orders the threads.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)


@dataclass(eq=False)
class _Flight:
    """One computation under way, with the number of threads that compute or wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    callers: int = 0


class SingleFlight(Generic[_K]):
    """Lets one thread per key compute; the others wait in `claim` and then look again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[_K, _Flight] = {}

    @contextmanager
    def claim(self, key: _K) -> Iterator[None]:
        """Hold `key` alone inside. An exception inside releases it for the next caller."""
        with self._lock:
            flight = self._flights.setdefault(key, _Flight())
            flight.callers += 1
        try:
            with flight.lock:
                yield
        finally:
            with self._lock:
                flight.callers -= 1
                if flight.callers == 0:
                    del self._flights[key]

    def callers(self, key: _K) -> int:
        """Return how many threads compute `key` or wait for it."""
        with self._lock:
            flight = self._flights.get(key)
            return flight.callers if flight is not None else 0
