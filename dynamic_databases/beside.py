"""Long computations beside the event loop: a build of seconds must not be felt by other tenants.

Python lets a thread run for 5 ms before another gets its turn, which a request asks for a dozen
times; a server takes shorter turns. Where requests come in, a computation naps after each fraction of
a millisecond, so that whoever was woken meanwhile gets its processor too, and rests while they are
answered. And it is kept from the collector of cycles, which stops every thread while it walks all that
was just built.
"""

from __future__ import annotations

import gc
import math
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

_TURN_SECONDS = 0.0001
_WORKS_SECONDS = 0.0002  # at least, before a rest
_NAP_SECONDS = 0.0001  # between two looks whether the requests are answered
_REST = 8.0  # at most, of the time that was worked
_LONGEST_REST_SECONDS = 0.02
_RESTS_SECONDS = 1.5  # of one computation, which somebody waits for: then it goes on without
_QUIET_SECONDS = 0.1  # after an answer no other is expected
_GROWTH = 0.25  # of the memory, before all objects are walked for garbage
_GROWTH_BLOCKS = 500_000  # and at least so much: some 40 MB
_T = TypeVar("_T")


@dataclass(eq=False)
class Awaited:
    """How many of the answers that are being made wait for a computation: it rests for the others alone."""

    answers: int = 0


_NOBODY = Awaited()


class _Own(threading.local):
    """What a thread knows of its computation."""

    # By the thread's own clock, which counts no waiting; None where it is not beside traffic.
    worked_since: float | None = None
    looked_at = 0.0  # by the clock of all, which is cheaper to ask
    rests_seconds = 0.0  # what it still may rest
    awaited = _NOBODY


_lock = threading.Lock()
_running = 0
_answering = 0
_answered_at = -math.inf  # by the monotonic clock
_collected_blocks = 0  # of memory, after the last walk; objects would take long to count
_own = _Own()


def take_short_turns() -> None:
    """Have threads take turns more often from now on: for a process that answers requests."""
    sys.setswitchinterval(_TURN_SECONDS)


@contextmanager
def beside_traffic(awaited: Awaited = _NOBODY) -> Iterator[None]:
    """Run what is inside without collections, giving way as `giving_way` does."""
    with uncollected(), giving_way(awaited):
        yield


@contextmanager
def uncollected() -> Iterator[None]:
    """Run what is inside, which makes many objects, without collections; the last one out puts things back."""
    global _running  # noqa: PLW0603 - it is the process's own state that is changed
    with _lock:
        _running += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                # What was built is among the oldest objects now, without a walk.
                gc.freeze()
                gc.unfreeze()
                gc.enable()


@contextmanager
def giving_way(awaited: Awaited = _NOBODY, at_most_seconds: float | None = None) -> Iterator[None]:
    """Rest between the items of `in_turns` and at each `give_way` inside, in all as long as it may.

    Answers that wait for it are no reason to rest, but one to rest half as long: they have a deadline.
    Inside another it is a part of that.
    """
    if _own.worked_since is not None:
        yield
        return
    _own.worked_since, _own.awaited = time.thread_time(), awaited
    _own.rests_seconds = (at_most_seconds or _RESTS_SECONDS) / (2 if awaited.answers else 1)
    try:
        yield
    finally:
        _own.worked_since = None


@contextmanager
def as_traffic() -> Iterator[None]:
    """Make an answer, in the event loop's thread: computations beside it give way meanwhile."""
    global _answering, _answered_at  # noqa: PLW0603 - as above
    _answering += 1
    try:
        yield
    finally:
        _answering -= 1
        _answered_at = time.monotonic()


def in_turns(items: Iterable[_T], each: int = 1) -> Iterator[_T]:
    """Yield the items, with a rest after `each` so many of them where this thread is beside traffic."""
    if _own.worked_since is None:
        yield from items
        return
    for number, item in enumerate(items, 1):
        yield item
        if number % each == 0:
            give_way()


def give_way() -> None:
    """Rest where this thread is beside traffic and has worked: a nap, and until the requests are answered."""
    since = _own.worked_since
    if since is None:
        return
    began = time.monotonic()
    if began < _own.looked_at + _WORKS_SECONDS:
        return
    _own.looked_at = began
    worked = time.thread_time() - since
    if worked < _WORKS_SECONDS:
        return
    if _is_busy(began) and _own.rests_seconds > 0:
        until = began + min(worked * _REST, _LONGEST_REST_SECONDS, _own.rests_seconds)
        time.sleep(_NAP_SECONDS)
        while _answering > _own.awaited.answers and time.monotonic() < until:
            time.sleep(_NAP_SECONDS)
        _own.rests_seconds -= time.monotonic() - began
    _own.worked_since = time.thread_time()


def collect() -> None:
    """Walk all objects for garbage; every thread waits for it."""
    global _collected_blocks  # noqa: PLW0603 - as above
    gc.collect()
    _collected_blocks = sys.getallocatedblocks()


def collect_if_grown() -> None:
    """Walk all objects once the memory has grown: what is promoted unwalked keeps Python from doing so by itself."""
    grown = sys.getallocatedblocks() - _collected_blocks
    if grown > max(_collected_blocks * _GROWTH, _GROWTH_BLOCKS):
        collect()


def rests_left() -> float:
    """Return for how many seconds this thread's computation may still rest."""
    return _own.rests_seconds if _own.worked_since is not None else 0.0


def _is_busy(now: float) -> bool:
    """Return whether requests come in, besides those that wait for this thread's computation."""
    return _answering > _own.awaited.answers or now < _answered_at + _QUIET_SECONDS
