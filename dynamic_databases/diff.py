"""State read against state now: the patch to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Patch = dict[str, Any]


def patch_of(read: Mapping[str, Any], now: Mapping[str, Any]) -> Patch:
    """Return the fields of `now` that differ from `read`; an unread field counts as new."""
    return {
        name: value
        for name, value in now.items()
        if name not in read or not same(read[name], value)
    }


def same(left: Any, right: Any) -> bool:
    """Return whether a database would call two values the same; NULL is the same as NULL here."""
    if left is None or right is None:
        return left is right
    if isinstance(left, bytes | memoryview) and isinstance(right, bytes | memoryview):
        return bytes(left) == bytes(right)
    return bool(left == right)
