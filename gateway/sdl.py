"""`schema.graphql` and `schema.json` of a tenant, with ETags."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from urllib.parse import parse_qs

from gateway.deadline import Deadline
from gateway.endpoint import GraphQLEndpoint, HttpRequest, wants_common
from gateway.errors import problem_of
from gateway.http import HttpProblem
from gateway.responses import Response, problem_response
from schema.printing import etag, introspection_json, sdl

DOCUMENTS = {
    "schema.graphql": ("application/graphql; charset=utf-8", sdl),
    "schema.json": ("application/json", introspection_json),
}


async def document(
    endpoint: GraphQLEndpoint, http: HttpRequest, name: str, deadline_ms: int, *, common: bool
) -> Response:
    """Return a tenant's schema, or its baseline's, as a document; 304 where the client has it already."""
    try:
        _check_method(http)
        if common and (named := parse_qs(http.query).get("tenant")):
            http = replace(http, headers={**http.headers, "x-tenant": named[0]})
        resolved, principal = await endpoint.admit(http)
        deadline = Deadline.after_ms(deadline_ms, time.monotonic)
        common = common or wants_common(http.headers)
        cached = await endpoint.schema(resolved, principal, deadline, common=common)
    except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
        request_id = secrets.token_hex(8)
        return problem_response(problem_of(error, request_id), "application/json", request_id)
    media_type, write = DOCUMENTS[name]
    body = write(cached.built)
    tag = etag(body)
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "X-Schema-Version": cached.built.version,
    }
    if tag in http.headers.get("if-none-match", ""):
        return Response(304, b"", media_type, headers)
    return Response(200, b"" if http.method == "HEAD" else body, media_type, headers)


def _check_method(http: HttpRequest) -> None:
    if http.method not in ("GET", "HEAD"):
        raise HttpProblem(405, "A schema is read with GET.", headers={"Allow": "GET, HEAD"})
