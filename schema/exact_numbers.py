"""JSON whose numbers keep every digit: what a double can't hold stays its own text."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, Self

import orjson

_INT64, _UINT64 = 2**63, 2**64
# A number outside texts with 16 digits or more, a last zero after the point, or an exponent.
_LOSSY = re.compile(rb"[\s:,\[]-?(?:(?:\d\.?){16}|\d+\.\d*0[\s,}\]]|\d+(?:\.\d+)?[eE])")


class ExactNumber(float):
    """A number as it was written; as a float it is the double next to it."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number


def integer(text: str) -> int | ExactNumber:
    """Return a whole number, as an ExactNumber beyond 64 bits."""
    number = int(text) if len(text) <= len(str(_UINT64)) + 1 else None
    return number if number is not None and -_INT64 <= number < _UINT64 else ExactNumber(text)


def loads(text: bytes | str) -> Any:
    """Return the value of a JSON text. Raises orjson.JSONDecodeError."""
    value = orjson.loads(text)
    # Long texts inside, such as a query, are faster passed over as values than searched.
    if not _has_float(value):
        return value
    data = text.encode() if isinstance(text, str) else text
    if _LOSSY.search(data):
        with suppress(RecursionError):  # what nests so deeply is refused later
            return json.loads(data, parse_float=ExactNumber, parse_int=integer)
    return value


def _has_float(value: Any) -> bool:
    """Return whether a number is none of 64 bits: orjson makes a float of every other one."""
    level = [value]
    while level:
        inner: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is float:
                return True
            if kind is dict:
                inner += item.values()
            elif kind is list:
                inner += item
        level = inner
    return False


def dumps(value: Any) -> str:
    """Return the JSON text of a value. Raises TypeError for what JSON can't say."""
    return orjson.dumps(value, default=_number, option=orjson.OPT_NON_STR_KEYS).decode()


def number_text(value: float) -> str:
    """Return a number as it was written, or as Python writes it."""
    return value.text if isinstance(value, ExactNumber) else repr(value)


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, ExactNumber):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is no JSON")
