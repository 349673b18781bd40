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
_PAUSE_SECONDS = 0.0005
_EVERYBODYS = (type, ModuleType, CodeType, BuiltinFunctionType)


def bytes_of(
    value: object, shared: Iterable[object] = (), pause: Callable[[float], None] = time.sleep
) -> int:
    """Return the bytes of all that is reachable from `value` alone.

    Between slices it pauses, so that a thread that measures holds up no other.
    """
    seen: set[int] = {id(one) for one in shared}
    waiting: list[Any] = [value]
    total = count = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _EVERYBODYS):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        waiting += _held_by(one)
        count += 1
        if count % _SLICE == 0:
            pause(_PAUSE_SECONDS)
    return total


def _held_by(one: Any) -> list[Any]:
    if isinstance(one, FunctionType):  # not its globals: they are its module's
        return [*(one.__closure__ or ()), one.__defaults__, one.__kwdefaults__]
    if isinstance(one, MethodType):
        return [one.__self__, one.__func__]
    return gc.get_referents(one)
