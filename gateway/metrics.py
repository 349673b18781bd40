"""Figures for Prometheus. Labels come from short, fixed lists: never a tenant, a table or a caller.

With several processes, `python -m gateway` has them share files (PROMETHEUS_MULTIPROC_DIR), so that
each of them answers for all.
"""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._requests = Counter(
            "gateway_requests", "GraphQL requests, by the code of their error, OK where there was none.", ["code"], registry=registry
        )  # fmt: skip
        self._field_errors = Counter(
            "gateway_field_errors", "Errors of single root fields in answers, by code.", ["code"], registry=registry
        )  # fmt: skip
        self._seconds = Histogram(
            "gateway_request_seconds", "From the request's last byte to its answer's first.", buckets=_BUCKETS, registry=registry
        )  # fmt: skip
        self._states = Gauge(
            "gateway_state",
            "What is there now: running, waiting, reading_catalogs, connections, idle_connections, schemas, schema_bytes, open_breakers.",
            ["what"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._codes: dict[str, Counter] = {}

    def count(self, code: str, seconds: float) -> None:
        """One request was answered; `code` is OK or that of its error."""
        counter = self._codes.get(code)
        if counter is None:
            counter = self._codes[code] = self._requests.labels(code)
        counter.inc()
        self._seconds.observe(seconds)

    def count_field_error(self, code: str) -> None:
        self._field_errors.labels(code).inc()

    def set_states(self, states: dict[str, int]) -> None:
        for what, figure in states.items():
            self._states.labels(what).set(figure)

    def text(self) -> bytes:
        """Return all figures in Prometheus's text format, of all processes that share them."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self._registry)
