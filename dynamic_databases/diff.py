"""State read against state now: the patch to write, and the three-way rule for conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Patch = dict[str, Any]


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed to another value than the one to be written."""

    field: str
    base: Any
    mine: Any
    theirs: Any


def patch_of(read: Mapping[str, Any], now: Mapping[str, Any]) -> Patch:
    """Return the fields of `now` that differ from `read`; a field that wasn't read counts as new."""
    return {
        name: value
        for name, value in now.items()
        if name not in read or not same(read[name], value)
    }


def conflicts_of(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[Conflict]:
    """Return the fields that changed underneath and that `mine` would overwrite.

    A field conflicts when its value now (`theirs`) is not the one read (`base`), and it is to be
    written (`mine`) to something else than what is there: two people who set the same agree.
    """
    return [
        Conflict(field, base[field], mine[field], theirs[field])
        for field in mine
        if field in base
        and not same(base[field], theirs[field])
        and not same(mine[field], theirs[field])
    ]


def same(left: Any, right: Any) -> bool:
    """Return whether a database would call two values the same; NULL is the same as NULL here."""
    if left is None or right is None:
        return left is right
    if isinstance(left, bytes | memoryview) and isinstance(right, bytes | memoryview):
        return bytes(left) == bytes(right)
    return bool(left == right)
