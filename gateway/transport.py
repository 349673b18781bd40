"""ASGI's messages → a request with its body, and a response → messages; both under a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gateway.http import HttpProblem
from gateway.requests import HttpRequest
from gateway.responses import Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_CHUNK = 65_536  # what a client that reads slowly holds in this process's memory, twice over


async def read_request(
    scope: Scope, receive: Receive, limit_bytes: int, seconds: float
) -> HttpRequest | None:
    """Return the request with its body, or None where the client went away.

    Raises HttpProblem: 413 for a body above `limit_bytes`, 408 where it takes longer than `seconds`.
    """
    # Of a header that is given twice the first counts: the order is turned round.
    pairs = reversed(scope["headers"])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    body = await _body(headers, receive, limit_bytes, seconds)
    if body is None:
        return None
    client = scope.get("client")
    query = scope.get("query_string", b"").decode("latin-1")
    return HttpRequest(
        scope["method"], scope["path"], query, headers, body, client[0] if client else None
    )


async def write_response(send: Send, response: Response, seconds: float) -> None:
    """Send a response; a client that reads too slowly loses it after `seconds`."""
    headers = [
        (b"content-type", response.media_type.encode("latin-1")),
        (b"content-length", str(len(response.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        *(
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
        ),
    ]
    body = response.body
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if len(body) <= _CHUNK:
        await send({"type": "http.response.body", "body": body})
        return
    async with asyncio.timeout(seconds):
        for start in range(0, len(body), _CHUNK):
            piece, more = body[start : start + _CHUNK], start + _CHUNK < len(body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


async def _body(
    headers: dict[str, str], receive: Receive, limit_bytes: int, seconds: float
) -> bytes | None:
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        raise _too_large(limit_bytes)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
        return body
    try:
        async with asyncio.timeout(seconds):
            return await _rest(message, receive, limit_bytes)
    except TimeoutError:
        raise HttpProblem(408, "The body did not arrive in time.", "TIMEOUT") from None


async def _rest(
    message: MutableMapping[str, Any], receive: Receive, limit_bytes: int
) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while message["type"] != "http.disconnect":
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit_bytes:
            raise _too_large(limit_bytes)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()
    return None


def _too_large(limit_bytes: int) -> HttpProblem:
    text = f"The body is above the maximum of {limit_bytes} bytes (GATEWAY_BODY_LIMIT_BYTES)."
    return HttpProblem(413, text, headers={"Connection": "close"})
