"""A circuit breaker for Redis: after one failure Redis isn't asked for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_log = logging.getLogger("gateway.redis")
_FIRST_SECONDS = 0.5
_MAX_SECONDS = 10.0


class RedisBreaker:
    """Opens with the first failure; the pause until Redis may be asked again doubles up to 10 s.

    `consequence` says in the log what happens without Redis; an outage is logged once.
    """

    def __init__(self, consequence: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._consequence = consequence
        self._clock = clock
        self._pause = _FIRST_SECONDS
        self._retry_at = 0.0
        self.is_open = False

    @property
    def may_retry(self) -> bool:
        """Whether the pause after the last failure is over."""
        return self._clock() >= self._retry_at

    def failed(self, error: Exception) -> None:
        if not self.is_open:
            _log.warning("Redis doesn't answer: %s: %s", self._consequence, type(error).__name__)
        self.is_open = True
        self._retry_at = self._clock() + self._pause
        self._pause = min(self._pause * 2, _MAX_SECONDS)

    def succeeded(self) -> None:
        if self.is_open:
            _log.info("Redis answers again")
        self.is_open = False
        self._pause = _FIRST_SECONDS
