"""How many bytes of memory a value holds by itself: measured object by object, in small slices.

Modules, classes and code are everybody's; so is whatever was there before (`shared`).
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_SLICE = 200  # objects between two pauses: a fifth of a millisecond
_PAUSE_SECONDS = 0.002  # no request waits for the figure
_SETS = 64  # of ids: one of all would stop every thread for 10 ms and more when it grows, or goes
_EVERYBODYS = (type, ModuleType, CodeType, BuiltinFunctionType)


def bytes_of(
    value: object, shared: Iterable[object] = (), pause: Callable[[float], None] = time.sleep
) -> int:
    """Return the bytes of all that is reachable from `value` alone.

    Between slices it pauses, so that a thread that measures holds up no other.
    """
    seen: list[set[int]] = [set() for _ in range(_SETS)]
    for one in shared:
        _note(one, seen)
    waiting: list[Any] = [value]
    total = count = 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, _EVERYBODYS) or not _note(one, seen):
            continue
        total += sys.getsizeof(one)
        waiting += _held_by(one)
        count += 1
        if count % _SLICE == 0:
            pause(_PAUSE_SECONDS)
    while count > _SLICE and seen:
        seen.pop()
        pause(_PAUSE_SECONDS)
    return total


def _note(one: object, seen: list[set[int]]) -> bool:
    """Note an object; return whether it is new."""
    number = id(one)
    part = seen[number // 16 % _SETS]  # objects lie 16 bytes apart
    if number in part:
        return False
    part.add(number)
    return True


def _held_by(one: Any) -> list[Any]:
    if isinstance(one, FunctionType):  # not its globals: they are its module's
        return [*(one.__closure__ or ()), one.__defaults__, one.__kwdefaults__]
    if isinstance(one, MethodType):
        return [one.__self__, one.__func__]
    return gc.get_referents(one)
