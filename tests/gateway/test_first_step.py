"""A time limit begins where there is something to wait for."""

from __future__ import annotations

import asyncio

import pytest

from gateway.http.first_step import at_once_or_within

pytestmark = pytest.mark.pure


async def _known() -> str:
    return "known"


async def _ends(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


def test_what_is_known_needs_no_time() -> None:
    assert asyncio.run(at_once_or_within(0.0, _known())) == "known"


def test_an_error_without_waiting_is_raised() -> None:
    async def fails() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(at_once_or_within(60.0, fails()))


def test_what_comes_in_several_steps_is_returned() -> None:
    async def counts() -> int:
        for _ in range(3):
            await asyncio.to_thread(int)
        return 3

    assert asyncio.run(at_once_or_within(60.0, counts())) == 3


def test_what_comes_too_late_is_ended() -> None:
    ended: list[str] = []

    with pytest.raises(TimeoutError):
        asyncio.run(at_once_or_within(0.001, _ends(ended)))
    assert ended == ["ended"]


def test_a_cancelled_task_ends_what_it_waits_for() -> None:
    ended: list[str] = []

    async def cancelled() -> None:
        task = asyncio.create_task(at_once_or_within(60.0, _ends(ended)))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert ended == ["ended"]
