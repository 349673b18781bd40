"""Computations by key of which one is under way at a time, however many threads ask for it."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dynamic_databases.beside import Awaited

_K = TypeVar("_K", bound=Hashable)


@dataclass(eq=False)
class _UnderWay:
    """One computation, and who waits for it: the thread that computes, and those that came later."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    awaited: Awaited = field(default_factory=Awaited)


class OneAtATime(Generic[_K]):
    """Gives threads their turns. Who had to wait for a turn looks first whether it is done already."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[_K, _UnderWay] = {}

    @contextmanager
    def turn(self, key: _K) -> Iterator[Awaited]:
        """Compute what `key` stands for inside, alone; gives the count of threads that it is for."""
        with self._lock:
            own = self._under_way.setdefault(key, _UnderWay())
            own.awaited.answers += 1
        try:
            with own.lock:
                yield own.awaited
        finally:
            with self._lock:
                own.awaited.answers -= 1
                if own.awaited.answers == 0:
                    del self._under_way[key]
