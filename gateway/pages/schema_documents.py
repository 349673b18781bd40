"""`schema.graphql` and `schema.json` of a tenant, with ETags."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from weakref import WeakKeyDictionary

from dynamic_databases.concurrency.deadline import Deadline
from gateway.config import Config
from gateway.endpoint import GraphQLEndpoint
from gateway.errors import HttpProblem, problem_of
from gateway.execution.answer_budget import SMALL_BYTES
from gateway.http.request import HttpRequest, wants_common
from gateway.http.response import Response, problem_response, tenant_headers
from gateway.rendering.schema_process import SchemaProcess
from gateway.runtime import Runtime
from schema.build.printing import etag
from schema.build.rendering import Document
from schema.built_schema import BuiltSchema

DOCUMENTS = {
    "schema.graphql": ("application/graphql; charset=utf-8", Document.SDL),
    "schema.json": ("application/json", Document.JSON),
}


class Documents:
    """Renders schema documents in a worker thread; a matching ETag gets 304 without rendering."""

    def __init__(self, endpoint: GraphQLEndpoint, runtime: Runtime) -> None:
        self._endpoint = endpoint
        self._runtime = runtime
        self._tags: WeakKeyDictionary[BuiltSchema, dict[str, str]] = WeakKeyDictionary()

    async def respond(self, http: HttpRequest, name: str, *, common: bool) -> Response:
        """Return a tenant's schema, or its baseline's, as a document; 304 if the client has it."""
        try:
            _check(http, self._runtime.config)
            return await self._document(http, name, common)
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
            request_id = secrets.token_hex(8)
            headers = {"X-Request-Id": request_id}
            # No GraphQL was asked: an error is never 200, which `curl -f` would store as the
            # schema.
            problem = replace(problem_of(error, request_id), is_http=True)
            return problem_response(problem, "application/json", headers)

    async def _document(self, http: HttpRequest, name: str, common: bool) -> Response:
        runtime = self._runtime
        resolved, principal = await runtime.authenticator.authenticate(http)
        deadline = Deadline.after_ms(runtime.config.catalog_deadline_ms, time.monotonic)
        common = common or wants_common(http.headers)
        cached = await self._endpoint.schema(resolved, principal, deadline, common=common)
        self._endpoint.follow(resolved.alias)
        built = cached.built
        media_type, document = DOCUMENTS[name]
        headers = {
            "Cache-Control": "private, no-cache",
            "X-Schema-Version": built.version,
            **tenant_headers(resolved.tenant.slug, resolved.environment),
        }
        tags = self._tags.setdefault(built, {})
        body = b""
        if not _has(http, tags.get(name)):
            body, tags[name] = await runtime.readers.run(
                resolved.alias, deadline, lambda _: _rendered(runtime.rendering, built, document)
            )
        headers["ETag"] = tags[name]
        if _has(http, tags[name]):
            return Response(304, b"", media_type, headers)
        if http.method == "HEAD":
            return Response(200, b"", media_type, headers)
        if len(body) <= SMALL_BYTES:
            return Response(200, body, media_type, headers)
        held = await runtime.answers.reserve(len(body), deadline)
        return Response(200, body, media_type, headers, held.release)


def _rendered(
    rendering: SchemaProcess, built: BuiltSchema, document: Document
) -> tuple[bytes, str]:
    """Return a document and its ETag, in a thread: both take a while of a large schema."""
    body = rendering.render(document, built)
    return body, etag(body)


def _has(http: HttpRequest, tag: str | None) -> bool:
    return tag is not None and tag in http.headers.get("if-none-match", "")


def _check(http: HttpRequest, config: Config) -> None:
    if not config.may_introspect:
        raise HttpProblem(403, "Schemas are not shown here (GATEWAY_INTROSPECTION).", "FORBIDDEN")
    if http.method not in ("GET", "HEAD"):
        raise HttpProblem(405, "A schema is read with GET.", headers={"Allow": "GET, HEAD"})
