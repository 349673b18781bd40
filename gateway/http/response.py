"""JSON fragments and errors → status, headers and body bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.errors import Problem, is_document_problem
from gateway.http.graphql_over_http import GRAPHQL_RESPONSE, JSON


def nothing() -> None:
    """A response that holds nothing."""


@dataclass(frozen=True)
class Response:
    """What goes back over HTTP; `when_sent` is called once the client has it, or is gone."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    when_sent: Callable[[], object] = field(default=nothing, compare=False)

    def with_headers(self, headers: Mapping[str, str]) -> Response:
        """Return the same with other headers."""
        return Response(self.status, self.body, self.media_type, headers, self.when_sent)


def data_body(
    fragments: Sequence[tuple[str, bytes]] | None,
    errors: Sequence[dict[str, Any]] = (),
    extensions: Mapping[str, Any] | None = None,
) -> bytes:
    """Return `{"data": {…}}`: the databases' texts go in untouched, copied once.

    `data` is null where there are no fragments.
    """
    pieces = [b'"errors":', orjson.dumps(list(errors)), b","] if errors else []
    pieces.append(b'"data":null' if fragments is None else b'"data":{')
    for number, (key, text) in enumerate(fragments or ()):
        pieces += [b',"' if number else b'"', key.encode(), b'":', text]
    if fragments is not None:
        pieces.append(b"}")
    if extensions:
        pieces += [b',"extensions":', orjson.dumps(extensions)]
    return b"".join([b"{", *pieces, b"}"])


def tenant_headers(tenant: str, environment: str) -> dict[str, str]:
    """Return the headers that say which tenant's which environment answers."""
    return {"X-Tenant": tenant, "X-Environment": environment}


def problem_response(problem: Problem, media_type: str, headers: Mapping[str, str]) -> Response:
    """Return the answer, with further `headers`, to a request that failed as a whole."""
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
    return Response(status, orjson.dumps(body), media_type, {**problem.headers, **headers})


def json_response(value: Any, status: int = 200) -> Response:
    return Response(status, orjson.dumps(value))
