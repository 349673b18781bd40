"""Long computations beside the event loop: a build of seconds must not be felt by other tenants.

Python lets a thread run for 5 ms before another gets its turn, which a request asks for a dozen
times; a server takes shorter turns. A computation rests between tables while requests are being
answered. And it is kept from the collector of cycles, which stops every thread while it walks all
that was just built.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

_TURN_SECONDS = 0.0001
_WORKS_SECONDS = 0.0003  # at least, before a rest
_REST = 3.0  # at most, of the time that was worked
_LONGEST_REST_SECONDS = 0.02
_RESTS_SECONDS = 2.0  # of one computation, which somebody waits for: then it goes on without
_NAP_SECONDS = 0.0005  # between two looks whether the requests are answered
_GROWTH = 1.0  # of the memory, before all objects are walked for garbage
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
        # Of memory, when all was walked for the last time; objects would take long to count.
        self._blocks = 0

    def pause(self) -> None:
        gc.disable()
        self._blocks = self._blocks or sys.getallocatedblocks()

    def resume(self) -> None:
        gc.freeze()
        gc.unfreeze()  # they are among the oldest objects now, without a walk
        gc.enable()
        if sys.getallocatedblocks() > self._blocks * (1 + _GROWTH):
            gc.collect()
            self._blocks = sys.getallocatedblocks()


_lock = threading.Lock()
_running = 0
_answering = 0
_garbage = _Garbage()
_own = _Own()


def take_short_turns() -> None:
    """Have threads take turns more often from now on: for a process that answers requests."""
    sys.setswitchinterval(_TURN_SECONDS)


@contextmanager
def beside_traffic(answers: int = 0) -> Iterator[None]:
    """Run what is inside without collections, resting in between (`in_turns`); the last one out puts things back.

    `answers` that wait for it are no reason to rest, but one to rest less: they have a deadline.
    """
    global _running  # noqa: PLW0603 - it is the process's own state that is changed
    with _lock:
        _running += 1
        if _running == 1:
            _garbage.pause()
    outer = _own.worked_since
    if outer is None:
        _own.worked_since, _own.answers = time.thread_time(), answers
        _own.rests_seconds = _RESTS_SECONDS / (1 + answers)
    try:
        yield
    finally:
        if outer is None:
            _own.worked_since = None
        with _lock:
            _running -= 1
            if _running == 0:
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
    """Rest until the requests are answered, where this thread is beside traffic; in all as long as it may."""
    since = _own.worked_since
    if since is None or _answering <= _own.answers:
        return
    worked = time.thread_time() - since
    if worked < _WORKS_SECONDS:
        return
    began = now = time.monotonic()
    until = began + min(worked * _REST, _LONGEST_REST_SECONDS, _own.rests_seconds)
    while _answering > _own.answers and now < until:
        time.sleep(_NAP_SECONDS)
        now = time.monotonic()
    _own.rests_seconds -= now - began
    _own.worked_since = time.thread_time()
