"""Python's cycle collector, kept out of the way of computations that make many objects.

A collection of the oldest generation walks every object and stops every thread meanwhile. A build
of a schema makes millions of objects that stay, so that the collector would run for nothing.
"""

from __future__ import annotations

import gc
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

_GROWTH = 0.25  # of the memory, before all objects are walked
_GROWTH_BLOCKS = 500_000  # and at least so many: about 40 MB

_lock = threading.Lock()
_pauses = 0
_collected_blocks = 0  # allocated blocks after the last full collection


@contextmanager
def gc_paused() -> Iterator[None]:
    """Run what is inside without collections; the last of overlapping blocks resumes them."""
    global _pauses  # noqa: PLW0603 - the collector is one per process
    with _lock:
        _pauses += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if _pauses == 0:
                # Moves the new objects to the oldest generation without walking them.
                gc.freeze()
                gc.unfreeze()
                gc.enable()


def collect() -> None:
    """Run a full collection; every thread waits for it."""
    global _collected_blocks  # noqa: PLW0603 - as above
    gc.collect()
    _collected_blocks = sys.getallocatedblocks()


def collect_if_grown() -> None:
    """Run a full collection if the memory grew: under `gc_paused` Python starts none itself."""
    grown = sys.getallocatedblocks() - _collected_blocks
    if grown > max(_collected_blocks * _GROWTH, _GROWTH_BLOCKS):
        collect()


def release_frames(error: BaseException | None) -> None:
    """Drop what the functions that raised an error held, such as an answer that is too large.

    Frames and the error refer to each other, so that it would all stay until the next collection.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # causes may go round in a circle
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
