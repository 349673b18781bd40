"""What a token says of itself, read before anything is proven: bounded, and strict where it counts.

It serves to choose the issuer and the key. What makes a token ambiguous is refused here: a member
that comes twice, a key that the token brings along, an extension that must be understood.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

_LONGEST = 16_384  # characters of a token
_LONGEST_HEADER = 4_096
_LONGEST_KEY_ID = 200
_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
# Keys that a token brings along, and extensions that a reader must understand (RFC 7515, §4.1).
_REFUSED = ("jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip")
# Other types are tokens for other uses, such as `logout+jwt` (RFC 8725, §3.11).
_TYPES = ("", "jwt", "at+jwt", "application/jwt", "application/at+jwt")


class RefusedToken(ValueError):
    """A token that isn't taken; the text is for the log alone, and holds nothing of the token."""


@dataclass(frozen=True)
class UnverifiedToken:
    """A token's algorithm and key id, and all its claims; nothing of it is proven."""

    algorithm: str
    key_id: str | None
    claims: Mapping[str, Any]


def is_jwt(token: str) -> bool:
    """Return whether a text has the shape of a JWT. Its parts aren't read."""
    return len(token) <= _LONGEST and _SHAPE.fullmatch(token) is not None


def header_of(token: str) -> Mapping[str, Any] | None:
    """Return a token's header as it stands; None where it has none that can be read."""
    first = token.partition(".")[0]
    if token.count(".") != 2 or len(first) > _LONGEST_HEADER:
        return None
    try:
        return _object(first)
    except RefusedToken:
        return None


def read_token(token: str) -> UnverifiedToken:
    """Return what a text with the shape of a JWT says. Raises RefusedToken."""
    match = _SHAPE.fullmatch(token)
    if match is None or len(match[1]) > _LONGEST_HEADER:
        raise RefusedToken("it has no three parts, or its header is too long")
    header, claims = _object(match[1]), _object(match[2])
    if brought := [name for name in _REFUSED if name in header]:
        raise RefusedToken(f"its header has {brought[0]}")
    if str(header.get("typ", "")).lower() not in _TYPES:
        raise RefusedToken("its type is for another use")
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str):
        raise RefusedToken("its algorithm is no text")
    if key_id is not None and (not isinstance(key_id, str) or len(key_id) > _LONGEST_KEY_ID):
        raise RefusedToken("its key id is no short text")
    return UnverifiedToken(algorithm, key_id, claims)


def _object(part: str) -> Mapping[str, Any]:
    """Return the JSON object of a part. Raises RefusedToken."""
    try:
        text = urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        found = json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    except RefusedToken:
        raise
    except (ValueError, RecursionError) as error:
        raise RefusedToken("a part of it is no JSON in base64url") from error
    if not isinstance(found, dict):
        raise RefusedToken("a part of it is no object")
    return found


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose members each come once: readers differ in which of two counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RefusedToken("a member of it comes twice")
    return found


def _no_number(_text: str) -> NoReturn:
    raise RefusedToken("it holds a number that is none")
