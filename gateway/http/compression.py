"""Compresses answers as the client accepts (RFC 9110, §12.5.3), not small or cookie ones.

BREACH guesses a secret from the sizes of answers that hold it next to the attacker's own text. It
needs a browser that adds the victim's credentials by itself. Only cookies are such credentials
here: answers to requests with a cookie and no `Authorization` header aren't compressed.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import brotli
import zstandard

from gateway.http.request import HttpRequest
from gateway.http.response import Response

MIN_BYTES = 4_096  # below, the time isn't worth the bytes
_MAX_BYTES_IN_LOOP = 16_384  # above, a thread compresses
_GZIP_FORMAT = 31  # of zlib's window bits: 15, and 16 for gzip's header
_TYPES = ("application/json", "application/graphql", "text/")
_PIECE = (
    262_144  # bytes that are compressed together: the memory for the rest is the result's alone
)


def _zstd(body: bytes) -> Iterator[bytes]:
    encoder = zstandard.ZstdCompressor(level=3).compressobj(size=len(body))
    for piece in _pieces(body):
        yield encoder.compress(piece)
    yield encoder.flush()


def _brotli(body: bytes) -> Iterator[bytes]:
    encoder = brotli.Compressor(quality=4)
    for piece in _pieces(body):
        yield encoder.process(piece)
    yield encoder.finish()


def _gzip(body: bytes) -> Iterator[bytes]:
    encoder = zlib.compressobj(4, wbits=_GZIP_FORMAT)
    for piece in _pieces(body):
        yield encoder.compress(piece)
    yield encoder.flush()


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[start : start + _PIECE] for start in range(0, len(body), _PIECE))


_ENCODERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    "zstd": _zstd,
    "br": _brotli,
    "gzip": _gzip,
}


def _encoded(encoding: str, body: bytes) -> bytes:
    return b"".join(_ENCODERS[encoding](body))


class Compression:
    """Compresses by one of `encodings`, the earlier ones preferred; by none where it is empty."""

    def __init__(self, encodings: Sequence[str]) -> None:
        self._encodings = tuple(encodings)

    async def compress(self, http: HttpRequest, response: Response) -> Response:
        """Return the response, compressed where its client accepts that and it is worth it."""
        if len(response.body) < MIN_BYTES or not self._may_compress(http, response):
            return response
        found = accepted_encodings(http.headers.get("accept-encoding"), self._encodings)
        headers = dict(response.headers)
        headers["Vary"] = ", ".join(filter(None, (headers.get("Vary"), "Accept-Encoding")))
        if not found:
            return response.with_headers(headers)
        headers["Content-Encoding"] = found[0]
        if "ETag" in headers and not headers["ETag"].startswith("W/"):
            headers["ETag"] = f"W/{headers['ETag']}"  # the bytes differ, what they say doesn't
        if len(response.body) > _MAX_BYTES_IN_LOOP:
            body = await asyncio.to_thread(_encoded, found[0], response.body)
        else:
            body = _encoded(found[0], response.body)
        return replace(response, body=body, headers=headers)

    def _may_compress(self, http: HttpRequest, response: Response) -> bool:
        has_cookie = "cookie" in http.headers and "authorization" not in http.headers
        return bool(
            self._encodings
            and response.status == 200
            and not has_cookie
            and response.media_type.startswith(_TYPES)
        )


@lru_cache(maxsize=256)
def accepted_encodings(header: str | None, offered: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the encodings a client accepts, the most wanted first.

    Equal weights keep the order of `offered`; a weight of 0 refuses; `*` stands for the others.
    """
    weights: dict[str, float] = {}
    for part in (header or "").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights[{"x-gzip": "gzip"}.get(name, name)] = _weight(parameters)
    others = weights.get("*", 0.0)
    wanted = [(weights.get(name, others), name) for name in offered]
    ranked = sorted((pair for pair in wanted if pair[0] > 0), key=lambda pair: -pair[0])
    return tuple(name for weight, name in ranked if weight >= weights.get("identity", 0.0))


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
