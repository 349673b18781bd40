"""What one request may take: the settings, and what a tenant has of its own instead."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

from gateway.config import Config
from schema.limits import Limits
from tenants.limits import TenantLimits

_OF_OPERATIONS = {field.name for field in fields(Limits)} - {"introspection", "suggestions"}


@dataclass(frozen=True)
class RequestLimits:
    """The limits of one tenant's requests."""

    operation: Limits
    deadline_ms: int
    body_bytes: int
    answer_bytes: int
    requests_at_once: int
    requests_per_second: int  # of one token


class LimitsOfTenants:
    """Makes the limits of each tenant once."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._made: dict[TenantLimits, RequestLimits] = {}

    @cached_property
    def default(self) -> RequestLimits:
        return self.of(())

    def of(self, own: TenantLimits) -> RequestLimits:
        """Return the limits of a tenant that has `own` ones."""
        found = self._made.get(own)
        if found is None:
            found = self._make(dict(own))
            self._made[own] = found
        return found

    def _make(self, own: dict[str, int]) -> RequestLimits:
        def figure(name: str) -> int:
            return int(own.get(name, getattr(self._config, name)))

        operation = {name: figure(name) for name in _OF_OPERATIONS}
        operation["default_rows"] = min(operation["default_rows"], operation["max_rows"])
        return RequestLimits(
            Limits(
                **operation,
                introspection=self._config.may_introspect,
                suggestions=self._config.may_suggest,
            ),
            deadline_ms=figure("deadline_ms"),
            body_bytes=min(figure("body_limit_bytes"), self._config.body_limit_bytes),
            answer_bytes=figure("answer_limit_bytes"),
            requests_at_once=figure("tenant_requests"),
            requests_per_second=figure("requests_per_second"),
        )


def limits_of(config: Config) -> Limits:
    """Return the limits of operations where a tenant has none of its own."""
    return LimitsOfTenants(config).default.operation
