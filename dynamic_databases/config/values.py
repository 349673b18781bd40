"""One check per kind of value in a configuration: it returns the value as the driver wants it.

Each takes the key and the value, and raises InvalidConfig, which names the key and what would be
right. The value itself is never repeated: it may be a secret that was put under a wrong key.
"""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Callable
from functools import cache
from typing import Any

from dynamic_databases.errors import InvalidConfig

Check = Callable[[str, Any], Any]


def one_of(*values: str) -> Check:
    """Return a check for one of some words."""

    def check(key: str, value: Any) -> str:
        if value not in values:
            raise InvalidConfig(key, f"it must be one of {', '.join(values)}")
        return str(value)

    return check


def whole_number(low: int, high: int) -> Check:
    """Return a check for a whole number, or its digits as text, within bounds."""

    def check(key: str, value: Any) -> int:
        is_digits = isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not (is_digits or is_number) or not low <= int(value) <= high:
            raise InvalidConfig(key, f"it must be a whole number from {low} to {high}")
        return int(value)

    return check


def flag(key: str, value: Any) -> bool:
    """Check true or false, or their spelling in a URL."""
    if value not in (True, False, "true", "false", "1", "0"):
        raise InvalidConfig(key, "it must be true or false")
    return value in (True, "true", "1")


def word(key: str, value: Any) -> str:
    """Check a short name."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9 _.\-]{1,64}", value):
        raise InvalidConfig(key, "it must be 1 to 64 letters, digits, spaces, dots, _ or -")
    return value


def certificate_name(key: str, value: Any) -> str:
    """Check the name in a certificate: a host name, `*.` before it or not."""
    if not isinstance(value, str) or not re.fullmatch(r"(?:\*\.)?[A-Za-z0-9.\-]{1,253}", value):
        raise InvalidConfig(key, "it must be a host name such as db.example.com or *.example.com")
    return value


def text(key: str, value: Any, longest: int) -> str:
    """Check text that a driver can take: no control characters, no halves of characters."""
    if not isinstance(value, str):
        raise InvalidConfig(key, "it must be text")
    if len(value) > longest:
        raise InvalidConfig(key, f"it has {len(value)} characters; at most {longest} are possible")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise InvalidConfig(key, "it must be text without control characters")
    return value


def time_zone(key: str, value: Any) -> str:
    """Check the name of a time zone of the IANA database, such as Europe/Vienna."""
    if not isinstance(value, str) or value not in _time_zones():
        raise InvalidConfig(key, "it must be a time zone's name such as UTC or Europe/Vienna")
    return value


@cache
def _time_zones() -> frozenset[str]:
    return frozenset({"UTC", *zoneinfo.available_timezones()})
