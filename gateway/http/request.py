"""An HTTP request whose body was read, and what it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from gateway.errors import HttpProblem
from gateway.http.graphql_over_http import (
    GraphQLRequest,
    request_of_body,
    request_of_query_string,
)

ROLE_HEADERS = ("X-Role", "X-Hasura-Role")
_TIME = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_EXAMPLE_TIME = "1764504302.125"


@dataclass(frozen=True)
class HttpRequest:
    """An HTTP request; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str | None
    was_forwarded: bool = False  # a proxy passed it on


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


def check_naming(http: HttpRequest) -> None:
    """Raise HttpProblem for a tenant, environment or role that is named by nothing, or twice.

    A header from a variable that isn't set doesn't mean the default environment.
    """
    for name in ("X-Tenant", "X-Environment", *ROLE_HEADERS):
        if http.headers.get(name.lower()) == "":
            raise HttpProblem(400, f"The header {name} is empty: name one, or leave it out.")
    ours, hasuras = (http.headers.get(name.lower()) for name in ROLE_HEADERS)
    if None not in (ours, hasuras) and ours != hasuras:
        raise HttpProblem(400, f"{' and '.join(ROLE_HEADERS)} differ: send one of them.")
    if not http.query:
        return
    named = parse_qs(http.query, keep_blank_values=True).get("env", ["-"])
    if "" in named:
        raise HttpProblem(400, "?env= is empty: name an environment, or leave it out.")
    if len(named) > 1:
        raise HttpProblem(400, "?env= is given more than once; name one environment.")


def wanted_role(headers: Mapping[str, str]) -> str | None:
    """Return the role that a request names, by our header or by that of Hasura's clients."""
    return headers.get("x-role") or headers.get("x-hasura-role")


def written_at(headers: Mapping[str, str]) -> float:
    """Return when the caller last wrote, in seconds since 1970, 0 where it doesn't say.

    Raises HttpProblem for what is no time.
    """
    given = headers.get("x-written-at", "0").strip()
    if not _TIME.fullmatch(given):
        raise HttpProblem(
            400, f"X-Written-At must be what a mutation's answer had, such as {_EXAMPLE_TIME}."
        )
    return float(given)


def wants_common(headers: Mapping[str, str]) -> bool:
    """Return whether the baseline's schema is wanted. Raises HttpProblem for another value."""
    given = headers.get("x-schema", "").strip().lower()
    if given not in ("", "baseline"):
        raise HttpProblem(400, "X-Schema must be 'baseline', or left out for the database's own.")
    return given == "baseline"
