"""Metrics for Prometheus. Labels come from short, fixed lists: never a tenant, a table or a caller.

Names follow https://prometheus.io/docs/practices/naming/. With several processes,
`python -m gateway` has them share files (PROMETHEUS_MULTIPROC_DIR): each answers for all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields

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


def _gauge(documentation: str) -> int:
    number: int = field(metadata={"documentation": documentation})
    return number


@dataclass(frozen=True)
class ProcessState:
    """What a process does and holds now: each field becomes the gauge `gateway_<field>`."""

    running_requests: int = _gauge("Requests that run a statement.")
    waiting_requests: int = _gauge("Requests that wait for a free slot.")
    running_catalog_reads: int = _gauge("Catalogs that are being read.")
    database_connections: int = _gauge("Open connections to tenants' databases, idle ones too.")
    idle_database_connections: int = _gauge("Open connections that no request uses.")
    cached_schemas: int = _gauge("Schemas in the cache.")
    schema_cache_bytes: int = _gauge("Bytes of the schemas in the cache.")
    operation_cache_bytes: int = _gauge("Bytes of operations and introspection answers.")
    large_answer_bytes: int = _gauge("Bytes reserved for large answers.")
    open_circuit_breakers: int = _gauge("Databases that are left alone because they failed.")
    used_replicas: int = _gauge("Replicas that reads go to.")
    unused_replicas: int = _gauge("Replicas that don't answer, lag, or are none.")


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._requests = Counter(
            "gateway_requests",
            "GraphQL requests, by the code of their error, OK where there was none.",
            ["code"],
            registry=registry,
        )
        self._field_errors = Counter(
            "gateway_field_errors",
            "Errors of single root fields in answers, by code.",
            ["code"],
            registry=registry,
        )
        self._replica_reads = Counter(
            "gateway_replica_reads",
            "Reads that a replica answered, or failed to: the database itself answered these.",
            ["outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "gateway_request_seconds",
            "From the request's last byte to its answer's first.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._gauges = {
            one.name: Gauge(
                f"gateway_{one.name}",
                one.metadata["documentation"],
                registry=registry,
                multiprocess_mode="livesum",
            )
            for one in fields(ProcessState)
        }
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

    def count_replica_read(self, outcome: str) -> None:
        """A replica was asked; `outcome` is answered or failed."""
        self._replica_reads.labels(outcome).inc()

    def set_state(self, state: ProcessState) -> None:
        """Set the gauges to what the process does and holds now."""
        for name, gauge in self._gauges.items():
            gauge.set(getattr(state, name))

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format, of all processes that share them."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self._registry)
