"""A client that goes away cancels what its request still runs.

Looked at only once a request takes long: a task for each would cost a small query more than its
answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

_T = TypeVar("_T")
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_PATIENCE_SECONDS = 0.25


async def cancel_on_disconnect(answer: Awaitable[_T], receive: Receive) -> _T | None:
    """Return the answer, or None if the client hung up first; that cancels the answer's task."""
    watch = _Watch(receive)
    try:
        return await answer
    except asyncio.CancelledError:
        if not watch.is_gone:
            raise  # the server stops
        watch.task.uncancel()
        return None
    finally:
        watch.end()


class _Watch:
    """Waits for the client to hang up, while a task makes its answer."""

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker
        self.task = task
        self.is_gone = False
        self._receive = receive
        self._waiting: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(_PATIENCE_SECONDS, self._begin)

    def end(self) -> None:
        self._timer.cancel()
        if self._waiting is not None:
            self._waiting.cancel()

    def _begin(self) -> None:
        self._waiting = self._loop.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        self.task.cancel()
