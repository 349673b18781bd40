"""The caller, as a value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

ANONYMOUS = "anonymous"  # the name of callers without a token
ADMIN_ROLE = "admin"  # has everything; needs no row in the table of roles


@dataclass(frozen=True)
class Principal:
    """An authenticated caller: its reach (`tenant_pk`, `environment`; None: any) and role.

    `variables` are its session variables: names in lower case, as `x-gateway-user-id`, and texts.
    """

    name: str
    role: str
    tenant_pk: int | None = None
    environment: str | None = None
    expires_at: dt.datetime | None = None
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", MappingProxyType(dict(self.variables)))

    def may_enter(self, tenant_pk: int, environment: str) -> bool:
        return self.tenant_pk in (None, tenant_pk) and self.environment in (None, environment)
