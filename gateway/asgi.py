"""The ASGI application: GraphQL and its pages first, Django (the admin) for the rest."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
_django: Any = get_asgi_application()  # before the imports below: they need the app registry

from django.core.exceptions import ObjectDoesNotExist  # noqa: E402
from django.db.utils import DatabaseError  # noqa: E402

from dynamic_databases.errors import DatabaseProblem  # noqa: E402
from gateway import graphiql, health, sdl  # noqa: E402
from gateway.departure import unless_gone  # noqa: E402
from gateway.endpoint import GraphQLEndpoint, HttpRequest, Services, with_control_database  # noqa: E402
from gateway.http import HttpProblem, prefers_html  # noqa: E402
from gateway.log import set_up_logging  # noqa: E402
from gateway.push import Subscriber  # noqa: E402
from gateway.responses import Response, json_response  # noqa: E402
from gateway.services import make_services, stop_services  # noqa: E402
from gateway.static import StaticFiles  # noqa: E402
from gateway.warming import warm  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger("gateway.asgi")
_GRAPHQL = re.compile(r"/graphql|/t/[^/]+(?:/[^/]+)?/graphql")
_DOCUMENT = re.compile(
    rf"(?:/common|/t/[^/]+(?:/[^/]+)?)/({'|'.join(map(re.escape, sdl.DOCUMENTS))})"
)


class Application:
    """Dispatches by path; makes its services when the server starts, or with the first request."""

    def __init__(self) -> None:
        self._services: Services | None = None
        self._endpoint: GraphQLEndpoint | None = None
        self._subscriber: Subscriber | None = None
        self._static = StaticFiles()
        self._stopping = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and _is_ours(scope["path"]):
            await self._http(scope, receive, send)
        elif scope["type"] == "http":
            await _django(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    def close(self) -> None:
        """End the threads and close the connections."""
        self._stopping.set()
        if self._subscriber is not None:
            self._subscriber.stop()
        if self._services is not None:
            stop_services(self._services)

    def _ready(self) -> tuple[Services, GraphQLEndpoint]:
        if self._services is None or self._endpoint is None:
            self._services = make_services()
            self._endpoint = GraphQLEndpoint(self._services)
            threading.Thread(
                target=self._poll, args=(self._services,), name="poll", daemon=True
            ).start()
            if url := self._services.config.redis_url:
                work = partial(with_control_database, self._services.invalidator.poll_now)
                self._subscriber = Subscriber(url, work)
        return self._services, self._endpoint

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        warming: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                set_up_logging()
                self._ready()
                await send({"type": "lifespan.startup.complete"})
                warming = asyncio.create_task(self._warm())  # behind the first requests
            else:
                if warming is not None:
                    warming.cancel()
                self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _warm(self) -> None:
        """Build the schemas of the tenants that GATEWAY_WARM names."""
        services, endpoint = self._ready()
        names = services.config.warm
        if names:
            snapshot = await endpoint.snapshot()
            build = endpoint.build_for_admin
            await asyncio.to_thread(lambda: list(warm(snapshot, names, build)))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        services, endpoint = self._ready()
        try:
            http = await _read_request(scope, receive, services.config.body_limit_bytes)
        except HttpProblem as problem:
            error = {"message": str(problem), "extensions": {"code": problem.code}}
            await _write(send, json_response({"errors": [error]}, problem.status))
            return
        if http is None:
            return
        response = await unless_gone(self._respond(http, services, endpoint), receive)
        if response is not None:
            await _write(send, response)

    async def _respond(
        self, http: HttpRequest, services: Services, endpoint: GraphQLEndpoint
    ) -> Response:
        if _GRAPHQL.fullmatch(http.path):
            is_page = (
                http.method == "GET"
                and prefers_html(http.headers.get("accept"))
                and "query=" not in http.query
            )
            return graphiql.page(http) if is_page else await endpoint.respond(http)
        if match := _DOCUMENT.fullmatch(http.path):
            common = http.path.startswith("/common/")
            deadline_ms = services.config.deadline_ms
            return await sdl.document(endpoint, http, match[1], deadline_ms, common=common)
        if http.path == "/graphiql/targets":
            return await graphiql.targets(endpoint, http)
        if http.path == "/healthz":
            return await health.healthz(services)
        found = self._static.respond(http)
        return found or json_response({"errors": [{"message": "There is nothing here."}]}, 404)

    def _poll(self, services: Services) -> None:
        """Learn within `poll_seconds` what other processes changed in the control database."""
        while not self._stopping.wait(services.config.poll_seconds):
            try:
                with_control_database(services.invalidator.poll_now)
                if services.controller is not None:
                    with_control_database(services.controller.follow_if_due)
            except DatabaseError as error:
                _log.warning("the control database doesn't answer: %s", type(error).__name__)
            except (DatabaseProblem, ObjectDoesNotExist, KeyError) as error:
                _log.warning("the controller can't be followed: %s", error)


def _is_ours(path: str) -> bool:
    fixed = path in ("/healthz", "/graphiql/targets") or path.startswith("/static/")
    return fixed or _GRAPHQL.fullmatch(path) is not None or _DOCUMENT.fullmatch(path) is not None


async def _read_request(scope: Scope, receive: Receive, limit_bytes: int) -> HttpRequest | None:
    """Return the request with its body, or None where the client went away. Raises HttpProblem 413."""
    # Of a header that is given twice the first counts: the order is turned round.
    pairs = reversed(scope["headers"])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit_bytes:
            raise HttpProblem(
                413,
                f"The body is above the maximum of {limit_bytes} bytes (GATEWAY_BODY_LIMIT_BYTES).",
            )
        chunks.append(chunk)
        more = message.get("more_body", False)
    client = scope.get("client")
    query = scope.get("query_string", b"").decode("latin-1")
    return HttpRequest(
        scope["method"],
        scope["path"],
        query,
        headers,
        b"".join(chunks),
        client[0] if client else None,
    )


async def _write(send: Send, response: Response) -> None:
    headers = [
        (b"content-type", response.media_type.encode("latin-1")),
        (b"content-length", str(len(response.body)).encode()),
        *(
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
        ),
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


application = Application()
