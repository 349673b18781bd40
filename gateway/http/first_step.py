"""A time limit that costs nothing where there is nothing to wait for.

The body of a small request is there with its headers, as a rule. A timer for each request would
cost more than reading such a body.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def at_once_or_within(seconds: float, work: Coroutine[Any, Any, _T]) -> _T:
    """Return the result of `work`. Raises TimeoutError where it takes longer than `seconds`."""
    steps = work.__await__()
    try:
        waits_for = next(steps)
    except StopIteration as stop:  # it waited for nothing
        result: _T = stop.value
        return result
    async with asyncio.timeout(seconds):
        return await _resumed(steps, waits_for)


@coroutine
def _resumed(steps: Generator[Any, Any, _T], waits_for: Any) -> Generator[Any, Any, _T]:
    """Go on with work whose first step was made: it waits for the future `waits_for`."""
    try:
        yield waits_for
    except BaseException:  # the task was cancelled
        steps.close()
        raise
    return (yield from steps)
