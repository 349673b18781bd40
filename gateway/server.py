"""uvicorn as it is run here: bounded in what it reads before a request is complete, and ending orderly.

`python -m gateway` starts it; any other ASGI server can serve `gateway.asgi:application` as well.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

_HEAD_BYTES = 65_536  # of a request before its body
_HEAD_SECONDS = 10.0
_FIGURES = "PROMETHEUS_MULTIPROC_DIR"


def serve(host: str, port: int, workers: int, log_level: str, seconds_to_stop: float) -> None:
    """Serve until SIGTERM or SIGINT; requests under way have `seconds_to_stop` to finish.

    With several workers one that dies is replaced.
    """
    config = uvicorn.Config(
        "gateway.asgi:application",
        host=host,
        port=port,
        workers=workers,
        http=Protocol,
        ws="none",
        access_log=False,
        server_header=False,
        log_level=log_level,  # of uvicorn's own lines
        log_config=None,  # gateway.log sets logging up
        timeout_graceful_shutdown=round(seconds_to_stop),
    )
    if workers == 1:
        _Server(config).run()
        return
    with _shared_figures():
        _Supervisor(config, [config.bind_socket()]).run()


class Protocol(HttpToolsProtocol):
    """Refuses a head that is too long, and hangs up on one that doesn't come to its end."""

    _head_bytes: int = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES and b"\r\n\r\n" not in data[:_HEAD_BYTES]:
                self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")  # fmt: skip
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_timer is None:  # a further request over the same connection
            self._expect_head()
        self.scope["gateway.abort"] = self.transport.abort  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        self._end_timer()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _end_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class _Server(uvicorn.Server):
    """An orderly end is no crash: uvicorn would send itself the signal again, and exit by it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


class _Supervisor(Multiprocess):
    """Replaces workers that died, and forgets their figures."""

    def keep_subprocess_alive(self) -> None:
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


@contextmanager
def _shared_figures() -> Iterator[None]:
    """Give the workers a folder where each can read the others' figures."""
    if _FIGURES in os.environ:
        yield
        return
    folder = os.environ[_FIGURES] = tempfile.mkdtemp(prefix="gateway-figures-")
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
