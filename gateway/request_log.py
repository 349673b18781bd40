"""Request log and metrics: a JSON line per failed or slow request, or per request on demand."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any

from dynamic_databases.concurrency.exceptions import causes_of
from gateway.config import Config
from gateway.errors import Problem
from gateway.http.graphql_over_http import GraphQLRequest
from gateway.http.request import HttpRequest
from gateway.http.response import tenant_headers
from gateway.metrics import Metrics

_log = logging.getLogger("gateway.request")
_NAME_LENGTH = 100


@dataclass
class RequestRecord:
    """One request: what is known of it so far."""

    http: HttpRequest
    request_id: str
    started: float  # of the monotonic clock, in seconds
    request: GraphQLRequest | None = None
    tenant: str = ""
    environment: str = ""
    written_at: float | None = None  # where it wrote to a database with replicas

    @property
    def headers(self) -> dict[str, str]:
        """The request's id, and which database answers, as far as that is known."""
        found = {"X-Request-Id": self.request_id}
        if self.tenant:
            found |= tenant_headers(self.tenant, self.environment)
        if self.written_at is not None:
            found["X-Written-At"] = f"{self.written_at:.3f}"
        return found


class RequestLog:
    """Logs failed and slow requests, all on request; never a document or a variable's value."""

    def __init__(self, metrics: Metrics, config: Config) -> None:
        self._metrics = metrics
        self._logs_all = config.log_requests
        self._slow_seconds = config.slow_ms / 1000

    def answered(self, record: RequestRecord) -> None:
        """A request was answered with data."""
        seconds = time.monotonic() - record.started
        self._metrics.count("OK", seconds)
        if seconds > self._slow_seconds:
            _log.warning("request was slow", extra={"event": _event(record, "OK")})
        elif self._logs_all:
            _log.info("request answered", extra={"event": _event(record, "OK")})

    def failed(self, record: RequestRecord, error: Exception, problem: Problem) -> None:
        """A request was answered with an error alone."""
        self._metrics.count(problem.code, time.monotonic() - record.started)
        event = _event(record, problem.code) | {"error": type(error).__name__}
        if problem.is_internal:
            _log.error("request failed", extra={"event": event}, exc_info=error)
            return
        cause = next(causes_of(error), None)
        if problem.code in ("TENANT_UNAVAILABLE", "UNAUTHENTICATED") and cause is not None:
            event["cause"] = str(cause)
        _log.info("request refused", extra={"event": event})


def _event(record: RequestRecord, code: str) -> dict[str, Any]:
    event: dict[str, Any] = {
        "requestId": record.request_id,
        "code": code,
        "method": record.http.method,
        "path": record.http.path[:_NAME_LENGTH],
        "ms": round((time.monotonic() - record.started) * 1000),
    }
    if record.tenant:
        event |= {"tenant": record.tenant, "environment": record.environment}
    if record.request is not None:
        event["operation"] = (record.request.operation_name or "")[:_NAME_LENGTH]
        event["hash"] = hashlib.sha256(record.request.query.encode("utf-8", "replace")).hexdigest()[
            :16
        ]
    return event
