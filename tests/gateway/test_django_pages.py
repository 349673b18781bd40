"""Django's pages take one way from the event loop to a thread, and one back."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connections
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

from dynamic_databases.change_log import Revision
from gateway.pages.django_handler import DjangoPages


class Around(MiddlewareMixin):
    """A middleware as Django's own are: fit for both kinds of handlers."""

    def process_request(self, request) -> None:
        request.seen = [*getattr(request, "seen", ()), threading.current_thread()]


def page(request) -> HttpResponse:
    """Return how many middlewares called this in their own calls, and if in the loop's thread."""
    calls = [
        frame.name
        for frame in traceback.extract_stack()
        if frame.filename.endswith("deprecation.py")
    ]
    assert set(request.seen) == {threading.current_thread()} != {threading.main_thread()}
    return HttpResponse(f"{calls.count('__call__')} calls, {len(request.seen)} seen")


def asking(_request) -> HttpResponse:
    """Ask the control database; tell over which connection, in which thread."""
    connection = connections["default"]
    Revision.objects.count()
    return HttpResponse(f"{id(connection.connection)} {threading.current_thread().name}")


def streaming(_request) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingHttpResponse(parts())


def broken(_request) -> HttpResponse:
    raise ValueError


urlpatterns = [
    path("page", page),
    path("asking", asking),
    path("streaming", streaming),
    path("broken", broken),
]


@pytest.fixture
def pages(settings, transactional_db) -> Iterator[DjangoPages]:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.Around"] * 2
    found = DjangoPages(60)
    yield found
    found.close()


async def body_of(application: DjangoPages, page: str = "/page") -> bytes:
    scope = {
        "type": "http",
        "method": "GET",
        "path": page,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    client = ApplicationCommunicator(application, scope)
    await client.send_input({"type": "http.request", "body": b""})
    await client.receive_output()
    body, more = b"", True
    while more:
        message = await client.receive_output()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await client.wait()
    return body


def test_middlewares_and_pages_call_each_other_in_one_thread(pages) -> None:
    assert asyncio.run(body_of(pages)) == b"2 calls, 2 seen"


def test_a_streamed_page(pages) -> None:
    assert asyncio.run(body_of(pages, "/streaming")) == b"onetwo"


def test_an_error_is_a_page_and_the_next_request_is_served(pages) -> None:
    assert b"Server Error" in asyncio.run(body_of(pages, "/broken"))
    assert asyncio.run(body_of(pages)) == b"2 calls, 2 seen"


def test_a_thread_keeps_its_connection_to_the_control_database(pages) -> None:
    seen = {asyncio.run(body_of(pages, "/asking")) for _ in range(20)}

    assert len(seen) == len({text.split()[1] for text in seen}) < 20


def test_a_kept_connection_is_given_up_after_a_while(pages, monkeypatch) -> None:
    monkeypatch.setattr("gateway.pages.django_handler._KEPT_SECONDS", 0.0)
    asyncio.run(body_of(pages, "/asking"))

    assert not [wrapper for wrapper in pages._kept if wrapper.connection is not None]


def test_closing_ends_threads_and_connections(pages) -> None:
    asyncio.run(body_of(pages, "/asking"))
    pages.close()

    assert not [wrapper for wrapper in pages._kept if wrapper.connection is not None]
    assert not [t for t in threading.enumerate() if t.name.startswith("page")]
