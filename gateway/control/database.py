"""What this process asks of the control database: each call bounded, equal ones shared.

While it doesn't answer, known tenants go on being served from the last snapshot. What only the
control database knows is refused as unavailable, in the time that a request has.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from dynamic_databases.concurrency.exceptions import repeated
from dynamic_databases.connections.django_storage import close_unused
from dynamic_databases.control_errors import UNREACHABLE, why_unavailable
from tenants.errors import ControlUnavailable

_T = TypeVar("_T")
_THREADS = 4  # calls of requests; equal ones are one call


class ControlDatabase:
    """Runs calls, and knows whether the last poll was answered."""

    def __init__(self, poll: Callable[[], None], seconds: float) -> None:
        self._poll = poll
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_THREADS, "control")
        self._running: dict[str, asyncio.Future[Any]] = {}
        self.is_answering = True
        self._answered_at = -math.inf

    @property
    def silent_seconds(self) -> float:
        """The seconds since a poll was answered."""
        return time.monotonic() - self._answered_at

    def run(self, work: Callable[[], _T]) -> _T:
        """Run `work` in this thread, and close its connection. Raises ControlUnavailable."""
        try:
            return work()
        except UNREACHABLE as error:
            raise ControlUnavailable(why_unavailable(error)) from error
        finally:
            close_unused()

    def poll(self) -> None:
        """Learn what changed, in this thread. Raises ControlUnavailable."""
        try:
            self.run(self._poll)
        except ControlUnavailable:
            self.is_answering = False
            raise
        self.answered()

    def answered(self) -> None:
        """Note that it answers, and that all that is known was confirmed now."""
        self.is_answering, self._answered_at = True, time.monotonic()

    def away(self, seconds: float) -> None:
        """Note that it doesn't answer, and what is known was confirmed so many seconds ago."""
        self.is_answering, self._answered_at = False, time.monotonic() - seconds

    async def call(self, name: str, work: Callable[[], _T]) -> _T:
        """Run `work` in a thread; calls of one name share what is under way.

        Raises ControlUnavailable, also after a statement's deadline.
        """
        future = self._running.get(name)
        if future is None:
            loop = asyncio.get_running_loop()
            future = loop.run_in_executor(self._threads, partial(self.run, work))
            self._running[name] = future
            future.add_done_callback(partial(self._ended, name))
        try:
            async with asyncio.timeout(self._seconds):
                await asyncio.wait((future,))
        except TimeoutError:
            raise ControlUnavailable from None
        if (error := future.exception()) is not None:
            raise repeated(error) from error
        result: _T = future.result()
        return result

    async def learn(self) -> None:
        """Have what changed elsewhere be known. Raises ControlUnavailable."""
        await self.call("poll", self.poll)

    @property
    def is_learning(self) -> bool:
        return "poll" in self._running

    def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ended(self, name: str, future: asyncio.Future[Any]) -> None:
        del self._running[name]
        if not future.cancelled():
            future.exception()  # looked at: those who waited may be gone
