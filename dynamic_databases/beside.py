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
_RESTS_SECONDS = (
    1.0  # of one computation: then it goes on without, so that who waits for it gets it
)
_WORKS_SECONDS = 0.001  # before a rest
_TURN_SECONDS = 0.0005
_T = TypeVar("_T")


class _Own(threading.local):
    """What a thread knows of its computation."""

    worked_since: float | None = None  # None where it is not beside traffic
    rests_seconds = 0.0  # what it still may rest
    answers = 0  # that wait for it


_lock = threading.Lock()
_running = 0
_answering = 0
_usual_turn_seconds = sys.getswitchinterval()
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
            gc.disable()
    outer = _own.worked_since
    if outer is None:
        _own.worked_since, _own.rests_seconds = time.monotonic(), _RESTS_SECONDS
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
                gc.enable()


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
        give_way()


def rests_left() -> float:
    """Return for how many seconds this thread's computation may still rest."""
    return _own.rests_seconds if _own.worked_since is not None else 0.0


def give_way() -> None:
    """Rest as long as was worked since the last time, where this thread is beside traffic and there is some."""
    since = _own.worked_since
    if since is None:
        return
    worked = time.monotonic() - since
    if worked < _WORKS_SECONDS:
        return
    rest = min(worked * _REST, _own.rests_seconds)
    if _answering > _own.answers and rest > 0:
        _own.rests_seconds -= rest
        time.sleep(rest)
    _own.worked_since = time.monotonic()
