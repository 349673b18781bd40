"""Calls at a later time, from one thread: for what is short and never blocks."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger("dynamic_databases.timer")


class Timer:
    """Makes calls when they are due; logs what they raise. Its thread runs while any wait."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition()
        self._calls: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()  # calls that are due together keep their order
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    def after(self, seconds: float, call: Callable[[], object]) -> bool:
        """Make a call in so many seconds; return False where the timer was stopped."""
        with self._changed:
            if self._is_stopped:
                return False
            heapq.heappush(self._calls, (time.monotonic() + seconds, next(self._numbers), call))
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()  # waits for the lock
                self._thread = thread
            self._changed.notify()
            return True

    def stop(self) -> None:
        """Make all calls that are left now, in this thread."""
        with self._changed:
            self._is_stopped = True
            calls, self._calls = sorted(self._calls), []
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join()  # calls never block
        for _, _, call in calls:
            self._make(call)

    def _run(self) -> None:
        while (call := self._next()) is not None:
            self._make(call)

    def _next(self) -> Callable[[], object] | None:
        """Wait for the next call that is due; return None where there is no other."""
        with self._changed:
            while self._calls:
                left = self._calls[0][0] - time.monotonic()
                if left <= 0:
                    return heapq.heappop(self._calls)[2]
                self._changed.wait(left)
            self._thread = None
            return None

    def _make(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception:  # noqa: BLE001 - it is logged, and the others are still to be made
            _log.exception("a call failed", extra={"event": {"name": self._name}})
