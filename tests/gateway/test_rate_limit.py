"""Requests per second are counted per caller: in one process, or in Redis for several."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from contextlib import suppress

import pytest

from gateway.errors import RateExceeded
from gateway.execution.rate_limit import RateLimiter
from tests.fixtures.proxy import Fault


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.25

    def __call__(self) -> float:
        return self.now


def taken(rates: list[RateLimiter], caller: str, times: int, per_second: int) -> int:
    """Return how many of so many requests, sent to each in turn, are let through."""

    async def main() -> int:
        served = 0
        for number in range(times):
            try:
                await rates[number % len(rates)].take(caller, per_second)
                served += 1
            except RateExceeded:
                continue
        for rate in rates:
            await rate.close()
        return served

    return asyncio.run(main())


def test_a_callers_second() -> None:
    clock = Clock()
    rate = RateLimiter("", clock)

    assert taken([rate], "a", 8, 5) == 5
    assert taken([rate], "b", 3, 5) == 3
    clock.now += 1
    assert taken([rate], "a", 8, 5) == 5


@pytest.mark.parametrize("per_second", [1, 7, 20, 100])
def test_processes_count_together(redis_url, per_second: int) -> None:
    clock = Clock()
    rates = [RateLimiter(redis_url, clock) for _ in range(3)]

    assert taken(rates, f"t{uuid.uuid4()}", per_second * 4, per_second) == per_second


class Unspeakable:
    """A server that answers each connection with the same bytes, and counts connections."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                with client, suppress(OSError):
                    client.recv(4096)
                    client.sendall(self._answer)

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b":x\r\n" * 9,
        b"*-1\r\n" * 9,
        b"\xff" * 99,
        b"-LOADING Redis is loading\r\n" * 9,
        b"+OK\r\n" * 9,
        b"$-1\r\n" * 9,
        b"*1\r\n$1\r\nx\r\n" * 9,
    ],
)
def test_a_broken_redis_fails_no_request(answer: bytes) -> None:
    """Whatever it says, callers are counted here; it is asked once, not by every request."""
    server = Unspeakable(answer)
    try:
        assert taken([RateLimiter(server.url, Clock())], "a", 200, 100) == 100
        assert server.connections <= 2
    finally:
        server.close()


def test_a_silent_redis_is_waited_for_once(redis_url, proxy_to) -> None:
    """While Redis is silent 300 callers are let in at once; later all count together again."""
    proxy = proxy_to(redis_url)
    clock = Clock()
    rates = [RateLimiter(proxy.url(redis_url), clock) for _ in range(2)]
    name = str(uuid.uuid4())

    async def main() -> None:
        await rates[0].take(name, 5)
        proxy.break_with(Fault.SILENT)
        clock.now += 1
        await rates[0].take(name, 5)  # this one waits, and opens the breaker
        for number in range(300):
            take = rates[0].take(f"{name}{number}", 5)
            task = asyncio.ensure_future(take)
            await asyncio.sleep(0)
            assert task.done()  # it waited for nothing
            await task
        proxy.heal()
        for _ in range(100):
            clock.now += 1
            served = 0
            for number in range(12):
                try:
                    await rates[number % 2].take(name, 5)
                    served += 1
                except RateExceeded:
                    continue
            if served == 5:
                break
            await asyncio.sleep(0.1)
        assert served == 5
        for rate in rates:
            await rate.close()

    asyncio.run(main())


def test_without_redis_each_counts_for_itself(caplog) -> None:
    rates = [RateLimiter("redis://127.0.0.1:1/0", Clock()) for _ in range(2)]

    assert taken(rates, "a", 40, 5) == 10
    assert sum("Redis doesn't answer" in record.message for record in caplog.records) == 2
