"""API tokens: made, hashed, looked up, expired, revoked.

A token is 256 random bits, so a plain SHA-256 is enough to keep it by: there is nothing to guess.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping

from tenants.errors import Unauthenticated
from tenants.models import ApiToken, Environment, Tenant
from tenants.principals import Principal
from tenants.snapshot import Snapshot

_MARK = "tgw_"


def issue_token(
    tenant: Tenant | None,
    role: str,
    environment: Environment | None,
    expires_at: dt.datetime | None,
    name: str = "",
) -> str:
    """Store a new token's hash and return the token; nothing can show it again. No tenant: an operator's."""
    text = _MARK + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        name=name,
        tenant=tenant,
        environment=environment,
        role=role,
        prefix=text[:12],
        digest=digest_of(text),
        expires_at=expires_at,
    )
    return text


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class TokenAuthenticator:
    """`Authorization: Bearer tgw_…` → `Principal`."""

    def authenticate(
        self, headers: Mapping[str, str], snapshot: Snapshot, now: dt.datetime
    ) -> Principal | None:
        """Return who asks, or None where no token is given. Raises Unauthenticated for a bad one."""
        text = headers.get("authorization")
        if not text:
            return None
        scheme, _, token = text.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("The header must read 'Authorization: Bearer <token>'.")
        record = snapshot.token(digest_of(token.strip()))
        if record is None:
            raise Unauthenticated("This token is unknown or revoked.")
        if record.expires_at is not None and record.expires_at <= now:
            raise Unauthenticated("This token has expired.")
        return Principal(
            record.prefix, record.role, record.tenant_pk, record.environment, record.expires_at
        )
