"""How many bytes of answers one attempt at a request may read, counted while they are received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Any

from schema.errors import AnswerTooLarge, TextTooLarge

ANSWER_BYTES = "\0answer_bytes"  # no variable of GraphQL can have this name
DEFAULT_BYTES = 20_000_000
# Statements of SQLite copy a text up to 16 times, in this process.
_COPIES = 16
_LEAST_TEXT, _LARGEST_TEXT = 100_000, 1_000_000


class Attempt(Enum):
    """Which attempt at a request this is: what is too large for the first is read again."""

    FIRST = auto()
    AGAIN = auto()
    ONLY = auto()


def text_bytes_of(max_bytes: int) -> int:
    """Return the bytes of a text that SQLite may make for answers of `max_bytes`."""
    return min(max(max_bytes // _COPIES, _LEAST_TEXT), _LARGEST_TEXT)


class AnswerMeter:
    """Counts what a request reads; one for each attempt. `max_bytes` also goes into its statements.

    A text that SQLite makes has at most `text_bytes`.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES, text_bytes: int | None = None) -> None:
        self.max_bytes = max_bytes
        self.text_bytes = max(text_bytes or max_bytes, _LEAST_TEXT)
        self.largest_row = 0  # bytes
        self._received = 0

    def add(self, size_bytes: int) -> None:
        """Count bytes that were received. Raises AnswerTooLarge above the maximum."""
        self._received += size_bytes
        if self._received > self.max_bytes:
            raise self.too_large()

    def add_row(self, row: Sequence[Any]) -> None:
        """Count the texts of a row. Raises AnswerTooLarge above the maximum."""
        size = 0
        for value in row:
            if isinstance(value, bytes):
                size += len(value)
            elif isinstance(value, str):
                size += len(value) if value.isascii() else _utf8_bytes(value)
        self.largest_row = max(self.largest_row, size)
        self.add(size)

    def add_rows(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self.add_row(row)

    def too_large(self) -> AnswerTooLarge:
        """Return the error of an answer above the maximum."""
        return AnswerTooLarge(self.max_bytes)

    def text_too_large(self) -> TextTooLarge:
        """Return the error of a text above its maximum."""
        return TextTooLarge(self.max_bytes)


def _utf8_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
