"""Bytes and headers → a GraphQL request, or the HTTP error that the specification asks for.

GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/), §§5–6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

from gateway.errors import HttpProblem
from schema import exact_numbers

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"


@dataclass(frozen=True)
class GraphQLRequest:
    """One GraphQL request, its body bounded and decoded."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    may_write: bool = True  # GET requests may not
    dry_run: bool = False
    size: int = 0  # bytes of the body


@lru_cache(maxsize=256)
def accepted_media_type(accept: str | None) -> str:
    """Return the media type to answer in. Raises HttpProblem 406 where none of ours is accepted."""
    if not accept or not accept.strip():
        return JSON
    weights: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if not name:
            continue  # an empty element of a list counts for nothing (RFC 9110, §5.6.1)
        weights[name] = max(weights.get(name, 0.0), _weight(parameters))
    if not weights:
        return JSON
    candidates = [
        (weights[name], rank, media_type)
        for rank, name, media_type in (
            (3, GRAPHQL_RESPONSE, GRAPHQL_RESPONSE),
            (2, JSON, JSON),
            (1, "application/*", JSON),
            (0, "*/*", JSON),
        )
        if weights.get(name, 0.0) > 0
    ]
    if not candidates:
        raise HttpProblem(406, f"Accept must include {GRAPHQL_RESPONSE} or {JSON}.")
    return max(candidates)[2]


def prefers_html(accept: str | None) -> bool:
    """Return whether a browser asks for a page."""
    return accept is not None and "text/html" in accept


def request_of_body(content_type: str | None, body: bytes) -> GraphQLRequest:
    """Return the request of a POST. Raises HttpProblem."""
    _check_content_type(content_type)
    try:
        payload = exact_numbers.loads(body)
    except orjson.JSONDecodeError as error:
        raise HttpProblem(
            400, f"The body is no valid JSON: {error.msg} at character {error.pos}."
        ) from None
    if isinstance(payload, list):
        raise HttpProblem(400, "Batches are not taken: send one object.")
    if not isinstance(payload, dict):
        raise HttpProblem(400, 'The body must be a JSON object: {"query": "…"}.')
    return _request(payload, may_write=True, size=len(body))


def request_of_query_string(query_string: str) -> GraphQLRequest:
    """Return the request of a GET, which may only read. Raises HttpProblem."""
    try:
        given: dict[str, Any] = dict(
            parse_qsl(query_string, keep_blank_values=True, strict_parsing=False, errors="strict")
        )
    except UnicodeDecodeError:
        raise HttpProblem(400, "The query string is no valid UTF-8.") from None
    for name in ("variables", "extensions"):
        if given.get(name):
            try:
                given[name] = exact_numbers.loads(given[name])
            except orjson.JSONDecodeError:
                raise HttpProblem(400, f"The parameter {name} is no valid JSON.") from None
        else:
            given.pop(name, None)
    given["operationName"] = given.get("operationName") or None
    return _request(given, may_write=False, size=len(query_string))


@lru_cache(maxsize=256)
def _check_content_type(content_type: str | None) -> None:
    """Raise HttpProblem 415 where a body is said to be anything but JSON in UTF-8."""
    media_type, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    if media_type != JSON:
        raise HttpProblem(415, f"The Content-Type must be {JSON}.")
    charset = next(
        (p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")),
        "utf-8",
    )
    if charset not in ("utf-8", "utf8"):
        raise HttpProblem(415, "The body must be UTF-8.")


def _request(payload: Mapping[str, Any], *, may_write: bool, size: int) -> GraphQLRequest:
    query = payload.get("query")
    if not isinstance(query, str) or not query.strip():
        raise HttpProblem(400, "The parameter query must be a GraphQL document.")
    variables = payload.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise HttpProblem(400, "The parameter variables must be an object.")
    extensions = payload.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise HttpProblem(400, "The parameter extensions must be an object.")
    operation_name = payload.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise HttpProblem(400, "The parameter operationName must be text.")
    return GraphQLRequest(query, variables or {}, operation_name, may_write, size=size)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
