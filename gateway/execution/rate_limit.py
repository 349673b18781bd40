"""How many requests a caller may send in a second, counted per process or in Redis for all of them.

A second's count begins with the second. Requests are taken from Redis in batches, so that not each
of them costs a round trip. While Redis doesn't answer, each process counts for itself, and no
request waits: a task of its own asks whether Redis answers again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.errors import RateExceeded
from gateway.execution.redis_breaker import RedisBreaker

if TYPE_CHECKING:  # a gateway without Redis imports no client
    from redis.asyncio import Redis

_BATCHES_PER_SECOND = 20
_REQUEST_SECONDS = 0.05  # what the first request of an outage waits
_PROBE_SECONDS = 1.0


class RateLimiter:
    """Counts this second's requests by caller. `clock`: seconds; with Redis the time of day."""

    def __init__(self, redis_url: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = 0
        self._taken: dict[str, int] = {}
        self._granted: dict[str, int] = {}  # by Redis; -1 where the second is used up
        self._redis = _client(redis_url) if redis_url else None
        self._breaker = RedisBreaker("rates are counted per process")
        self._probe: asyncio.Task[None] | None = None

    async def take(self, caller: str, per_second: int) -> None:
        """Count one request. Raises RateExceeded where the caller has sent `per_second` already."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._taken.clear()
            self._granted.clear()
        taken = self._taken.get(caller, 0) + 1
        self._taken[caller] = taken
        granted = per_second if self._redis is None else self._granted.get(caller, 0)
        if taken > granted and self._redis is not None:
            granted = await self._grant(self._redis, caller, second, taken, per_second)
        if taken > granted:
            raise RateExceeded(per_second)

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
        if self._redis is not None:
            await self._redis.aclose()

    async def _grant(
        self, redis: Redis, caller: str, second: int, taken: int, per_second: int
    ) -> int:
        """Take a further batch of the caller's second; return how many are granted in all."""
        if self._granted.get(caller, 0) < 0:
            return 0  # the second is used up
        if self._breaker.is_open:
            self._start_probe(redis)
            return per_second
        batch = max(per_second // _BATCHES_PER_SECOND, 1)
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                used = await _add(redis, f"gateway:rate:{second}:{caller}", batch)
        except Exception as error:  # noqa: BLE001 - whatever a broken Redis says: count here
            self._breaker.failed(error)
            return per_second
        if second != self._second:
            return taken  # the second is over
        own = min(batch, per_second - (used - batch))
        granted = max(self._granted.get(caller, 0), 0) + max(own, 0)
        self._granted[caller] = granted if own > 0 else -1
        return granted

    def _start_probe(self, redis: Redis) -> None:
        """Ask Redis, in no request's time, whether it answers again."""
        is_probing = self._probe is not None and not self._probe.done()
        if self._breaker.may_retry and not is_probing:
            self._probe = asyncio.get_running_loop().create_task(self._ping(redis))

    async def _ping(self, redis: Redis) -> None:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await _add(redis, "gateway:rate:probe", 0)
        except Exception as error:  # noqa: BLE001 - as in `_grant`
            self._breaker.failed(error)
        else:
            self._breaker.succeeded()


async def _add(redis: Redis, key: str, count: int) -> int:
    """Add to a counter that is forgotten after three seconds; return its value."""
    async with redis.pipeline(transaction=True) as both:
        both.incrby(key, count)
        both.expire(key, 3)
        return int((await both.execute())[0])


def _client(url: str) -> Redis:
    # They take 50 ms of a start, which a gateway without Redis needn't wait for.
    from redis.asyncio import Redis  # noqa: PLC0415 - see above
    from redis.asyncio.retry import Retry  # noqa: PLC0415 - see above
    from redis.backoff import NoBackoff  # noqa: PLC0415 - see above

    return Redis.from_url(
        url,
        socket_timeout=_PROBE_SECONDS,
        socket_connect_timeout=_PROBE_SECONDS,
        retry=Retry(NoBackoff(), 0),  # the breaker decides when to ask again
    )
