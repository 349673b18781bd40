"""Sessions of people: refresh tokens that are good once, and what ends them.

A refresh token is `tgr_`, the session's handle and the secret of the moment. Only digests of both
are stored. One that was used already is in two hands: the session ends (RFC 9700, §4.14.2).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone

from dynamic_databases.disk_reserve import with_reserve
from gateway.login.models import LoginSession
from tenants.authentication.people import Person
from tenants.authentication.person_tokens import PersonTokens
from tenants.errors import Unauthenticated

_MARK = "tgr_"
_LONGEST = 200  # characters of a refresh token
_PER_PERSON = 50  # sessions; the oldest end


class SessionEnded(Unauthenticated):
    """A refresh token that is unknown, used, expired or revoked, or whose person may not go on."""

    def __init__(self) -> None:
        super().__init__("This refresh token is no longer valid: log in again.")


@dataclass(frozen=True)
class SessionTokens:
    """What a person gets: both tokens, and how long each is valid."""

    person: Person
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int
    refresh_expires_in_seconds: int


def begin_session(person: Person) -> SessionTokens:
    """Store a session for a person who has just logged in; return its first tokens."""
    now, handle = timezone.now(), secrets.token_urlsafe(16)
    LoginSession.objects.filter(expires_at__lte=now).delete()
    owner = _digest_of_person(person.tenant_pk, person.environment, person.username)
    refresh_token, secret = _new_token(handle)
    LoginSession.objects.create(
        handle=_digest(handle),
        secret=secret,
        tenant_id=person.tenant_pk,
        environment=person.environment,
        username=person.username,
        person=owner,
        state=person.state,
        began_at=now,
        expires_at=_expiry(now),
    )
    others = LoginSession.objects.filter(person=owner).order_by("-began_at", "-pk")
    kept = list(others.values_list("pk", flat=True)[:_PER_PERSON])
    if len(kept) == _PER_PERSON:
        LoginSession.objects.filter(person=owner).exclude(pk__in=kept).delete()
    return _tokens(person, refresh_token, now)


def session_of(token: str, tenant_pk: int, environment: str) -> LoginSession:
    """Return the session of a refresh token that was not used yet.

    One that was used ends the session. Raises SessionEnded.
    """
    parts = _parts(token)
    if parts is None:
        raise SessionEnded
    handle, secret = parts
    row = LoginSession.objects.filter(
        handle=handle, tenant_id=tenant_pk, environment=environment
    ).first()
    if row is None:
        raise SessionEnded
    if not secrets.compare_digest(row.secret, secret) or row.expires_at <= timezone.now():
        end_session(row)
        raise SessionEnded
    return row


def continue_session(row: LoginSession, token: str, person: Person | None) -> SessionTokens:
    """Return new tokens for a session's person as it is now; the old refresh token is used up.

    Raises SessionEnded, and ends the session, where the person may not go on, or the token was used
    a moment ago.
    """
    if person is None or person.state != row.state:
        end_session(row)
        raise SessionEnded
    now = timezone.now()
    handle = token.removeprefix(_MARK).partition(".")[0]
    refresh_token, secret = _new_token(handle)
    unused = LoginSession.objects.filter(pk=row.pk, secret=row.secret)
    if not unused.update(secret=secret, expires_at=_expiry(now)):
        end_session(row)
        raise SessionEnded
    return _tokens(person, refresh_token, now)


def end_session(row: LoginSession) -> None:
    """Delete a session: no token of it is good for a refresh; a full disk has a reserve for it."""
    with_reserve(LoginSession.objects.filter(pk=row.pk).delete)


def log_out(token: str, tenant_pk: int, environment: str) -> None:
    """End the session of a refresh token, used or not; nothing is said of an unknown one."""
    if parts := _parts(token):
        rows = LoginSession.objects.filter(
            handle=parts[0], tenant_id=tenant_pk, environment=environment
        )
        with_reserve(rows.delete)


def state_changed(person: Person, state: str) -> None:
    """Have a person's other sessions go on: the gateway itself stored the new hash."""
    owner = _digest_of_person(person.tenant_pk, person.environment, person.username)
    LoginSession.objects.filter(person=owner, state=person.state).update(state=state)


def _tokens(person: Person, refresh_token: str, now: dt.datetime) -> SessionTokens:
    config = settings.GATEWAY
    tokens = PersonTokens(config.login_token_keys, config.login_token_seconds)
    lifetime: int = config.login_refresh_seconds
    return SessionTokens(person, tokens.issue(person, now), refresh_token, tokens.seconds, lifetime)


def _expiry(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=settings.GATEWAY.login_refresh_seconds)


def _new_token(handle: str) -> tuple[str, str]:
    """Return a refresh token, and the digest of its secret."""
    secret = secrets.token_urlsafe(32)
    return f"{_MARK}{handle}.{secret}", _digest(secret)


def _parts(token: str) -> tuple[str, str] | None:
    """Return the digests of a token's handle and secret; None where it is no refresh token."""
    handle, dot, secret = token.removeprefix(_MARK).partition(".")
    if not token.startswith(_MARK) or not dot or len(token) > _LONGEST:
        return None
    return _digest(handle), _digest(secret)


def _digest(text: str) -> str:
    """Return a SHA-256: what it is made of is random, there is nothing to guess."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest_of_person(tenant_pk: int, environment: str, username: str) -> str:
    return _digest(f"{tenant_pk}/{environment}/{username}")
