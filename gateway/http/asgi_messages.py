"""ASGI's messages → a request with its body, and a response → messages; both under a deadline."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gateway.errors import HttpProblem
from gateway.http.first_step import at_once_or_within
from gateway.http.proxies import WAS_FORWARDED
from gateway.http.request import HttpRequest
from gateway.http.response import Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_LINGER_SECONDS = 1.0
# They decide who is let in, where to, and what a body is.
_ONCE = {
    *("authorization", "content-length", "content-type", "host", "origin", "transfer-encoding"),
    *("x-csrftoken", "x-dry-run", "x-environment", "x-role", "x-schema", "x-tenant"),
}
_CHUNK = 65_536  # what a client that reads slowly holds in this process's memory, twice over


def request_of(scope: Scope, headers: Mapping[str, str], body: bytes) -> HttpRequest:
    """Return the request of a scope, with the headers that `read_headers` found in it."""
    client = scope.get("client")
    return HttpRequest(
        scope["method"],
        scope["path"],
        scope.get("query_string", b"").decode("latin-1"),
        headers,
        body,
        client[0] if client else None,
        scope.get(WAS_FORWARDED, False),
    )


async def read_body(
    headers: Mapping[str, str], receive: Receive, limit_bytes: int, seconds: float
) -> bytes | None:
    """Return the body of a request, or None where the client went away.

    Raises HttpProblem: 413 for a body above `limit_bytes`, 408 where it takes longer than
    `seconds`.
    """
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        raise _too_large(limit_bytes)
    try:
        return await at_once_or_within(seconds, _whole_body(receive, limit_bytes))
    except TimeoutError:
        text = f"The body did not arrive within {seconds:g} s (GATEWAY_DEADLINE_MS)."
        raise HttpProblem(408, text, "TIMEOUT") from None


def read_headers(scope: Scope) -> dict[str, str]:
    """Return the headers by lower-case name; of one that came twice the first counts.

    Raises HttpProblem 400 where a header that decides about the request came twice: a proxy in
    front may have checked the other one (RFC 9110, §5.3).
    """
    pairs = scope["headers"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(pairs)}
    if len(headers) != len(pairs):
        counts = Counter(name.decode("latin-1") for name, _ in pairs)
        for name in sorted(_ONCE):
            if counts[name] > 1:
                text = f"The header {name} was sent {counts[name]} times; send it once."
                raise HttpProblem(400, text)
    return headers


def has_body(scope: Scope) -> bool:
    """Return whether a request announces a body."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


async def write_response(send: Send, response: Response, seconds: float) -> None:
    """Send a response; a client that reads too slowly loses it after `seconds`."""
    body = response.body
    await send(_start(response))
    if len(body) <= _CHUNK:
        await send({"type": "http.response.body", "body": body})
        return
    async with asyncio.timeout(seconds):
        for start in range(0, len(body), _CHUNK):
            piece, more = body[start : start + _CHUNK], start + _CHUNK < len(body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


async def refuse(send: Send, receive: Receive, response: Response) -> None:
    """Send a response to a request whose body wasn't read, then close the connection.

    What the client still sends is read for a second and dropped: closing at once would reset the
    connection, and the client would lose the response (RFC 9112, §9.6).
    """
    closing = replace(response, headers={**response.headers, "Connection": "close"})
    await send(_start(closing))
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while (await receive()).get("more_body", False):
                pass
    await send({"type": "http.response.body", "body": b""})


def replay(body: bytes) -> Receive:
    """Return a `receive` for an inner application whose request was read already."""

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def within(send: Send, seconds: float) -> Send:
    """Return a `send` that raises TimeoutError where a client takes no message for `seconds`."""

    async def send_in_time(message: MutableMapping[str, Any]) -> None:
        async with asyncio.timeout(seconds):
            await send(message)

    return send_in_time


def with_header(send: Send, name: str, value: str) -> Send:
    """Return a `send` that adds a header to the response."""
    header = (name.lower().encode("latin-1"), value.encode("latin-1"))

    async def send_with_header(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return send_with_header


def _start(response: Response) -> MutableMapping[str, Any]:
    """Answers are one caller's: nothing is stored on the way unless a response says otherwise."""
    may_be_stored = "Cache-Control" in response.headers
    headers = [
        (b"content-type", response.media_type.encode("latin-1")),
        (b"content-length", str(len(response.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        *(() if may_be_stored else ((b"cache-control", b"no-store"),)),
    ]
    for name, value in response.headers.items():
        headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    return {"type": "http.response.start", "status": response.status, "headers": headers}


async def _whole_body(receive: Receive, limit_bytes: int) -> bytes | None:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        only: bytes = message.get("body", b"")
        if len(only) > limit_bytes:
            raise _too_large(limit_bytes)
        return only
    body = bytearray()
    while message["type"] != "http.disconnect":
        body += message.get("body", b"")
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
        if not message.get("more_body", False):
            return bytes(body)
        message = await receive()
    return None


def _too_large(limit_bytes: int) -> HttpProblem:
    text = f"The body is above the maximum of {limit_bytes} bytes (GATEWAY_BODY_LIMIT_BYTES)."
    return HttpProblem(413, text)
