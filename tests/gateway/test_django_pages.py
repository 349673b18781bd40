"""Django's pages take one way from the event loop to a thread, and one back."""

from __future__ import annotations

import asyncio
import threading
import traceback

from asgiref.testing import ApplicationCommunicator
from django.http import HttpResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

from gateway.django_pages import DjangoPages


class Around(MiddlewareMixin):
    """A middleware as Django's own are: fit for both kinds of handlers."""

    def process_request(self, request) -> None:
        request.seen = [*getattr(request, "seen", ()), threading.current_thread()]


def page(request) -> HttpResponse:
    """Tell how many middlewares called this within their own calls, and whether in the loop's thread."""
    calls = [frame.name for frame in traceback.extract_stack() if frame.filename.endswith("deprecation.py")]  # fmt: skip
    assert set(request.seen) == {threading.current_thread()} != {threading.main_thread()}
    return HttpResponse(f"{calls.count('__call__')} calls, {len(request.seen)} seen")


urlpatterns = [path("page", page)]
SCOPE = {"type": "http", "method": "GET", "path": "/page", "query_string": b"", "headers": [(b"host", b"localhost")]}  # fmt: skip


async def body_of(application: DjangoPages) -> bytes:
    client = ApplicationCommunicator(application, SCOPE)
    await client.send_input({"type": "http.request", "body": b""})
    await client.receive_output()
    answer = await client.receive_output()
    await client.wait()
    return answer["body"]


def test_middlewares_and_pages_call_each_other_in_one_thread(settings, db) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.Around"] * 2

    assert asyncio.run(body_of(DjangoPages())) == b"2 calls, 2 seen"
