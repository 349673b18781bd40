"""A UUID of a request, with the spelling in which SQLite may hold it."""

from __future__ import annotations

import uuid
from typing import Self


class GivenUuid(str):
    """A UUID's own spelling, in lower case; `given` is that of the request."""

    __slots__ = ("given",)
    given: str

    def __new__(cls, text: str) -> Self:
        """Raises ValueError."""
        found = super().__new__(cls, uuid.UUID(text))
        found.given = text if is_mixed(text) else str(found)
        return found


def is_mixed(text: str) -> bool:
    """Return whether a text has letters of both cases: no program writes UUIDs so."""
    return text not in (text.lower(), text.upper())
