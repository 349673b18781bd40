"""Django's part, the admin and the management schema, in one thread per request.

Django's own handler takes a request from the event loop to a thread and back for each middleware: a
dozen wakings of the loop, in which every tenant's requests are answered.
"""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class DjangoPages(ASGIHandler):
    """An ASGI application; views and middleware are synchronous, all of them."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
