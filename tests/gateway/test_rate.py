"""Requests per second are counted per caller: in one process, or in Redis for several."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from gateway.errors import RateExceeded
from gateway.rate import Rate


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.25

    def __call__(self) -> float:
        return self.now


def taken(rates: list[Rate], caller: str, times: int, per_second: int) -> int:
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
    rate = Rate("", clock)

    assert taken([rate], "a", 8, 5) == 5
    assert taken([rate], "b", 3, 5) == 3
    clock.now += 1
    assert taken([rate], "a", 8, 5) == 5


@pytest.mark.parametrize("per_second", [1, 7, 20, 100])
def test_processes_count_together(redis_url, per_second: int) -> None:
    clock = Clock()
    rates = [Rate(redis_url, clock) for _ in range(3)]

    assert taken(rates, f"t{uuid.uuid4()}", per_second * 4, per_second) == per_second


def test_without_redis_each_counts_for_itself(caplog) -> None:
    rates = [Rate("redis://127.0.0.1:1/0", Clock()) for _ in range(2)]

    assert taken(rates, "a", 40, 5) == 10
    assert sum("Redis doesn't answer" in record.message for record in caplog.records) == 2
