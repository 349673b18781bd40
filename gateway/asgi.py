"""The ASGI application: GraphQL and its pages first, Django (the admin) for the rest."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from functools import partial
from typing import Any

import django
from django.conf import settings

from dynamic_databases.aliases import Alias
from gateway.allocator import return_large_blocks
from gateway.errors import HttpProblem

return_large_blocks()  # before the imports below leave free blocks of the heap to be used again
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
django.setup(set_prefix=False)  # before the imports below: they need the app registry

from django.urls import get_resolver  # noqa: E402

from dynamic_databases.concurrency.garbage_collection import collect  # noqa: E402
from gateway.background.warmup import warm  # noqa: E402
from gateway.composition import state_of  # noqa: E402
from gateway.draining import DRAINING  # noqa: E402
from gateway.endpoint import GraphQLEndpoint  # noqa: E402
from gateway.http.asgi_messages import (  # noqa: E402
    Receive,
    Scope,
    Send,
    has_body,
    read_body,
    read_headers,
    refuse,
    replay,
    request_of,
    with_header,
    within,
    write_response,
)
from gateway.http.compression import MIN_BYTES, Compression  # noqa: E402
from gateway.http.cors import CorsPolicy  # noqa: E402
from gateway.http.disconnect import cancel_on_disconnect  # noqa: E402
from gateway.http.graphql_over_http import prefers_html  # noqa: E402
from gateway.http.proxies import Proxies  # noqa: E402
from gateway.http.request import HttpRequest  # noqa: E402
from gateway.http.response import Response, json_response, tenant_headers  # noqa: E402
from gateway.http.static_files import StaticFiles  # noqa: E402
from gateway.log import set_up_logging  # noqa: E402
from gateway.login.hashing import passwords, people_passwords  # noqa: E402
from gateway.login_endpoint import BODY_LIMIT_BYTES, LoginEndpoint  # noqa: E402
from gateway.pages import graphiql, health  # noqa: E402
from gateway.pages import schema_documents as sdl  # noqa: E402
from gateway.pages.django_handler import SCHEMA_PROCESS, DjangoPages, is_page  # noqa: E402
from gateway.reports.bounded_reads import bounded_reads_of  # noqa: E402
from gateway.running import RunningGateway  # noqa: E402
from gateway.runtime import Runtime  # noqa: E402
from tenants.errors import ControlUnavailable  # noqa: E402
from tenants.snapshot import Snapshot  # noqa: E402

# Python's 5 ms would delay a request each time it waits for the interpreter's lock.
_SWITCH_SECONDS = 0.0001
_GRAPHQL = re.compile(r"/graphql|/t/[^/]+(?:/[^/]+)?/graphql")
_LOGIN = re.compile(r"/t/[^/]+(?:/[^/]+)?/(login|refresh|logout)")
_PATHS = {"/healthz", "/readyz", "/metrics", "/graphiql/targets"}
_DOCUMENT = re.compile(
    rf"(?:/common|/t/[^/]+(?:/[^/]+)?)/({'|'.join(map(re.escape, sdl.DOCUMENTS))})"
)


class Application:
    """Dispatches by path; makes its services when the server starts, or with the first request."""

    def __init__(self) -> None:
        self._running: RunningGateway | None = None
        self._documents: sdl.Documents  # made with the services
        self._logins: LoginEndpoint  # as well
        self._static = StaticFiles()
        self._compression = Compression(settings.GATEWAY.compression)
        self._pages: Any = DjangoPages(settings.GATEWAY.page_deadline_ms / 1000)
        self._cors = CorsPolicy(settings.GATEWAY.cors_origins)
        self._proxies = Proxies(settings.GATEWAY.trusted_proxies, settings.GATEWAY.proxy_headers)
        self._hsts_seconds: int = settings.GATEWAY.hsts_seconds
        self._draining = threading.Event()  # the server sets it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope.get("state", {})[DRAINING] = self._draining
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            try:
                scope = self._proxies.client_scope(scope)
                await self._http(scope, receive, self._secured(scope, send))
            except TimeoutError:  # the client reads too slowly: it gets no more
                if (abort := scope.get("gateway.abort")) is not None:
                    abort()
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    def close(self) -> None:
        """End the threads and close the connections."""
        passwords.close()  # a page that waits for it ends
        people_passwords.close()
        self._pages.close()
        if self._running is not None:
            self._logins.close()
            self._running.close()

    def _secured(self, scope: Scope, send: Send) -> Send:
        """Have browsers use https alone from now on, where the operator wants it (RFC 6797)."""
        if not self._hsts_seconds or scope["scheme"] != "https":
            return send
        return with_header(send, "Strict-Transport-Security", f"max-age={self._hsts_seconds}")

    def _ready(self) -> tuple[Runtime, GraphQLEndpoint]:
        if self._running is None:
            running = RunningGateway()
            self._documents = sdl.Documents(running.endpoint, running.runtime)
            self._logins = LoginEndpoint(running.runtime)
            self._running = running
        return self._running.runtime, self._running.endpoint

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        warming: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                set_up_logging()
                sys.setswitchinterval(_SWITCH_SECONDS)
                # Made now, not in the event loop with the first request of the admin. Each worker
                # makes its own: a project's may ask a database, whose connections no fork shares.
                _ = get_resolver().url_patterns
                self._ready()
                collect()  # no request waits yet
                await send({"type": "lifespan.startup.complete"})
                warming = asyncio.create_task(self._warm())  # while the first requests run
            else:
                if warming is not None:
                    warming.cancel()
                self._draining.set()
                if self._running is not None:
                    self._running.stop_following()
                    await self._running.runtime.rate.close()
                await asyncio.to_thread(self.close)  # connections are closed in no event loop
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _warm(self) -> None:
        """Build the schemas of the tenants that GATEWAY_WARM names."""
        runtime, endpoint = self._ready()
        names = runtime.config.warm
        if names:
            snapshot = await self._first_snapshot(runtime)
            reads = bounded_reads_of(runtime.registry.connections)
            seconds = runtime.config.catalog_deadline_ms / 1000

            async def build(alias: Alias) -> None:
                await reads.read(alias, partial(endpoint.build_for_admin, alias), seconds)

            async for _ in warm(snapshot, names, build):
                pass  # what fails is logged

    async def _first_snapshot(self, runtime: Runtime) -> Snapshot:
        """Return the snapshot once there is one: the control database may be away at the start."""
        while True:
            try:
                return await runtime.authenticator.snapshot()
            except ControlUnavailable:
                await asyncio.sleep(runtime.config.poll_seconds)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        runtime, endpoint = self._ready()
        config, headers = runtime.config, None
        seconds = config.deadline_ms / 1000
        path = scope["path"]
        is_ours = self._is_ours(path)
        try:
            headers = read_headers(scope)
            if not is_ours:
                _check_page(path)
            limit = config.body_limit_bytes
            if _LOGIN.fullmatch(path):
                limit = min(limit, BODY_LIMIT_BYTES)
            body = await read_body(headers, receive, limit, seconds)
        except HttpProblem as problem:
            refusal = _refusal(problem)
            if headers is not None and is_ours:
                refusal = await self._marked(request_of(scope, headers, b""), refusal, runtime)
            await _refuse(scope, receive, within(send, seconds), refusal, seconds)
            return
        if body is None:
            return
        http = request_of(scope, headers, body)
        if not is_ours:
            own = {**scope, SCHEMA_PROCESS: runtime.rendering}
            await self._pages(own, replay(http.body), within(send, seconds))
            return
        if self._static.has(http.path):
            await self._static.respond(http, within(send, seconds))
            return
        response = self._cors.preflight(http) or await cancel_on_disconnect(
            self._respond(http, runtime, endpoint), receive
        )
        if response is not None:
            try:
                answer = await self._marked(http, response, runtime)
                if len(answer.body) >= MIN_BYTES:
                    answer = await self._compression.compress(http, answer)
                await write_response(send, answer, seconds)
            finally:
                response.when_sent()

    async def _marked(self, http: HttpRequest, response: Response, runtime: Runtime) -> Response:
        """Return the response with what all of its path have: whose it is, and who may read it."""
        # 401 and 404 are admission's own answer: the caller may know nothing.
        is_open = "X-Tenant" not in response.headers and response.status not in (401, 404)
        if is_open and (_GRAPHQL.fullmatch(http.path) or _DOCUMENT.fullmatch(http.path)):
            addressed = await runtime.authenticator.addressed(http)
            if addressed is not None:
                headers = {**response.headers, **tenant_headers(*addressed)}
                response = response.with_headers(headers)
        return self._cors.with_headers(http, response)

    def _is_ours(self, path: str) -> bool:
        """Return whether a path is answered here, not by Django."""
        return (
            _GRAPHQL.fullmatch(path) is not None
            or path in _PATHS
            or _LOGIN.fullmatch(path) is not None
            or _DOCUMENT.fullmatch(path) is not None
            or self._static.has(path)
        )

    async def _respond(
        self, http: HttpRequest, runtime: Runtime, endpoint: GraphQLEndpoint
    ) -> Response:
        if _GRAPHQL.fullmatch(http.path):
            is_page = (
                http.method == "GET"
                and prefers_html(http.headers.get("accept"))
                and "query=" not in http.query
                and runtime.config.has_graphiql
            )
            return graphiql.page(http) if is_page else await endpoint.respond(http)
        if match := _DOCUMENT.fullmatch(http.path):
            common = http.path.startswith("/common/")
            return await self._documents.respond(http, match[1], common=common)
        if match := _LOGIN.fullmatch(http.path):
            return await self._logins.respond(http, match[1])
        return await self._own(http, runtime) or json_response(
            {"errors": [{"message": "There is nothing here."}]}, 404
        )

    async def _own(self, http: HttpRequest, runtime: Runtime) -> Response | None:
        """Answer what isn't GraphQL and is no tenant's."""
        match http.path:
            case "/healthz":
                return health.healthz()
            case "/readyz":
                return await health.readyz(runtime, http, is_stopping=self._draining.is_set())
            case "/metrics":
                runtime.metrics.set_state(state_of(runtime))
                return await health.metrics(runtime, http)
            case "/graphiql/targets" if runtime.config.has_graphiql:
                return await graphiql.targets(runtime.authenticator, http)
        return None


def _check_page(path: str) -> None:
    """Raise HttpProblem 404 where a path leads nowhere: its body is left unread."""
    if not is_page(path):
        raise HttpProblem(404, "There is nothing here.", "NOT_FOUND")


def _refusal(problem: HttpProblem) -> Response:
    error = {"message": str(problem), "extensions": {"code": problem.code}}
    return json_response({"errors": [error]}, problem.status)


async def _refuse(
    scope: Scope, receive: Receive, send: Send, response: Response, seconds: float
) -> None:
    """Answer a request before its body is read; the connection ends where there is a body."""
    if has_body(scope):
        await refuse(send, receive, response)
    else:
        await write_response(send, response, seconds)


application = Application()
