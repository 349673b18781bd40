"""`schema.graphql` and `schema.json` of a tenant, with ETags."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from urllib.parse import parse_qs

from gateway.conf import Config
from gateway.deadline import Deadline
from gateway.endpoint import GraphQLEndpoint, Services
from gateway.errors import problem_of
from gateway.http import HttpProblem
from gateway.requests import HttpRequest, wants_common
from gateway.responses import Response, problem_response
from schema.printing import etag, introspection_json, sdl

DOCUMENTS = {
    "schema.graphql": ("application/graphql; charset=utf-8", sdl),
    "schema.json": ("application/json", introspection_json),
}


async def document(
    endpoint: GraphQLEndpoint, services: Services, http: HttpRequest, name: str, *, common: bool
) -> Response:
    """Return a tenant's schema, or its baseline's, as a document; 304 where the client has it already."""
    try:
        _check(http, services.config)
        if common and (named := parse_qs(http.query).get("tenant")):
            http = replace(http, headers={**http.headers, "x-tenant": named[0]})
        resolved, principal = await services.admission.admit(http)
        deadline = Deadline.after_ms(services.config.deadline_ms, time.monotonic)
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


def _check(http: HttpRequest, config: Config) -> None:
    if not config.may_introspect:
        raise HttpProblem(403, "Schemas are not shown here (GATEWAY_INTROSPECTION).", "FORBIDDEN")
    if http.method not in ("GET", "HEAD"):
        raise HttpProblem(405, "A schema is read with GET.", headers={"Allow": "GET, HEAD"})
