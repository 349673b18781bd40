"""Long computations beside the event loop: a build of seconds must not be felt by other tenants.

Python lets a thread run for 5 ms before another gets its turn, and its collector of cycles stops
every thread while it walks all that was just built. Both are eased while a build is under way; and
it rests now and then, as long as requests are being answered.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

_REST = 1.0  # of the time that was worked, while requests are answered
_RESTS_SECONDS = 1.0  # of one computation, which somebody waits for: then it goes on without
_WORKS_SECONDS = 0.001  # before a rest
_GROWTH = 1.0  # of the objects, before all are walked for garbage
_TURN_SECONDS = 0.0005
_T = TypeVar("_T")


class _Own(threading.local):
    """What a thread knows of its computation."""

    # By the thread's own clock; None where it is not beside traffic.
    worked_since: float | None = None
    rests_seconds = 0.0  # what it still may rest
    answers = 0  # that wait for it


class _Garbage:
    """Keeps the collector of cycles away from what is built, and calls it once that has become much.

    Left alone, it would walk all that was built when it is switched on again, twice, and every thread waits.
    """

    def __init__(self) -> None:
        self._objects = 0  # that there were when all were walked
        self._new = 0  # since then

    def pause(self) -> None:
        gc.disable()
        self._objects = self._objects or self._promoted()

    def resume(self) -> None:
        self._new += gc.get_count()[0]
        self._promote()
        gc.enable()
        if self._new > self._objects * _GROWTH:
            gc.collect()
            self._objects, self._new = self._promoted(), 0

    def _promoted(self) -> int:
        """Promote all objects, and return how many there are."""
        gc.freeze()
        count = gc.get_freeze_count()
        gc.unfreeze()
        return count

    def _promote(self) -> None:
        """Move all objects to the oldest ones, without a walk."""
        gc.freeze()
        gc.unfreeze()


_lock = threading.Lock()
_running = 0
_answering = 0
_usual_turn_seconds = sys.getswitchinterval()
_garbage = _Garbage()
_own = _Own()


@contextmanager
def beside_traffic(answers: int = 0) -> Iterator[None]:
    """Run what is inside in short turns, without collections; the last one out puts things back.

    `answers` that wait for it are no reason to rest.
    """
    global _running  # noqa: PLW0603 - it is the process's own state that is changed
    with _lock:
        _running += 1
        if _running == 1:
            sys.setswitchinterval(_TURN_SECONDS)
            _garbage.pause()
    outer = _own.worked_since
    if outer is None:
        _own.worked_since, _own.rests_seconds = time.thread_time(), _RESTS_SECONDS
        _own.answers = answers
    try:
        yield
    finally:
        if outer is None:
            _own.worked_since = None
        with _lock:
            _running -= 1
            if _running == 0:
                sys.setswitchinterval(_usual_turn_seconds)
                _garbage.resume()


@contextmanager
def as_traffic() -> Iterator[None]:
    """Make an answer, in the event loop's thread: computations beside it give way meanwhile."""
    global _answering  # noqa: PLW0603 - as above
    _answering += 1
    try:
        yield
    finally:
        _answering -= 1


def in_turns(items: Iterable[_T]) -> Iterator[_T]:
    """Yield the items, with a rest between them where this thread is beside traffic."""
    if _own.worked_since is None:
        yield from items
        return
    for item in items:
        yield item
        _give_way()


def rests_left() -> float:
    """Return for how many seconds this thread's computation may still rest."""
    return _own.rests_seconds if _own.worked_since is not None else 0.0


def _give_way() -> None:
    """Rest as long as was worked since the last time, where this thread is beside traffic and there is some."""
    since = _own.worked_since
    if since is None:
        return
    worked = time.thread_time() - since
    if worked < _WORKS_SECONDS:
        return
    rest = min(worked * _REST, _own.rests_seconds)
    if _answering > _own.answers and rest > 0:
        _own.rests_seconds -= rest
        time.sleep(rest)
    _own.worked_since = time.thread_time()
