"""One piece of work between the event loop that waits for it and the thread that does it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.aliases import Alias
from dynamic_databases.connections.state import end_after_use
from gateway.errors import DeadlinePassed

Lease = Callable[[], AbstractContextManager[BaseDatabaseWrapper]]
Work = Callable[[Lease], Any]


def was_given(turn: asyncio.Future[None]) -> bool:
    """Return whether a place was given, not refused, before the caller went away."""
    return turn.done() and not turn.cancelled() and turn.exception() is None


def call_in(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *values: Any) -> bool:
    """Have an event loop make a call; return False if it was closed: no caller waits in it."""
    try:
        loop.call_soon_threadsafe(call, *values)
    except RuntimeError:
        return False
    return True


@dataclass(eq=False, kw_only=True)
class Watched:
    """The connections that a piece of work leases, so that they can be ended from outside."""

    wrappers: list[BaseDatabaseWrapper] = field(default_factory=list)  # the last one is in use
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_given_up: bool = False
    _is_committing: bool = False

    def opens(self, wrapper: BaseDatabaseWrapper) -> None:
        """A connection of this work is about to be opened or used."""
        self.wrappers.append(wrapper)

    def is_done_with(self, wrapper: BaseDatabaseWrapper) -> None:
        with self._lock:
            self.wrappers.remove(wrapper)

    def claim(self, wrapper: BaseDatabaseWrapper) -> bool:
        """Return whether a connection is in use here; it isn't used again after that."""
        with self._lock:
            is_in_use = wrapper in self.wrappers
            if is_in_use:
                end_after_use(wrapper)
            return is_in_use

    def may_go_on(self) -> None:
        """Raises DeadlinePassed if no caller waits any more."""
        if self._is_given_up:
            raise DeadlinePassed

    def may_commit(self) -> None:
        """From here on the outcome is known only once the database has answered."""
        with self._lock:
            self.may_go_on()
            self._is_committing = True

    def give_up(self) -> bool:
        """No caller waits any more; return whether a COMMIT may be on its way already."""
        with self._lock:
            self._is_given_up = True
            return self._is_committing


@dataclass(eq=False)
class Job(Watched):
    """One piece of work for one alias, and where its answer goes; without work it is a turn."""

    alias: Alias
    work: Work | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def finish(self, result: Any, error: BaseException | None) -> None:
        """Hand the answer to the event loop; its caller may be gone."""
        call_in(self.loop, self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        for timer in self.timers:
            timer.cancel()
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)
