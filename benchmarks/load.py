"""A small HTTP client that keeps connections busy and takes the times."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One run: requests per second, and latencies in milliseconds."""

    rate: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Sample:
    """One request: when it was sent (`time.perf_counter`), and the seconds until its answer."""

    sent_at: float
    seconds: float


class _Client(asyncio.Protocol):
    """Sends the next request when an answer is whole, at once or after a pause."""

    def __init__(
        self,
        next_request: Callable[[], bytes | None],
        done: asyncio.Future[None],
        times: list[Sample],
        pause: Callable[[], float],
    ) -> None:
        self._next_request = next_request
        self._done = done
        self._times = times
        self._pause = pause
        self._buffer = b""
        self._sent_at = 0.0
        self._expected = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._expected:
            head, separator, _ = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self._expected = len(head) + 4 + length
        if len(self._buffer) < self._expected:
            return
        if b'"errors"' in self._buffer:
            self._done.set_exception(RuntimeError(self._buffer[:1000].decode()))
            return
        self._times.append(Sample(self._sent_at, time.perf_counter() - self._sent_at))
        self._buffer, self._expected = b"", 0
        seconds = self._pause()
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._send)
        else:
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(ConnectionError("the server hung up"))

    def _send(self) -> None:
        request = self._next_request()
        if request is None:
            self._done.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)


async def load(
    port: int,
    next_body: Callable[[], bytes],
    path: str | Callable[[], str],
    token: str,
    connections: int,
    seconds: float,
) -> Measured:
    """Keep `connections` busy for `seconds`; raise on the first answer with errors.

    `path` may be another for each request.
    """
    started = time.perf_counter()
    samples = await sampled(
        port, next_body, path, token, connections, lambda: time.perf_counter() >= started + seconds
    )
    took = time.perf_counter() - started
    times = sorted(sample.seconds for sample in samples)
    return Measured(len(times) / took, percentile_ms(times, 0.5), percentile_ms(times, 0.99))


def percentile_ms(ordered: Sequence[float], share: float) -> float:
    """Return the time below which a share of sorted times in seconds lies, in milliseconds."""
    return ordered[int(len(ordered) * share)] * 1000


async def sampled(
    port: int,
    next_body: Callable[[], bytes],
    path: str | Callable[[], str],
    token: str,
    connections: int,
    is_over: Callable[[], bool],
    *,
    pause_seconds: float = 0.0,
) -> list[Sample]:
    """Keep `connections` busy until `over`, with a random pause of that mean after each answer."""
    loop = asyncio.get_running_loop()
    rest = (
        " HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: "
    ).encode()
    fixed = path.encode() if isinstance(path, str) else b""

    def next_request() -> bytes | None:
        if is_over():
            return None
        body = next_body()
        target = fixed if isinstance(path, str) else path().encode()
        return b"POST %b%b%d\r\n\r\n%b" % (target, rest, len(body), body)

    def pause() -> float:
        return dice.uniform(0.5, 1.5) * pause_seconds

    dice = random.Random(1)
    samples: list[Sample] = []
    futures = [loop.create_future() for _ in range(connections)]
    for future in futures:
        await loop.create_connection(
            lambda f=future: _Client(next_request, f, samples, pause), "127.0.0.1", port
        )
    await asyncio.gather(*futures)
    return samples
