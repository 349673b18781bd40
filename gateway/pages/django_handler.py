"""Django's part, the admin and the management schema: each request in one of a few lasting threads.

Django's own handler takes a request from the event loop to a thread and back for each middleware
and signal, a dozen wakings of the loop in which every tenant's requests are answered, starts a
thread for each request, and opens a connection to the control database for it.
"""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, get_resolver, set_script_prefix

from dynamic_databases.connections.django_storage import keep_control_connection
from dynamic_databases.connections.session import close
from dynamic_databases.connections.watcher import watched_by
from dynamic_databases.process import process_registry
from gateway.execution.jobs import Watched
from gateway.execution.watchdog import Overdue, Watchdog
from gateway.rendering.schema_process import SchemaProcess

_THREADS = 16  # pages at a time
_LATE = "This page takes longer than it may (GATEWAY_PAGE_DEADLINE_MS); try again."
_KEPT_SECONDS = 60.0  # of a thread's connection to the control database
SCHEMA_PROCESS = "gateway.schema_process"  # in the scope of a page


def is_page(path: str) -> bool:
    """Return whether Django answers a path, or redirects it to the one that ends with a slash."""
    resolver = get_resolver()
    for known in (path, f"{path}/"):
        try:
            resolver.resolve(known)
        except Resolver404:
            continue
        return True
    return False


def schema_process_of(request: HttpRequest) -> SchemaProcess | None:
    """Return the server's process for large schemas; None where no server makes the page."""
    found: SchemaProcess | None = getattr(request, "scope", {}).get(SCHEMA_PROCESS)
    return found


class DjangoPages(ASGIHandler):
    """An ASGI application; views and middleware are synchronous, all of them."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is what a page may take."""
        super().__init__()
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")
        self._watchdog = Watchdog(process_registry().connections.server_of)
        self._kept: set[BaseDatabaseWrapper] = set()  # one for each thread

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; a page is made to its end whether its client still waits or not.

        What it still asks of a customer's database once its time is over is ended.
        """
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            loop, watched = asyncio.get_running_loop(), Watched()
            work = partial(contextvars.copy_context().run, self._answer, scope, body, watched)
            made = loop.run_in_executor(self._threads, work)
            # Also where the client is gone by then: else a silent database keeps the thread for
            # good.
            timer = loop.call_later(self._seconds, self._end, watched)
            made.add_done_callback(lambda _: timer.cancel())
            try:
                async with asyncio.timeout(self._seconds):
                    response = await asyncio.shield(made)
            except TimeoutError:  # the page is made to its end all the same
                response = HttpResponse(_LATE, status=503, content_type="text/plain")
                response.headers["Retry-After"] = "1"
            await self.send_response(response, send)
            if response.streaming:
                await sync_to_async(response.close)()

    def close(self) -> None:
        """End the threads and close what they kept."""
        self._threads.shutdown()
        self._watchdog.stop()
        for wrapper in self._kept:
            wrapper.inc_thread_sharing()  # its own thread is gone
            close(wrapper)

    def _end(self, watched: Watched) -> None:
        """No client waits for a page any more: end its statements, and begin no others."""
        watched.give_up()
        for wrapper in list(watched.wrappers):
            self._watchdog.end(Overdue(wrapper, partial(watched.claim, wrapper)))

    def _answer(self, scope: Any, body: IO[bytes], watched: Watched) -> Any:
        """Make a page, and end its request; tenants' requests go before."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        with watched_by(watched):
            response: Any = self.get_response(request) if request is not None else refused
        response._handler_class = self.__class__
        self._kept.add(keep_control_connection(_KEPT_SECONDS))
        if not response.streaming:
            response.close()  # it sends request_finished: what isn't kept is closed
        return response
