"""Large answers of all requests share a budget: one that doesn't fit waits, then is refused."""

from __future__ import annotations

import asyncio
import time

import pytest

from dynamic_databases.concurrency.deadline import Deadline
from gateway.errors import DeadlinePassed, Overloaded
from gateway.execution.answer_budget import AnswerBudget


def soon(milliseconds: int = 5_000) -> Deadline:
    return Deadline.after_ms(milliseconds, time.monotonic)


def test_who_does_not_fit_waits_until_there_is_room() -> None:
    async def run() -> None:
        budget = AnswerBudget(10, wait_seconds=5)
        first = await budget.reserve(8, soon())
        large = asyncio.create_task(budget.reserve(9, soon()))
        small = asyncio.create_task(budget.reserve(1, soon()))  # behind the large one
        await asyncio.sleep(0)
        assert not large.done() and not small.done()
        first.shrink(0)
        assert (await large).size_bytes == 9
        assert (await small).size_bytes == 1
        assert budget.reserved_bytes == 10

    asyncio.run(run())


def test_a_reservation_is_given_back_once() -> None:
    async def run() -> None:
        budget = AnswerBudget(10, wait_seconds=5)
        held = await budget.reserve(50, soon())  # it has all there is
        assert budget.reserved_bytes == 10
        held.shrink(4)
        held.shrink(7)
        assert budget.reserved_bytes == 4
        held.release()
        held.release()
        assert budget.reserved_bytes == 0
        dropped = await budget.reserve(5, soon())
        del dropped
        assert budget.reserved_bytes == 0

    asyncio.run(run())


def test_who_waits_too_long_is_refused_and_leaves_the_line() -> None:
    async def run() -> None:
        budget = AnswerBudget(10, wait_seconds=0.05)
        held = await budget.reserve(10, soon())
        with pytest.raises(Overloaded, match="GATEWAY_ANSWERS_LIMIT_BYTES"):
            await budget.reserve(1, soon())
        with pytest.raises(DeadlinePassed):
            await budget.reserve(1, soon(10))
        left = asyncio.create_task(budget.reserve(1, soon()))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        held.release()
        assert budget.reserved_bytes == 0
        assert (await budget.reserve(10, soon())).size_bytes == 10

    asyncio.run(run())
