"""The ASGI application: GraphQL and its pages first, Django (the admin) for the rest."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from dataclasses import replace
from functools import partial
from typing import Any

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
django.setup(set_prefix=False)  # before the imports below: they need the app registry

from django.urls import get_resolver  # noqa: E402

from dynamic_databases.beside import collect, take_short_turns  # noqa: E402
from gateway import graphiql, health, sdl  # noqa: E402
from gateway.admission import with_control_database  # noqa: E402
from gateway.departure import unless_gone  # noqa: E402
from gateway.django_pages import DjangoPages  # noqa: E402
from gateway.endpoint import GraphQLEndpoint, Services  # noqa: E402
from gateway.http import HttpProblem, prefers_html  # noqa: E402
from gateway.log import set_up_logging  # noqa: E402
from gateway.looking import start_looking  # noqa: E402
from gateway.origins import Origins  # noqa: E402
from gateway.push import Subscriber  # noqa: E402
from gateway.requests import HttpRequest  # noqa: E402
from gateway.responses import Response, json_response  # noqa: E402
from gateway.services import make_services, states_of, stop_services  # noqa: E402
from gateway.static import StaticFiles  # noqa: E402
from gateway.transport import Receive, Scope, Send, read_request, write_response  # noqa: E402
from gateway.warming import warm  # noqa: E402

_GRAPHQL = re.compile(r"/graphql|/t/[^/]+(?:/[^/]+)?/graphql")
_PATHS = {"/healthz", "/readyz", "/metrics", "/graphiql/targets"}
_DOCUMENT = re.compile(
    rf"(?:/common|/t/[^/]+(?:/[^/]+)?)/({'|'.join(map(re.escape, sdl.DOCUMENTS))})"
)


class Application:
    """Dispatches by path; makes its services when the server starts, or with the first request."""

    def __init__(self) -> None:
        self._services: Services | None = None
        self._endpoint: GraphQLEndpoint | None = None
        self._documents: sdl.Documents  # made with the services
        self._subscriber: Subscriber | None = None
        self._static = StaticFiles()
        self._pages: Any = DjangoPages()
        self._origins = Origins(settings.GATEWAY.cors_origins)
        self._stopping = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and _is_ours(scope["path"]):
            await self._http(scope, receive, send)
        elif scope["type"] == "http":
            await self._pages(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    def close(self) -> None:
        """End the threads and close the connections."""
        self._stopping.set()
        if self._subscriber is not None:
            self._subscriber.stop()
        self._pages.close()
        if self._services is not None:
            stop_services(self._services)

    def _ready(self) -> tuple[Services, GraphQLEndpoint]:
        if self._services is None or self._endpoint is None:
            self._services = make_services()
            self._endpoint = GraphQLEndpoint(self._services)
            self._documents = sdl.Documents(self._endpoint, self._services)
            start_looking(self._services, self._stopping)
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
                take_short_turns()
                # Imported now, not in the event loop with the first request of the admin.
                _ = get_resolver().url_patterns
                self._ready()
                collect()  # nobody waits yet
                await send({"type": "lifespan.startup.complete"})
                warming = asyncio.create_task(self._warm())  # behind the first requests
            else:
                if warming is not None:
                    warming.cancel()
                self._stopping.set()
                if self._services is not None:
                    await self._services.rate.close()
                await asyncio.to_thread(self.close)  # connections are closed in no event loop
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _warm(self) -> None:
        """Build the schemas of the tenants that GATEWAY_WARM names."""
        services, endpoint = self._ready()
        names = services.config.warm
        if names:
            snapshot = await services.admission.snapshot()
            build = endpoint.build_for_admin
            await asyncio.to_thread(lambda: list(warm(snapshot, names, build)))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        services, endpoint = self._ready()
        config = services.config
        seconds = config.deadline_ms / 1000
        try:
            http = await read_request(scope, receive, config.body_limit_bytes, seconds)
        except HttpProblem as problem:
            error = {"message": str(problem), "extensions": {"code": problem.code}}
            refused = json_response({"errors": [error]}, problem.status)
            await write_response(send, replace(refused, headers=problem.headers), seconds)
            return
        if http is None:
            return
        response = self._origins.preflight(http) or await unless_gone(
            self._respond(http, services, endpoint), receive
        )
        if response is not None:
            marked = self._origins.marked(http, response)
            try:
                await write_response(send, marked, seconds)
            except TimeoutError:  # the client reads too slowly: it gets no more
                if (abort := scope.get("gateway.abort")) is not None:
                    abort()

    async def _respond(
        self, http: HttpRequest, services: Services, endpoint: GraphQLEndpoint
    ) -> Response:
        if _GRAPHQL.fullmatch(http.path):
            is_page = (
                http.method == "GET"
                and prefers_html(http.headers.get("accept"))
                and "query=" not in http.query
                and services.config.has_graphiql
            )
            return graphiql.page(http) if is_page else await endpoint.respond(http)
        if match := _DOCUMENT.fullmatch(http.path):
            common = http.path.startswith("/common/")
            return await self._documents.respond(http, match[1], common=common)
        found = await self._own(http, services) or self._static.respond(http)
        return found or json_response({"errors": [{"message": "There is nothing here."}]}, 404)

    async def _own(self, http: HttpRequest, services: Services) -> Response | None:
        """Answer what isn't GraphQL and is no tenant's."""
        match http.path:
            case "/healthz":
                return health.healthz()
            case "/readyz":
                return await health.readyz(services, http, is_stopping=self._stopping.is_set())
            case "/metrics":
                services.metrics.set_states(states_of(services))
                return await health.metrics(services, http)
            case "/graphiql/targets" if services.config.has_graphiql:
                return await graphiql.targets(services.admission, http)
        return None


def _is_ours(path: str) -> bool:
    fixed = path in _PATHS or path.startswith("/static/")
    return fixed or _GRAPHQL.fullmatch(path) is not None or _DOCUMENT.fullmatch(path) is not None


application = Application()
