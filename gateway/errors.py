"""Any exception → code, HTTP status and message for the wire: the one place that decides it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dynamic_databases.bounded_texts import bounded, bounded_message
from dynamic_databases.errors import (
    ConstraintViolation,
    DatabaseProblem,
    InvalidConfig,
    Retryable,
    SchemaChanged,
    ServerBusy,
    StatementFailed,
)
from gateway.error_texts import UNAVAILABLE_TEXT
from schema.errors import Conflict, InvalidDocument, NotCarried, OperationProblem
from tenants.errors import TenantProblem

# The status where no answer could be made at all. Errors of the document itself are 400, or 200
# for clients that accept application/json (GraphQL over HTTP, §6.4.1).
_STATUS = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "TENANT_NOT_FOUND": 404,
    "TENANT_UNAVAILABLE": 503,
    "OVERLOADED": 503,
    "TIMEOUT": 504,
    "INTERNAL_SERVER_ERROR": 500,
}
_DOCUMENT = {
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "QUERY_TOO_COMPLEX",
    "BAD_USER_INPUT",
}
_INTERNAL = "Something went wrong inside the gateway. The requestId finds the log line."


class HttpProblem(Exception):
    """A request that can't be taken: its status, code and further headers."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "BAD_USER_INPUT",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


class Overloaded(Exception):
    """More is asked at a time than may be; the status, and seconds after which to try again."""

    code = "OVERLOADED"
    status = 503
    retry_seconds = 1


class TooManyAtOnce(Overloaded):
    """One tenant has more requests under way than it may have."""

    def __init__(self, maximum: int) -> None:
        super().__init__(
            f"This tenant has {maximum} requests under way, "
            "its maximum (GATEWAY_TENANT_REQUESTS); try again."
        )


class RateExceeded(Overloaded):
    """One caller sent more requests in a second than it may."""

    status = 429

    def __init__(self, per_second: int) -> None:
        super().__init__(
            f"More than {per_second} requests in a second, "
            "the maximum (GATEWAY_REQUESTS_PER_SECOND); try again."
        )


class DeadlinePassed(Exception):
    """The request's time is over."""

    code = "TIMEOUT"

    def __init__(self) -> None:
        super().__init__(
            "The request took longer than it may (GATEWAY_DEADLINE_MS); nothing was changed."
        )


@dataclass(frozen=True)
class Problem:
    """An error as the client sees it; `is_internal` says that the log needs the traceback."""

    code: str
    status: int
    errors: tuple[dict[str, Any], ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    executed: bool = False  # GraphQL's executor was reached: the answer has `data: null`
    is_internal: bool = False
    is_http: bool = False  # the HTTP request itself is wrong: no media type changes the status


def problem_of(error: Exception, request_id: str, *, own_words: bool = True) -> Problem:
    """Return what a client may know of `error`: no SQL, path, host, credential or traceback.

    `own_words` says whether it may read what triggers of the database say.
    """
    if isinstance(error, InvalidDocument):
        errors = tuple(_error(e["message"], error.error_code, request_id, e) for e in error.errors)
        return Problem(error.error_code, 400, errors)
    if isinstance(error, HttpProblem):
        entry = _error(str(error), error.code, request_id)
        return Problem(error.code, error.status, (entry,), error.headers, is_http=True)
    code, message, extensions = _facts(error)
    if isinstance(error, StatementFailed) and error.general is not None and not own_words:
        message = error.general
    entry = _error(message, code, request_id)
    entry["extensions"] |= extensions
    status = _STATUS.get(code, 400 if code in _DOCUMENT else 200)
    status = getattr(error, "status", status)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if (seconds := getattr(error, "retry_seconds", None)) is not None:
        headers["Retry-After"] = str(math.ceil(seconds))
    executed = isinstance(error, StatementFailed | OperationProblem) and status == 200
    return Problem(
        code, status, (entry,), headers, executed, is_internal=code == "INTERNAL_SERVER_ERROR"
    )


def graphql_error(error: Exception, path: str, request_id: str) -> dict[str, Any]:
    """Return the error of one root field, or of a cell in it."""
    whole = list(error.path) if isinstance(error, NotCarried) else [path]
    return {**problem_of(error, request_id).errors[0], "path": bounded(whole)}


def is_document_problem(code: str) -> bool:
    return code in _DOCUMENT


def _facts(error: Exception) -> tuple[str, str, dict[str, Any]]:
    """Return the code, the message and further extensions."""
    if isinstance(
        error, StatementFailed | TenantProblem | OperationProblem | Overloaded | DeadlinePassed
    ):
        if error.code != "INTERNAL_SERVER_ERROR" or isinstance(error, NotCarried):
            return error.code, str(error), _extensions(error)
    elif isinstance(error, DatabaseProblem) and (
        isinstance(error, InvalidConfig) or error.code == "TENANT_UNAVAILABLE"
    ):
        return "TENANT_UNAVAILABLE", UNAVAILABLE_TEXT, {}  # the operator's log says why
    return "INTERNAL_SERVER_ERROR", _INTERNAL, {}


def _extensions(error: Exception) -> dict[str, Any]:
    """Return an error's further fields, texts bounded: names and values may be the client's."""
    if isinstance(error, Conflict):
        return {"conflicts": [_conflict(one) for one in error.extensions["conflicts"]]}
    found: dict[str, Any] = bounded(_further(error))
    return found


def _conflict(conflict: Mapping[str, Any]) -> dict[str, Any]:
    """Return a conflict; what is stored stays whole, as the client may go on with it."""
    return {**bounded(conflict), "theirs": conflict["theirs"]}


def _further(error: Exception) -> dict[str, Any]:
    if isinstance(error, ConstraintViolation):
        facts = {"constraint": error.constraint, "columns": list(error.columns)}
        return {name: value for name, value in facts.items() if value}
    if isinstance(error, SchemaChanged) and error.changed:
        return {"changed": list(error.changed)}
    if isinstance(error, Retryable | ServerBusy) or hasattr(error, "retry_seconds"):
        return {"retryable": True}
    return error.extensions if isinstance(error, OperationProblem) else {}


def _error(
    message: str, code: str, request_id: str, formatted: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return an error in the specification's shape (§7.1.2), its texts bounded."""
    given = {
        key: bounded(value)
        for key, value in (formatted or {}).items()
        if key in ("locations", "path")
    }
    extensions = {"code": code, "requestId": request_id}
    return {"message": bounded_message(message), **given, "extensions": extensions}
