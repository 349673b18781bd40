"""What compiled operations may take of a process's memory, over all schemas.

Which was used is noted by a flag, not by an order that each request would have to change under a
lock: the CLOCK algorithm (F. J. Corbato, "A Paging Experiment with the Multics System", 1968).
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Protocol
from weakref import ref

DEFAULT_BYTES = 100_000_000
_RENDERED_AT_ONCE = 2  # introspection answers, each of which may be large


class Evictable(Protocol):
    """Something that is charged for its bytes; `was_used` is set whenever it is used."""

    was_used: bool

    def evict(self) -> None:
        """Leave the cache that holds it."""


class MemoryBudget:
    """At most `max_bytes` of all that is charged: what was not used for longest is evicted.

    What is gone by itself no longer counts. The item that is being charged stays, whatever its
    size.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self.max_bytes = max_bytes
        self.rendering = threading.BoundedSemaphore(_RENDERED_AT_ONCE)
        self._lock = threading.Lock()
        self._charges: OrderedDict[ref[Evictable], int] = OrderedDict()
        self._total = 0
        # Filled by the collector, which may run in any thread at any moment: it can take no lock.
        self._gone: deque[ref[Evictable]] = deque()

    @property
    def size_bytes(self) -> int:
        return self._total

    def charge(self, item: Evictable, size_bytes: int) -> None:
        """Count more bytes for an item, and evict others where that is too much."""
        with self._lock:
            self._settle()
            key = ref(item, self._gone.append)
            self._charges[key] = self._charges.get(key, 0) + size_bytes
            self._total += size_bytes
            evicted = self._over_budget(item)
        for one in evicted:
            one.evict()

    def _settle(self) -> None:
        """Take back what was charged for items that are gone."""
        while self._gone:
            self._total -= self._charges.pop(self._gone.popleft(), 0)

    def _over_budget(self, charged: Evictable) -> list[Evictable]:
        """Return what to drop. An item that was used since the last pass is skipped once."""
        evicted: list[Evictable] = []
        passed = 0
        while self._total > self.max_bytes and passed <= 2 * len(self._charges):
            key, size = self._charges.popitem(last=False)
            item = key()
            if item is charged or (item is not None and item.was_used):
                if item is not charged:
                    item.was_used = False
                self._charges[key] = size
                passed += 1
                continue
            self._total -= size
            if item is not None:
                evicted.append(item)
        return evicted
