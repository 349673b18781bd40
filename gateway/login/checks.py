"""Django system checks: an order of backends that would let the wrong people in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

_BACKEND = "gateway.login.tenant_users.TenantUserBackend"


def check_backends(**_kwargs: Any) -> list[CheckMessage]:
    """Refuse a TenantUserBackend that isn't first.

    Django's own backend takes a name and a password whatever else is given: a tenant's person of
    the same name would be logged in as a user of the project.
    """
    backends = list(settings.AUTHENTICATION_BACKENDS)
    if _BACKEND not in backends or backends[0] == _BACKEND:
        return []
    return [
        Error(
            "TenantUserBackend is not the first of AUTHENTICATION_BACKENDS.",
            hint=f"Write AUTHENTICATION_BACKENDS = ['{_BACKEND}', …].",
            id="gateway_login.E001",
        )
    ]
