"""How a cell is marked whose value its type can't carry, where the schema declares a value."""

from __future__ import annotations

import secrets

# Stands in an answer instead of such a value, and is taken out before it goes to the client. It has
# a name of this process: nobody can store it.
MARK = f"gateway_{secrets.token_hex(8)}_mark"
# The same of dates and moments on PostgreSQL, whose own word has their type: it costs nothing.
MARK_OF_DATES = "infinity"
MARKS = (MARK.encode(), f'"{MARK_OF_DATES}"'.encode())


def marks_of(sql: str) -> tuple[bytes, ...]:
    """Return the marks that the answer of a statement may hold: it makes them by their words."""
    return tuple(
        mark for word, mark in zip((MARK, MARK_OF_DATES), MARKS, strict=True) if word in sql
    )


def is_mark(value: object, *, is_date: bool) -> bool:
    """Return whether a value stands for one that can't be carried; `is_date`: or of a moment."""
    return value == MARK or (is_date and value == MARK_OF_DATES)
