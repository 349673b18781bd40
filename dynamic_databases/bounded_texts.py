"""Bounds on texts of errors, logs and commands: a caller's text is never repeated in full."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TEXT = 200  # characters of one name, value or path
_MESSAGE = 2_000  # characters of one message
_ITEMS = 50  # of one list
_CUT = "…"
# A quoted text may hold spaces and escaped quotes; a text without quotes ends at a space.
_LONG = re.compile(
    rf"""(?P<quote>['"`])(?P<quoted>(?:(?!(?P=quote)).){{{_TEXT + 1},}})(?P=quote)"""
    rf"""|(?P<bare>\S{{{_TEXT + 1},}})""",
    re.DOTALL,
)


def bounded_message(message: str, longest: int = _MESSAGE) -> str:
    """Return a message with each long text in it cut at 200 characters, the whole at `longest`."""
    if len(message) <= _TEXT:
        return message
    return _cut(_LONG.sub(_shorten, message), longest)


def bounded(value: Any) -> Any:
    """Return a JSON value whose texts are cut at 200 characters and whose lists at 50 items."""
    match value:
        case str():
            return _cut(value, _TEXT)
        case Mapping():
            return {bounded(key): bounded(item) for key, item in value.items()}
        case list() | tuple():
            return [bounded(item) for item in value[:_ITEMS]]
    return value


def _shorten(found: re.Match[str]) -> str:
    quote = found["quote"]
    if quote is None:
        return _cut(found["bare"], _TEXT)
    return f"{quote}{_cut(found['quoted'], _TEXT)}{quote}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + _CUT
