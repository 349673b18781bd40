"""The caller, as a value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tenants.errors import RoleNotAllowed

ANONYMOUS = "anonymous"  # the name of callers without a token
ADMIN_ROLE = "admin"  # has everything; needs no row in the table of roles


@dataclass(frozen=True)
class Principal:
    """An authenticated caller: its reach (`tenant_pks`, `environment`; None: any) and role.

    `roles` are those that it may choose from; empty: `role` alone. An empty role is still to be
    chosen. `variables` are its session variables: names in lower case, as `x-gateway-user-id`, and
    texts.
    """

    name: str
    role: str
    tenant_pks: frozenset[int] | None = None
    environment: str | None = None
    expires_at: dt.datetime | None = None
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    roles: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", MappingProxyType(dict(self.variables)))

    @property
    def is_operator(self) -> bool:
        """Return whether no tenant bounds it. One that has an empty set of tenants enters none."""
        return self.tenant_pks is None

    def may_enter(self, tenant_pk: int, environment: str) -> bool:
        is_inside = self.tenant_pks is None or tenant_pk in self.tenant_pks
        return is_inside and self.environment in (None, environment)

    def in_role(self, wanted: str | None) -> Principal:
        """Return the caller in the role that it wants, or in its own. Raises RoleNotAllowed."""
        if self.role and wanted in (None, self.role):
            return self
        if wanted is None or wanted not in self.roles:
            raise RoleNotAllowed(wanted, self.roles or {self.role})
        return replace(self, role=wanted)
