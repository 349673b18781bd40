"""`schema.graphql` and `schema.json` of a tenant, with ETags."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from dynamic_databases.beside import beside_traffic
from gateway.conf import Config
from gateway.deadline import Deadline
from gateway.endpoint import GraphQLEndpoint, Services
from gateway.errors import problem_of
from gateway.http import HttpProblem
from gateway.requests import HttpRequest, wants_common
from gateway.responses import Response, problem_response
from schema.built import BuiltSchema
from schema.printing import etag, introspection_json, sdl

DOCUMENTS = {
    "schema.graphql": ("application/graphql; charset=utf-8", sdl),
    "schema.json": ("application/json", introspection_json),
}


class Documents:
    """Writes them in a thread, all types of a large schema take seconds; who has one already is told at once."""

    def __init__(self, endpoint: GraphQLEndpoint, services: Services) -> None:
        self._endpoint = endpoint
        self._services = services
        self._tags: WeakKeyDictionary[BuiltSchema, dict[str, str]] = WeakKeyDictionary()

    async def respond(self, http: HttpRequest, name: str, *, common: bool) -> Response:
        """Return a tenant's schema, or its baseline's, as a document; 304 where the client has it already."""
        try:
            _check(http, self._services.config)
            return await self._document(http, name, common)
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
            request_id = secrets.token_hex(8)
            return problem_response(problem_of(error, request_id), "application/json", request_id)

    async def _document(self, http: HttpRequest, name: str, common: bool) -> Response:
        if common and (named := parse_qs(http.query).get("tenant")):
            http = replace(http, headers={**http.headers, "x-tenant": named[0]})
        services = self._services
        resolved, principal = await services.admission.admit(http)
        deadline = Deadline.after_ms(services.config.catalog_deadline_ms, time.monotonic)
        common = common or wants_common(http.headers)
        cached = await self._endpoint.schema(resolved, principal, deadline, common=common)
        self._endpoint.follow(resolved.alias)
        built = cached.built
        media_type, write = DOCUMENTS[name]
        headers = {"Cache-Control": "private, no-cache", "X-Schema-Version": built.version}
        tags = self._tags.setdefault(built, {})
        body = b""
        if not _has(http, tags.get(name)):
            body, tags[name] = await services.readers.run(
                resolved.alias, deadline, lambda _: _written(write, built)
            )
        headers["ETag"] = tags[name]
        if _has(http, tags[name]):
            return Response(304, b"", media_type, headers)
        return Response(200, b"" if http.method == "HEAD" else body, media_type, headers)


def _written(write: Callable[[BuiltSchema], bytes], built: BuiltSchema) -> tuple[bytes, str]:
    """Return a document and its ETag, in a thread: both take a while of a large schema."""
    with beside_traffic():
        body = write(built)
    return body, etag(body)


def _has(http: HttpRequest, tag: str | None) -> bool:
    return tag is not None and tag in http.headers.get("if-none-match", "")


def _check(http: HttpRequest, config: Config) -> None:
    if not config.may_introspect:
        raise HttpProblem(403, "Schemas are not shown here (GATEWAY_INTROSPECTION).", "FORBIDDEN")
    if http.method not in ("GET", "HEAD"):
        raise HttpProblem(405, "A schema is read with GET.", headers={"Allow": "GET, HEAD"})
