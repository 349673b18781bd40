"""Django's part, the admin and the management schema: each request in one of a few lasting threads.

Django's own handler takes a request from the event loop to a thread and back for each middleware and
signal, a dozen wakings of the loop in which every tenant's requests are answered, starts a thread for
each request, and opens a connection to the control database for it.
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
from django.urls import set_script_prefix

from dynamic_databases.beside import give_way, giving_way
from dynamic_databases.opening import close
from dynamic_databases.thread_wrappers import between_statements, keep_control_connection

_THREADS = 16  # pages at a time
_KEPT_SECONDS = 60.0  # of a thread's connection to the control database


class DjangoPages(ASGIHandler):
    """An ASGI application; views and middleware are synchronous, all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")
        self._kept: set[BaseDatabaseWrapper] = set()  # one for each thread

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; a page is made to its end whether its client still waits or not."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            work = partial(contextvars.copy_context().run, self._answer, scope, body)
            response = await asyncio.get_running_loop().run_in_executor(self._threads, work)
            await self.send_response(response, send)
            if response.streaming:
                await sync_to_async(response.close)()

    def close(self) -> None:
        """End the threads and close what they kept."""
        self._threads.shutdown()
        for wrapper in self._kept:
            wrapper.inc_thread_sharing()  # its own thread is gone
            close(wrapper)

    def _answer(self, scope: Any, body: IO[bytes]) -> Any:
        """Make a page, and end its request; tenants' requests go before."""
        set_script_prefix(get_script_prefix(scope))
        with giving_way():
            signals.request_started.send(sender=self.__class__, scope=scope)
            request, refused = self.create_request(scope, body)
            give_way()
            with between_statements():
                response: Any = self.get_response(request) if request is not None else refused
            give_way()
            response._handler_class = self.__class__
            self._kept.add(keep_control_connection(_KEPT_SECONDS))
            if not response.streaming:
                response.close()  # it sends request_finished: what isn't kept is closed
            return response
