"""A gateway inside another server's process: its services run in an event loop of their own."""

from __future__ import annotations

import asyncio
import atexit
import threading
from concurrent.futures import Future

from gateway.endpoint import GraphQLEndpoint
from gateway.http.request import HttpRequest
from gateway.http.response import Response
from gateway.pages.graphiql import targets
from gateway.running import RunningGateway
from gateway.runtime import Runtime


class EmbeddedGateway:
    """Answers requests of any thread; its services start with the first one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runtime: Runtime
        self._endpoint: GraphQLEndpoint

    def submit(self, http: HttpRequest) -> Future[Response]:
        """Begin to answer a request. Cancelling the future cancels its statement."""
        loop = self._running_loop()
        return asyncio.run_coroutine_threadsafe(self._endpoint.respond(http), loop)

    def targets(self, http: HttpRequest, only: str) -> Future[Response]:
        """Begin to answer which tenants the caller may enter; `only` names one of them."""
        loop = self._running_loop()
        answer = targets(self._runtime.authenticator, http, only)
        return asyncio.run_coroutine_threadsafe(answer, loop)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = self._start()
            return self._loop

    def _start(self) -> asyncio.AbstractEventLoop:
        running = RunningGateway()
        self._runtime = running.runtime
        self._endpoint = running.endpoint
        atexit.register(running.close)
        loop = asyncio.new_event_loop()  # last: what fails before it leaves no thread
        threading.Thread(target=loop.run_forever, name="gateway", daemon=True).start()
        return loop


EMBEDDED = EmbeddedGateway()  # one per process: it shares the process's registry
