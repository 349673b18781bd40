"""Exceptions that are kept and raised again, in whatever thread asks next.

Each `raise` of one object adds to that object's traceback and sets its context: raised in many
threads it mixes their frames, keeps their locals alive and grows for as long as it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

_E = TypeVar("_E", bound=BaseException)
_REPEATS = "_repeats_its_cause"


def repeated(error: _E) -> _E:
    """Return an exception equal to `error`, without a traceback, to be raised from it.

    Its `__init__` isn't called again, whose arguments need not be those that `args` has.
    """
    kind: Any = type(error)
    arguments = _arguments(error)
    again: _E = kind.__new__(kind, *arguments)
    native = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    native.__init__(again, *arguments)
    again.args = error.args
    for name in _slots(kind):
        if hasattr(error, name):
            setattr(again, name, getattr(error, name))
    again.__dict__.update(error.__dict__)
    again.__dict__[_REPEATS] = True
    return again


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Return what led to an exception, nearest first; one that it repeats is no cause."""
    cause = error.__cause__
    while cause is not None:
        if _REPEATS not in error.__dict__:
            yield cause
        error, cause = cause, cause.__cause__


def _arguments(error: BaseException) -> Any:
    """Return what Python's own part was made from; OSError keeps its file's name out of `args`."""
    return error.__reduce__()[1] if isinstance(error, OSError) else error.args


def _slots(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
