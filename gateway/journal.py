"""What is written down of each request: one log line where something is to be told, and the figures."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any

from gateway.conf import Config
from gateway.errors import Problem
from gateway.http import GraphQLRequest
from gateway.metrics import Metrics
from gateway.requests import HttpRequest

_log = logging.getLogger("gateway.request")
_NAME_LENGTH = 100


@dataclass
class Seen:
    """A request as far as it was understood."""

    http: HttpRequest
    request_id: str
    started: float  # of the monotonic clock, in seconds
    request: GraphQLRequest | None = None
    tenant: str = ""
    environment: str = ""


class Journal:
    """Logs what failed and what took long, everything on request; never a document or a variable's value."""

    def __init__(self, metrics: Metrics, config: Config) -> None:
        self._metrics = metrics
        self._logs_all = config.log_requests
        self._slow_seconds = config.slow_ms / 1000

    def answered(self, seen: Seen) -> None:
        """A request was answered with data."""
        seconds = time.monotonic() - seen.started
        self._metrics.count("OK", seconds)
        if seconds > self._slow_seconds:
            _log.warning("request was slow", extra={"event": _event(seen, "OK")})
        elif self._logs_all:
            _log.info("request answered", extra={"event": _event(seen, "OK")})

    def failed(self, seen: Seen, error: Exception, problem: Problem) -> None:
        """A request was answered with an error alone."""
        self._metrics.count(problem.code, time.monotonic() - seen.started)
        event = _event(seen, problem.code) | {"error": type(error).__name__}
        if problem.is_internal:
            _log.error("request failed", extra={"event": event}, exc_info=error)
            return
        if problem.code == "TENANT_UNAVAILABLE" and error.__cause__:
            event["cause"] = str(error.__cause__)
        _log.info("request refused", extra={"event": event})


def _event(seen: Seen, code: str) -> dict[str, Any]:
    event: dict[str, Any] = {
        "requestId": seen.request_id,
        "code": code,
        "method": seen.http.method,
        "path": seen.http.path[:_NAME_LENGTH],
        "ms": round((time.monotonic() - seen.started) * 1000),
    }
    if seen.tenant:
        event |= {"tenant": seen.tenant, "environment": seen.environment}
    if seen.request is not None:
        event["operation"] = (seen.request.operation_name or "")[:_NAME_LENGTH]
        event["hash"] = hashlib.sha256(seen.request.query.encode("utf-8", "replace")).hexdigest()[
            :16
        ]
    return event
