"""How many bytes of large answers may be under way in a process, over all requests.

An answer is under way from before it is read until its client has it. The event loop alone uses
this.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from dynamic_databases.concurrency.deadline import Deadline
from gateway.errors import DeadlinePassed, Overloaded

SMALL_BYTES = 1_000_000  # up to here an answer isn't counted


class Reservation:
    """A part of the budget. It is given back once, when it is dropped at the latest."""

    def __init__(self, budget: AnswerBudget, size_bytes: int) -> None:
        self._budget = budget
        self.size_bytes = size_bytes

    def shrink(self, size_bytes: int) -> None:
        """Give back what is above `size_bytes`."""
        surplus = max(self.size_bytes - size_bytes, 0)
        self.size_bytes -= surplus
        self._budget.give_back(surplus)

    def release(self) -> None:
        self.shrink(0)

    def __del__(self) -> None:
        if self.size_bytes:
            self.release()


@dataclass(eq=False)
class _Waiting:
    size_bytes: int
    turn: asyncio.Future[None]


class AnswerBudget:
    """At most `max_bytes` are reserved; who doesn't fit waits in line, `wait_seconds` at most."""

    def __init__(self, max_bytes: int, wait_seconds: float) -> None:
        self.max_bytes = max_bytes
        self.reserved_bytes = 0
        self._wait_seconds = wait_seconds
        self._line: deque[_Waiting] = deque()

    async def reserve(self, size_bytes: int, deadline: Deadline) -> Reservation:
        """Reserve bytes, at most the whole budget. Raises Overloaded, or DeadlinePassed."""
        size = min(size_bytes, self.max_bytes)
        if self._line or self.reserved_bytes + size > self.max_bytes:
            await self._wait(size, deadline)
        else:
            self.reserved_bytes += size
        return Reservation(self, size)

    def give_back(self, size_bytes: int) -> None:
        self.reserved_bytes -= size_bytes
        while self._line and self.reserved_bytes + self._line[0].size_bytes <= self.max_bytes:
            first = self._line.popleft()
            self.reserved_bytes += first.size_bytes
            first.turn.set_result(None)

    async def _wait(self, size: int, deadline: Deadline) -> None:
        """Wait in line until the bytes are reserved."""
        waiting = _Waiting(size, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        left = max(deadline.seconds_left, 0)
        try:
            done, _ = await asyncio.wait({waiting.turn}, timeout=min(left, self._wait_seconds))
        except asyncio.CancelledError:
            self._leave(waiting)
            raise
        if not done:
            self._leave(waiting)
            if left <= self._wait_seconds:
                raise DeadlinePassed
            raise Overloaded(
                f"Large answers of {self.max_bytes} bytes are under way, the maximum "
                "(GATEWAY_ANSWERS_LIMIT_BYTES); try again."
            )

    def _leave(self, waiting: _Waiting) -> None:
        if waiting.turn.done():
            self.give_back(waiting.size_bytes)
            return
        self._line.remove(waiting)
        self.give_back(0)  # the next one may fit
