"""An HTTP request whose body was read, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.http import (
    GraphQLRequest,
    HttpProblem,
    request_of_body,
    request_of_query_string,
)


@dataclass(frozen=True)
class HttpRequest:
    """An HTTP request; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str | None


def graphql_request(http: HttpRequest) -> GraphQLRequest:
    """Return the GraphQL request that `http` carries. Raises HttpProblem."""
    if http.method == "POST":
        request = request_of_body(http.headers.get("content-type"), http.body)
        dry_run = http.headers.get("x-dry-run", "false").strip().lower()
        if dry_run not in ("true", "false"):
            raise HttpProblem(400, "X-Dry-Run must be true or false.")
        return replace(request, dry_run=True) if dry_run == "true" else request
    if http.method == "GET":
        return request_of_query_string(http.query)
    raise HttpProblem(
        405, f"{http.method} isn't answered here; use POST or GET.", headers={"Allow": "GET, POST"}
    )


def wants_common(headers: Mapping[str, str]) -> bool:
    """Return whether the schema of the baseline is asked for. Raises HttpProblem for another word."""
    given = headers.get("x-schema", "").strip().lower()
    if given not in ("", "baseline"):
        raise HttpProblem(400, "X-Schema must be 'baseline', or left out for the database's own.")
    return given == "baseline"
