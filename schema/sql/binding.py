"""Coerced GraphQL values → what drivers take; the checks that no type of GraphQL makes."""

from __future__ import annotations

import datetime as dt
import struct
from typing import Any

from schema import exact_numbers
from schema.errors import BadUserInput, TooComplex
from schema.limits import Limits
from schema.sql.statement import Binder

_INT64 = 2**63


def rows_binder(limits: Limits) -> Binder:
    """`limit`: a whole number from 0 to the maximum; null counts as the default."""

    def bind(value: Any) -> int:
        if value is None:
            return limits.default_rows
        if value < 0:
            raise BadUserInput(
                f"{value} rows are asked for; a number of rows must not be negative."
            )
        if value > limits.max_rows:
            raise TooComplex(
                f"limit: {value} is above the maximum of {limits.max_rows} "
                "rows per list (GATEWAY_MAX_ROWS)."
            )
        return int(value)

    return bind


def rows_and_one_binder(limits: Limits) -> Binder:
    """`first` and `last`: as `limit`, and one row more."""
    bind = rows_binder(limits)
    return lambda value: bind(value) + 1


def bind_offset(value: Any) -> int:
    if value is None:
        return 0
    if value < 0:
        raise BadUserInput(f"limit and offset must not be negative, as {value} is.")
    return int(value)


def storable_text(value: Any) -> str:
    """Return a text as it is, or say why no database could give it back."""
    text = str(value)
    if "\0" in text:
        raise BadUserInput("A text holds the character U+0000, which databases can't store.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadUserInput(
            "A text holds half of a surrogate pair: it is no valid Unicode."
        ) from None
    return text


def json_text(value: Any) -> str:
    try:
        return exact_numbers.dumps(value)
    except TypeError as error:
        raise BadUserInput(f"A JSON value can't be stored: {error}.") from None


def single(value: Any) -> float:
    """Return the nearest number of single precision (IEEE 754): what such a column holds."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:  # beyond what one can be: compared as it is, refused where it is stored
        return float(value)


def big_integer(value: Any) -> int:
    if not -_INT64 <= value < _INT64:
        raise BadUserInput(f"{value} is beyond the 64 bits of a BigInt.")
    return int(value)


def bit_text(value: Any) -> str:
    """Return the digits of a BIT as they are; raises BadUserInput where there are others."""
    if not set(value) <= {"0", "1"}:
        raise BadUserInput(f"{value!r} is no text of the digits 0 and 1.")
    return str(value)


def like_pattern(value: Any) -> str:
    r"""Return a LIKE pattern; `\` escapes the character after it."""
    text = storable_text(value)
    if (len(text) - len(text.rstrip("\\"))) % 2:
        raise BadUserInput("A LIKE pattern must not end with a single backslash; write \\\\.")
    return text


def glob_pattern(value: Any) -> str:
    """Return a LIKE pattern as SQLite's GLOB, which minds the case: `%` → `*`, `_` → `?`."""
    parts: list[str] = []
    characters = iter(like_pattern(value))
    for character in characters:
        if character == "%":
            parts.append("*")
        elif character == "_":
            parts.append("?")
        else:
            literal = next(characters) if character == "\\" else character
            parts.append(f"[{literal}]" if literal in "*?[" else literal)
    return "".join(parts)


def naive_utc(value: dt.datetime) -> dt.datetime:
    return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)


def escaped(text: str) -> str:
    """Return the SQL that escapes a text as a part of a global id (`schema.global_ids`)."""
    return f"replace(replace({text}, '~', '~0'), ':', '~1')"
