"""uvicorn with bounds on heads and connections, and with a drain before its end.

`python -m gateway` starts it; any other ASGI server can serve `gateway.asgi:application` as well.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import math
import os
import resource
import shutil
import signal
import socket
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from types import FrameType
from typing import cast

import uvicorn
from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState
from uvicorn.supervisors import Multiprocess, multiprocess
from uvicorn.supervisors.multiprocess import Process

from gateway.config import Config
from gateway.draining import DRAINING
from gateway.http.proxies import Proxies

_HEAD_BYTES = 65_536  # of a request before its body
_HEAD_SECONDS = 10.0
_CLOSING_SECONDS = 1.0  # to close connections and threads after the last request's deadline
_TICK_SECONDS = 0.1
_MISSED_PINGS = 4  # of five seconds each, after which a worker is replaced
_OTHER_FILES = 500  # logs, the control database, threads' pipes
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n"
    b"content-length: 0\r\n\r\n"
)
_FIGURES = "PROMETHEUS_MULTIPROC_DIR"


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, with the gateway's; several workers share what it loads."""

    def __init__(self, config: Config, host: str, port: int, workers: int, log_level: str) -> None:
        super().__init__(
            "gateway.asgi:application",
            host=host,
            port=port,
            workers=workers,
            http=Protocol,
            ws="none",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # gateway.proxies reads them
            log_level=log_level,  # of uvicorn's own lines
            log_config=None,  # gateway.log sets logging up
            timeout_graceful_shutdown=math.ceil(config.deadline_ms / 1000 + _CLOSING_SECONDS),
        )
        self.drain_seconds = config.seconds_to_drain
        self.max_connections = config.max_connections
        self.max_client_connections = config.max_client_connections
        self.proxies = Proxies(config.trusted_proxies, config.proxy_headers)


def serve(config: Config, host: str, port: int, workers: int, log_level: str) -> None:
    """Serve until SIGTERM or SIGINT, then drain for `GATEWAY_DRAIN_SECONDS`.

    Requests that run after the drain have `GATEWAY_DEADLINE_MS` to finish. A second signal ends the
    process at once. With several workers one that dies is replaced.
    """
    _allow_open_files(config.max_connections + config.server_connections + _OTHER_FILES)
    _have_no_standard_input()
    server_config = ServerConfig(config, host, port, workers, log_level)
    if workers == 1:
        GatewayServer(server_config).run()
        return
    with _shared_figures():
        _load_for_all(server_config)
        supervisor = Supervisor(server_config, [server_config.bind_socket()])
        supervisor.run()
    if supervisor.is_forced:
        _end_by(signal.SIGTERM)


def _load_for_all(server_config: ServerConfig) -> None:
    """Import the application here: each worker is a fork of this process, and ready in an instant.

    What they have in common is in memory once, as long as no collection writes to it.
    """
    server_config.load()
    gc.collect()
    gc.freeze()


def _have_no_standard_input() -> None:
    """Have nothing to read there, in the workers as well.

    MariaDB's client reads an answer from it where a server asks for a dialog; no time-out ends
    that.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    if nothing != 0:
        os.dup2(nothing, 0)
        os.close(nothing)


class Protocol(HttpToolsProtocol):
    """Refuses a head that is too long, and hangs up on one that doesn't come to its end."""

    config: ServerConfig
    server_state: _ServerState
    _head_bytes: int = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        clients, address = self.server_state.clients, self._address
        clients[address] += 1
        # A trusted proxy's connections are those of many clients.
        allowed = 0 if self.config.proxies.trusts(address) else self.config.max_client_connections
        if len(self.connections) > self.config.max_connections or clients[address] > allowed > 0:
            transport.write(_TOO_MANY)
            transport.close()
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_timer()
        clients, address = self.server_state.clients, self._address
        clients[address] -= 1
        if not clients[address]:
            del clients[address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES and b"\r\n\r\n" not in data[:_HEAD_BYTES]:
                self.transport.write(
                    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
                    b"connection: close\r\ncontent-length: 0\r\n\r\n"
                )
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
        if DRAINING in self.app_state and self.app_state[DRAINING].is_set():
            self.cycle.keep_alive = False  # the response says so: Connection: close

    def shutdown(self) -> None:
        """Close, unless a request is under way or is arriving: then close after its response."""
        if self._head_timer is None or not self._head_bytes:
            super().shutdown()

    def end_after_response(self) -> None:
        """Let a response that is under way be the connection's last."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _end_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class _ServerState(ServerState):
    """uvicorn's state of a process, with the number of connections of each client address."""

    def __init__(self) -> None:
        super().__init__()
        self.clients: Counter[str] = Counter()


class GatewayServer(uvicorn.Server):
    """Drains after the first signal, ends at once after the second.

    While it drains `/readyz` answers 503, everything else is served, and each response closes its
    connection. Connections that are idle stay open until the drain is over.
    """

    config: ServerConfig

    def __init__(self, config: ServerConfig) -> None:
        super().__init__(config)
        self.server_state = _ServerState()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        is_repeated = self.should_exit
        super().handle_exit(sig, frame)
        if is_repeated and parent_process() is None:  # a worker's supervisor decides for it
            _end_by(sig)
        elif DRAINING in self.lifespan.state:
            self.lifespan.state[DRAINING].set()

    async def main_loop(self) -> None:
        await super().main_loop()
        for connection in self.server_state.connections:
            cast("Protocol", connection).end_after_response()
        loop = asyncio.get_running_loop()
        end = loop.time() + self.config.drain_seconds
        for tick in itertools.count():
            if loop.time() >= end:
                return
            await self.on_tick(tick)  # it keeps the Date header right
            await asyncio.sleep(_TICK_SECONDS)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """An orderly end is no crash: uvicorn would send itself the signal, and exit by it."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


class Worker(Process):
    """One process of several, a fork of the supervisor's, which has no threads."""

    config: ServerConfig
    _missed = 0  # pings, one after the other

    def __init__(self, config: ServerConfig, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        # uvicorn has no parameter for the way its processes start: a new interpreter each.
        self.process = get_context("fork").Process(  # type: ignore[assignment]
            target=self.target, kwargs={"sockets": sockets}
        )

    def start(self) -> None:
        """Fork. A signal that comes meanwhile is the worker's as soon as it is one."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, multiprocess.SIGNALS)
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        for number in multiprocess.SIGNALS:  # the supervisor only notes them
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, multiprocess.SIGNALS)
        super().target(sockets)

    def is_alive(self, timeout: float = 5) -> bool:
        """Return whether it runs and answers.

        One missed ping is no sign of a hang: a full collection of its caches, or a machine with
        too little CPU, may hold it up for `timeout` seconds.
        """
        self._missed = 0 if super().is_alive(timeout) else self._missed + 1
        return self.process.is_alive() and self._missed < _MISSED_PINGS

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = GatewayServer(self.config)
        return self._server

    def always_pong(self) -> None:
        with suppress(EOFError, OSError):  # the supervisor closed its end: it stops
            super().always_pong()


class Supervisor(Multiprocess):
    """Replaces workers that died; waits for all to drain, and kills them after a second signal."""

    def __init__(self, config: ServerConfig, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._signals = 0
        # uvicorn has no parameter for the class of its worker processes.
        multiprocess.Process = Worker  # type: ignore[assignment, misc]

    @property
    def is_forced(self) -> bool:
        return self._signals > 1

    def handle_int(self) -> None:
        self._signals += 1
        super().handle_int()

    def handle_term(self) -> None:
        self._signals += 1
        super().handle_term()

    def keep_subprocess_alive(self) -> None:
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]

    def join_all(self) -> None:
        running = [process.process for process in self.processes]
        while running := [process for process in running if process.is_alive()]:
            self.handle_signals()
            if self.is_forced:
                for process in running:
                    process.kill()
            wait([process.sentinel for process in running], timeout=_TICK_SECONDS)
        super().join_all()


def _end_by(sig: int) -> None:
    """End this process at once, as the signal does by default."""
    signal.signal(sig, signal.SIG_DFL)
    signal.raise_signal(sig)


def _allow_open_files(count: int) -> None:
    """Raise the process's soft limit of open files, as far as its hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if wanted > soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _shared_figures() -> Iterator[None]:
    """Give the workers a folder where each can read the others' figures."""
    if _FIGURES in os.environ:
        yield
        return
    folder = os.environ[_FIGURES] = tempfile.mkdtemp(prefix="gateway-figures-")
    # The client chose its way to keep figures when it was imported, before there was a folder.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
