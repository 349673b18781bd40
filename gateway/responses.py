"""JSON fragments and errors → status, headers and body bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.errors import Problem, is_document_problem
from gateway.http import GRAPHQL_RESPONSE, JSON


@dataclass(frozen=True)
class Response:
    """What goes back over HTTP."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def data_body(
    fragments: Sequence[tuple[str, bytes]],
    errors: Sequence[dict[str, Any]] = (),
    extensions: Mapping[str, Any] | None = None,
) -> bytes:
    """Return `{"data": {…}}`: the databases' texts go in untouched."""
    fields = b",".join(b'"%b":%b' % (key.encode(), text) for key, text in fragments)
    if not errors and not extensions:
        return b'{"data":{%b}}' % fields
    head = b'"errors":%b,' % orjson.dumps(list(errors)) if errors else b""
    tail = b',"extensions":%b' % orjson.dumps(extensions) if extensions else b""
    return b'{%b"data":{%b}%b}' % (head, fields, tail)


def problem_response(problem: Problem, media_type: str, request_id: str) -> Response:
    """Return the answer to a request that failed as a whole."""
    body: dict[str, Any] = {"errors": list(problem.errors)}
    if problem.executed:
        body["data"] = None
    status = problem.status
    if (
        media_type != GRAPHQL_RESPONSE
        and status == 400
        and is_document_problem(problem.code)
        and not problem.is_http
    ):
        status = 200
    headers = {**problem.headers, "X-Request-Id": request_id}
    return Response(status, orjson.dumps(body), media_type, headers)


def json_response(value: Any, status: int = 200) -> Response:
    return Response(status, orjson.dumps(value))
