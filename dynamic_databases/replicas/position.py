"""What a replica's position is: comparable to one of its primary."""

from __future__ import annotations

from typing import Any, Protocol

from dynamic_databases.errors import Unavailable


class UnusableReplica(Unavailable):
    """A server that isn't read from: it holds no copy, lags, or doesn't tell how much it holds."""


class Position(Protocol):
    """How much was written, or how much of that a replica holds."""

    def includes(self, other: Any, /) -> bool:
        """Return whether all that was written up to `other` is there. Raises UnusableReplica."""
