"""When each caller last wrote to a database, so that it reads its own writes from replicas."""

from __future__ import annotations

import math
from collections.abc import Callable

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.clock import time_of_day
from dynamic_databases.concurrency.lru import LruCache
from dynamic_databases.replicas.progress import NEVER

_CALLERS = 10_000


class LastWrites:
    """Times in seconds since 1970, of the callers that wrote last."""

    def __init__(self, clock: Callable[[], float] = time_of_day) -> None:
        self._clock = clock
        self._times: LruCache[tuple[Alias, str], float] = LruCache(_CALLERS)

    def note(self, primary: Alias, caller: str) -> float:
        """A write of a caller was answered now; return when, to the millisecond after."""
        at = math.ceil(self._clock() * 1000) / 1000
        self._times.put((primary, caller), at)
        return at

    def of(self, primary: Alias, caller: str) -> float:
        """Return when the last write was answered, NEVER where none is known."""
        return self._times.get((primary, caller)) or NEVER
