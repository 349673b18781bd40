"""How many requests one caller may send per second: counted here, or in Redis for all processes together.

A second's count begins with the second. From Redis requests are taken in lots, so that not each of them
costs a round trip; where it doesn't answer, each process counts for itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.errors import RateExceeded

_log = logging.getLogger("gateway.rate")
_LOTS_PER_SECOND = 20
_REDIS_SECONDS = 0.25


class Rate:
    """Counts the requests of this second, by caller. `clock` is in seconds: with Redis the time of day."""

    def __init__(self, redis_url: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = 0
        self._taken: dict[str, int] = {}
        self._lots: dict[str, int] = {}  # what Redis has granted
        self._redis = (
            Redis.from_url(
                redis_url,
                socket_timeout=_REDIS_SECONDS,
                socket_connect_timeout=_REDIS_SECONDS,
                retry=Retry(NoBackoff(), 0),  # a request waits for it
            )
            if redis_url
            else None
        )
        self._is_alone = False  # Redis didn't answer

    async def take(self, caller: str, per_second: int) -> None:
        """Count one request. Raises RateExceeded where the caller has sent `per_second` already."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._taken.clear()
            self._lots.clear()
        taken = self._taken.get(caller, 0) + 1
        self._taken[caller] = taken
        granted = per_second if self._redis is None else self._lots.get(caller, 0)
        if taken > granted and self._redis is not None:
            granted = await self._grant(self._redis, caller, second, taken, per_second)
        if taken > granted:
            raise RateExceeded(per_second)

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()

    async def _grant(
        self, redis: Redis, caller: str, second: int, taken: int, per_second: int
    ) -> int:
        """Take a further lot of the caller's second; return how many are granted in all."""
        granted = self._lots.get(caller, 0)
        if granted < 0:
            return 0  # the second is used up
        lot = max(per_second // _LOTS_PER_SECOND, 1)
        key = f"gateway:rate:{second}:{caller}"
        try:
            async with redis.pipeline(transaction=True) as both:
                both.incrby(key, lot)
                both.expire(key, 3)
                used = int((await both.execute())[0])
            self._is_alone = False
        except (RedisError, OSError) as error:
            if not self._is_alone:
                _log.warning(
                    "Redis doesn't answer: rates are counted per process: %s", type(error).__name__
                )
            self._is_alone = True
            granted = self._lots[caller] = per_second
            return granted
        if second != self._second:
            return taken  # the second is over
        own = min(lot, per_second - (used - lot))
        granted = max(self._lots.get(caller, 0), 0) + max(own, 0)
        self._lots[caller] = granted if own > 0 else -1
        return granted
