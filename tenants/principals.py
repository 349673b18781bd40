"""Who asks, as a value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

ANONYMOUS = "anonymous"  # the name of callers without a token
ADMIN_ROLE = "admin"  # has everything; needs no row in the table of roles


@dataclass(frozen=True)
class Principal:
    """An authenticated caller: its reach (`tenant_pk`, `environment`; None: any) and role."""

    name: str
    role: str
    tenant_pk: int | None = None
    environment: str | None = None
    expires_at: dt.datetime | None = None

    def may_enter(self, tenant_pk: int, environment: str) -> bool:
        return self.tenant_pk in (None, tenant_pk) and self.environment in (None, environment)
