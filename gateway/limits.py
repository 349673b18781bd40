"""What one request may take: the settings, what a tenant has instead, and what its role has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

from gateway.config import Config
from schema.limits import Limits
from tenants.limits import TenantLimits

_OF_OPERATIONS = {field.name for field in fields(Limits)} - {"introspection", "suggestions"}


@dataclass(frozen=True)
class RequestLimits:
    """The limits of the requests that one role makes to one tenant."""

    operation: Limits
    deadline_ms: int
    body_bytes: int
    answer_bytes: int
    requests_at_once: int
    requests_per_second: int  # of one token


class LimitsOfTenants:
    """Makes the limits of each tenant and role once."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._made: dict[tuple[TenantLimits, TenantLimits], RequestLimits] = {}

    @cached_property
    def default(self) -> RequestLimits:
        return self.of(())

    def of(self, own: TenantLimits, of_role: TenantLimits = ()) -> RequestLimits:
        """Return the limits of a tenant that has `own` ones; of each the lower of its role's."""
        found = self._made.get((own, of_role))
        if found is None:
            found = self._make(dict(own), dict(of_role))
            self._made[own, of_role] = found
        return found

    def _make(self, own: Mapping[str, int], of_role: Mapping[str, int]) -> RequestLimits:
        def figure(name: str) -> int:
            of_tenant = int(own.get(name, getattr(self._config, name)))
            return min(of_tenant, of_role.get(name, of_tenant))

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
