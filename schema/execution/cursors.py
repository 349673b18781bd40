"""Cursors of connections: a row's order values, encrypted and authenticated.

AES-SIV (RFC 5297): the same row gives the same cursor, and the place that it belongs to (database,
table, order) is authenticated with it. The first key seals, all of them open, so that keys can be
rotated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Sequence
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from schema.errors import BadUserInput

_PURPOSE = b"gateway cursors"
_BYTES = "$bytes"
_FLOAT = "$float"  # infinite: JSON has no such numbers, and they would become null


class Cursors:
    """Seals and opens the cursors of one process; made from the gateway's secret keys."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._ciphers = [
            AESSIV(hashlib.blake2b(_PURPOSE, key=hashlib.sha512(secret.encode()).digest()).digest())
            for secret in secrets
        ]

    def seal(self, values: Sequence[Any], place: str) -> str:
        """Return the cursor of a row whose order values are `values`, as the database gave them."""
        data = orjson.dumps([_finite(value) for value in values], default=_plain)
        return base64.urlsafe_b64encode(self._ciphers[0].encrypt(data, [place.encode()])).decode()

    def open(self, cursor: str, place: str, argument: str) -> list[Any]:
        """Return a cursor's order values. Raises BadUserInput for one of another place."""
        try:
            sealed = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadUserInput(_REFUSAL.format(argument)) from None
        for cipher in self._ciphers:
            try:
                values = orjson.loads(cipher.decrypt(sealed, [place.encode()]))
            except (InvalidTag, ValueError):
                continue
            return [_raw(value) for value in values]
        raise BadUserInput(_REFUSAL.format(argument))


_REFUSAL = "{}: this is no cursor of this list; take one that it gave, with the same orderBy."


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {_BYTES: base64.b64encode(value).decode()}
    raise TypeError(type(value))


def _finite(value: Any) -> Any:
    is_infinite = isinstance(value, float) and math.isinf(value)
    return {_FLOAT: str(value)} if is_infinite else value


def _raw(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return float(value[_FLOAT]) if _FLOAT in value else base64.b64decode(value[_BYTES])
