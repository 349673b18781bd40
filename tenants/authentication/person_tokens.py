"""Access tokens of people: JWTs that the gateway signs itself (RFC 7519), valid for minutes.

One algorithm, keys of our own and a type of our own in the header: a token of another issuer is
left to other authenticators, and none of theirs is taken here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import jwt

from dynamic_databases.aliases import Alias
from tenants.authentication.bearer import bearer_token
from tenants.authentication.issuers.unverified import header_of
from tenants.authentication.people import Person
from tenants.errors import InvalidToken, Unauthenticated
from tenants.principals import Principal
from tenants.snapshot import Snapshot

_ALGORITHM = "HS256"
_ISSUER = "tenant-graphql-gateway"
_TYPE = "person+jwt"


class PersonTokens:
    """Signs tokens with the first of its keys (32 bytes each) and takes those of all."""

    keys_version: ClassVar[int] = 0  # its keys are there from the start to the end

    def __init__(self, keys: Sequence[bytes], seconds: int) -> None:
        self._keys = {hashlib.sha256(key).hexdigest()[:16]: key for key in keys}
        self.seconds = seconds

    def issue(self, person: Person, now: dt.datetime) -> str:
        """Return a token that opens the person's tenant and environment for `seconds`."""
        kid, key = next(iter(self._keys.items()))
        claims = {
            "iss": _ISSUER,
            "sub": person.username,
            "iat": now,
            "exp": now + dt.timedelta(seconds=self.seconds),
            "tenant": person.tenant_pk,
            "environment": person.environment,
            "database": person.alias,
            "role": person.role,
            "variables": dict(person.variables),
        }
        return jwt.encode(claims, key, _ALGORITHM, {"kid": kid, "typ": _TYPE})

    def authenticate(
        self, headers: Mapping[str, str], snapshot: Snapshot, now: dt.datetime
    ) -> Principal | None:
        """Return the principal; None without a token of ours. Raises Unauthenticated."""
        token = bearer_token(headers)
        header = header_of(token)
        if header is None or header.get("typ") != _TYPE:
            return None
        claims = self._claims(token, header)
        expires_at = dt.datetime.fromtimestamp(claims["exp"], dt.UTC)
        if expires_at <= now:
            raise Unauthenticated("This token has expired.")
        tenant, environment = claims["tenant"], claims["environment"]
        entry = snapshot.tenant_of_pk(tenant)
        database = entry.environments.get(environment) if entry is not None else None
        if database != Alias(claims["database"]):  # its people were those of another database
            raise InvalidToken
        name = hashlib.sha256(f"{tenant}/{environment}/{claims['sub']}".encode()).hexdigest()[:32]
        return Principal(
            f"person:{name}",
            claims["role"],
            frozenset({tenant}),
            environment,
            expires_at,
            claims["variables"],
        )

    def _claims(self, token: str, header: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the claims of a token that was signed here. Raises Unauthenticated."""
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise InvalidToken
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                # The caller's clock decides whether it has expired.
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub"]},
            )
        except jwt.InvalidTokenError:
            raise InvalidToken from None
        return claims
