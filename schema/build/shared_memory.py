"""The bytes of what several schemas hold: each part counts once, as long as a schema holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class _Part:
    size_bytes: int
    holders: int = 0


class SharedMemory:
    """Parts by their identity. Its callers hold a lock.

    A holder is a schema, which keeps its parts: no other object gets the identity of one meanwhile.
    """

    def __init__(self) -> None:
        self._parts: dict[int, _Part] = {}
        self.size_bytes = 0

    def hold(self, parts: Iterable[tuple[object, int]]) -> None:
        """Count parts, given with their bytes, that a schema holds from now on."""
        for part, size_bytes in parts:
            known = self._parts.get(id(part))
            if known is None:
                known = self._parts[id(part)] = _Part(size_bytes)
                self.size_bytes += size_bytes
            known.holders += 1

    def release(self, parts: Iterable[tuple[object, int]]) -> int:
        """Count parts no longer for a schema that held them; return the bytes that are free."""
        free = 0
        for part, _ in parts:
            known = self._parts[id(part)]
            known.holders -= 1
            if not known.holders:
                del self._parts[id(part)]
                free += known.size_bytes
        self.size_bytes -= free
        return free
