"""API tokens: made, hashed, looked up, expired, revoked.

A token is 256 random bits, so a plain SHA-256 is enough to keep it by: there is nothing to guess.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.utils import timezone

from dynamic_databases.disk_reserve import with_reserve
from tenants.authentication.bearer import bearer_token
from tenants.errors import InvalidToken, Unauthenticated
from tenants.models import ApiToken, Environment, Tenant
from tenants.principals import Principal
from tenants.session_variables import Variables
from tenants.snapshot import Snapshot

_MARK = "tgw_"


def issue_token(
    tenant: Tenant | None,
    role: str,
    environment: Environment | None,
    expires_at: dt.datetime | None,
    name: str = "",
    variables: Variables = (),
) -> str:
    """Store a new token's hash; return the token, shown only now. No tenant: an operator's."""
    text = _MARK + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        name=name,
        tenant=tenant,
        environment=environment,
        role=role,
        prefix=text[:12],
        digest=digest_of(text),
        expires_at=expires_at,
        variables=dict(variables),
    )
    return text


def revoke_token(text: str) -> ApiToken:
    """Revoke the token that `text` is, or whose prefix it is; a full disk has a reserve for it.

    One that is revoked already stays so since then. Raises ValidationError where it isn't one
    token.
    """
    return with_reserve(partial(_revoke, text))


def _revoke(text: str) -> ApiToken:
    rows = ApiToken.objects.filter(digest=digest_of(text)) or ApiToken.objects.filter(prefix=text)
    if len(rows) != 1:
        few, many = "No token has this prefix.", "Several tokens have this prefix; give the token."
        raise ValidationError(many if rows else few)
    row = rows[0]
    row.revoked_at = row.revoked_at or timezone.now()
    row.save(update_fields=["revoked_at"])
    return row


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class TokenAuthenticator:
    """`Authorization: Bearer tgw_…` → `Principal`."""

    keys_version: ClassVar[int] = 0  # the snapshot has all that they depend on

    def authenticate(
        self, headers: Mapping[str, str], snapshot: Snapshot, now: dt.datetime
    ) -> Principal | None:
        """Return the principal, or None without a token. Raises Unauthenticated for a bad one."""
        if not headers.get("authorization"):
            return None
        token = bearer_token(headers)
        if not token:
            raise Unauthenticated("The header must read 'Authorization: Bearer <token>'.")
        record = snapshot.token(digest_of(token))
        if record is None:
            raise InvalidToken
        if record.expires_at is not None and record.expires_at <= now:
            raise Unauthenticated("This token has expired.")
        return Principal(
            record.prefix,
            record.role,
            None if record.tenant_pk is None else frozenset({record.tenant_pk}),
            record.environment,
            record.expires_at,
            dict(record.variables),
        )
