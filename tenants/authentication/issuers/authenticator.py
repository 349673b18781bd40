"""A JWT of a listed issuer → `Principal`. A token is checked once, and remembered until it expires.

Each refusal has the same text and status: what is wrong with a token is for the log alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import jwt

from dynamic_databases.concurrency.lru import LruCache
from tenants.authentication.bearer import bearer_token
from tenants.authentication.issuers.claims import BadClaims, Identity
from tenants.authentication.issuers.keys import Key
from tenants.authentication.issuers.settings import IssuerConfig
from tenants.authentication.issuers.sources import IssuerKeys
from tenants.authentication.issuers.unverified import (
    RefusedToken,
    UnverifiedToken,
    is_jwt,
    read_token,
)
from tenants.authentication.tokens import digest_of
from tenants.errors import InvalidToken, IssuerUnavailable
from tenants.principals import Principal
from tenants.snapshot import Snapshot

_REMEMBERED_BYTES = 16_000_000  # of tokens, which are about as large as what is kept of them
_LAST_MOMENT = 253_402_300_799  # of the year 9999


class InvalidJwt(InvalidToken):
    """A JWT that opens nothing; its cause says why."""


class UnknownKey(InvalidJwt):
    """The token's key isn't known: `keys.ask()` may find it, in a thread that may wait."""

    def __init__(self, keys: IssuerKeys) -> None:
        super().__init__()
        self.keys = keys


@dataclass(frozen=True)
class Verified:
    """What a token that was checked says, and until when that counts."""

    identity: Identity
    name: str
    expires_at: dt.datetime
    keys_version: int
    size: int  # characters of the token


class JwtAuthenticator:
    """Takes the tokens of some issuers."""

    def __init__(self, issuers: Sequence[IssuerConfig]) -> None:
        self._issuers = {one.issuer: one for one in issuers}
        self.keys = tuple(IssuerKeys(one) for one in issuers)
        self._keys_of = {one.issuer: one for one in self.keys}
        self._remembered: LruCache[str, Verified] = LruCache(_REMEMBERED_BYTES, _size)

    @property
    def keys_version(self) -> int:
        return sum([one.version for one in self.keys])

    def authenticate(
        self, headers: Mapping[str, str], snapshot: Snapshot, now: dt.datetime
    ) -> Principal | None:
        """Return the principal; None without a JWT.

        Raises InvalidJwt, UnknownKey, and IssuerUnavailable where its issuer's keys were never
        read.
        """
        token = bearer_token(headers)
        if not is_jwt(token):
            return None
        found = self._verified(token, now)
        names = found.identity.tenants
        # Not by domain names, which are for hosts, nor by our numbers: an issuer's are others.
        entries = (snapshot.tenant_of_subdomain(name, own_ids=False) for name in names)
        return Principal(
            found.name,
            found.identity.role,
            frozenset(entry.pk for entry in entries if entry is not None),
            found.identity.environment,
            found.expires_at,
            dict(found.identity.variables),
            found.identity.roles,
        )

    def _verified(self, token: str, now: dt.datetime) -> Verified:
        digest = digest_of(token)
        known = self._remembered.get(digest)
        if known is None or known.keys_version != self.keys_version:
            known = self._verify(token, digest, now)
            self._remembered.put(digest, known)
        elif known.expires_at <= now:
            _refuse("it has expired")
        return known

    def _verify(self, token: str, digest: str, now: dt.datetime) -> Verified:
        """Return what a token says. Raises as `authenticate` does."""
        version = self.keys_version
        try:
            unverified = read_token(token)
            config = self._config_of(unverified)
            expires_at = _check_times(unverified.claims, now, config.leeway_seconds)
            _check_signature(token, unverified, config, self._key(unverified, config))
            identity = config.claims.identity(unverified.claims)
        except (RefusedToken, BadClaims, jwt.PyJWTError) as error:
            raise InvalidJwt from error
        subject = unverified.claims.get("sub")
        whose = digest if subject is None else f"{config.issuer}\n{subject}"
        name = f"jwt:{hashlib.sha256(whose.encode()).hexdigest()[:32]}"
        return Verified(identity, name, expires_at, version, len(token))

    def _config_of(self, token: UnverifiedToken) -> IssuerConfig:
        issuer = token.claims.get("iss")
        config = self._issuers.get(issuer) if isinstance(issuer, str) else None
        if config is None:
            raise RefusedToken("its issuer isn't listed")
        if token.algorithm not in config.algorithms:
            raise RefusedToken("its algorithm isn't listed for its issuer")
        return config

    def _key(self, token: UnverifiedToken, config: IssuerConfig) -> Key:
        keys = self._keys_of[config.issuer]
        key = keys.find(token.key_id, token.algorithm)
        if key is not None:
            return key
        if keys.may_ask():
            raise UnknownKey(keys)
        if not keys.are_known:
            raise IssuerUnavailable
        raise RefusedToken("its key isn't known")


def _check_signature(
    token: str, unverified: UnverifiedToken, config: IssuerConfig, key: Key
) -> None:
    """Check signature, issuer, audience and the types of registered claims, by PyJWT.

    Raises PyJWTError.
    """
    jwt.decode(
        token,
        key,
        algorithms=[unverified.algorithm],
        audience=config.audiences or None,
        issuer=config.issuer,
        # Times are checked by the caller's clock.
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )


def _check_times(claims: Mapping[str, Any], now: dt.datetime, leeway: float) -> dt.datetime:
    """Return when a token ends. Raises RefusedToken where it has expired or isn't valid yet."""
    seconds = now.timestamp()
    ends = _moment(claims, "exp")
    if ends is None or ends + leeway <= seconds:
        raise RefusedToken("it has expired, or never does")
    for name in ("nbf", "iat"):
        begins = _moment(claims, name)
        if begins is not None and begins - leeway > seconds:
            raise RefusedToken(f"it isn't valid yet ({name})")
    return dt.datetime.fromtimestamp(min(ends + leeway, _LAST_MOMENT), dt.UTC)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a NumericDate (RFC 7519, §2). Raises RefusedToken for what is none."""
    value = claims.get(name)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= _LAST_MOMENT:
        raise RefusedToken(f"its {name} is no time")
    return float(value)


def _refuse(why: str) -> NoReturn:
    raise InvalidJwt from RefusedToken(why)


def _size(verified: Verified) -> int:
    return verified.size
