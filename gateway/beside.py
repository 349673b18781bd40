"""Long computations beside the event loop: a build of seconds must not be felt by other tenants.

Python lets a thread run for 5 ms before another gets its turn, and its collector of cycles stops
every thread while it walks all that was just built. Both are eased while a build is under way.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_REST = 0.5  # of the time that was worked, while others are served
_TURN_SECONDS = 0.0005
_lock = threading.Lock()
_running = 0
_usual_turn_seconds = sys.getswitchinterval()


@contextmanager
def beside_traffic() -> Iterator[None]:
    """Run what is inside in short turns, without collections; the last one out puts things back."""
    global _running  # noqa: PLW0603 - it is the process's own state that is changed
    with _lock:
        _running += 1
        if _running == 1:
            sys.setswitchinterval(_TURN_SECONDS)
            gc.disable()
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                sys.setswitchinterval(_usual_turn_seconds)
                gc.enable()


@contextmanager
def paced(is_busy: Callable[[], bool]) -> Iterator[Pace]:
    """Run a long computation beside traffic; inside, the pace is called now and then."""
    with beside_traffic():
        yield Pace(is_busy)


class Pace:
    """Makes one build rest while others are served, in proportion to its work."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._since = time.monotonic()

    def __call__(self) -> None:
        if self._is_busy():
            time.sleep((time.monotonic() - self._since) * _REST)
        self._since = time.monotonic()
