"""Access tokens of people, without a server: whose they are, and which are left to others."""

from __future__ import annotations

import datetime as dt

import jwt
import pytest

from dynamic_databases.aliases import Alias
from tenants.authentication.people import Person
from tenants.authentication.person_tokens import PersonTokens
from tenants.errors import Unauthenticated
from tenants.principals import Principal
from tenants.snapshot import DirectoryEntry, Snapshot

pytestmark = pytest.mark.pure
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32
ACME = DirectoryEntry(1, "acme", "", "", {"production": Alias("D_7"), "testing": Alias("D_8")})
SNAPSHOT = Snapshot().with_tenants((), [ACME])
ANN = Person(1, "acme", "production", Alias("D_7"), "ann", "reader", {"x-gateway-user-id": "3"})


def ask(tokens: PersonTokens, token: str, snapshot: Snapshot = SNAPSHOT, now=NOW):
    return tokens.authenticate({"authorization": f"Bearer {token}"}, snapshot, now)


def test_a_token_says_who_asks() -> None:
    tokens = PersonTokens([NEW_KEY], 300)
    principal = ask(tokens, tokens.issue(ANN, NOW))

    assert isinstance(principal, Principal)
    assert (principal.role, principal.tenant_pks, principal.environment) == (
        "reader",
        frozenset({1}),
        "production",
    )
    assert principal.variables == {"x-gateway-user-id": "3"}
    assert principal.expires_at == NOW + dt.timedelta(seconds=300)
    assert "ann" not in principal.name  # it goes into keys of Redis
    assert not principal.may_enter(1, "testing")
    assert not principal.may_enter(2, "production")


def test_keys_rotate() -> None:
    before, after = PersonTokens([OLD_KEY], 300), PersonTokens([NEW_KEY, OLD_KEY], 300)
    assert ask(after, before.issue(ANN, NOW)) == ask(before, before.issue(ANN, NOW))
    with pytest.raises(Unauthenticated, match="unknown or revoked"):
        ask(before, after.issue(ANN, NOW))


@pytest.mark.parametrize("seconds", [300, 301])
def test_a_token_ends(seconds) -> None:
    tokens = PersonTokens([NEW_KEY], 300)
    with pytest.raises(Unauthenticated, match="expired"):
        ask(tokens, tokens.issue(ANN, NOW), now=NOW + dt.timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "entries",
    [
        [],  # the tenant is gone, or inactive
        [DirectoryEntry(1, "acme", "", "", {})],  # out of service
        [DirectoryEntry(1, "acme", "", "", {"production": Alias("D_9")})],  # another database
    ],
)
def test_a_token_ends_with_its_database(entries) -> None:
    tokens = PersonTokens([NEW_KEY], 300)
    with pytest.raises(Unauthenticated, match="unknown or revoked"):
        ask(tokens, tokens.issue(ANN, NOW), Snapshot().with_tenants((), entries))


@pytest.mark.parametrize("token", ["tgw_abc", "", "a.b.c", jwt.encode({}, "k" * 32), "a.b"])
def test_tokens_of_other_kinds_are_left_to_others(token) -> None:
    assert ask(PersonTokens([NEW_KEY], 300), token) is None
    assert PersonTokens([NEW_KEY], 300).authenticate({}, SNAPSHOT, NOW) is None


def _signed(header: dict, **claims) -> str:
    token = PersonTokens([NEW_KEY], 300).issue(ANN, NOW)
    own = jwt.get_unverified_header(token) | header
    given = jwt.decode(token, options={"verify_signature": False, "verify_exp": False}) | claims
    return jwt.encode(given, NEW_KEY, "HS256", own)


@pytest.mark.parametrize(
    "token",
    [
        _signed({"kid": "another"}),
        _signed({}, iss="somebody else"),
        _signed({}, nbf=dt.datetime(2999, 1, 1, tzinfo=dt.UTC)),
    ],
)
def test_what_does_not_fit_is_refused(token) -> None:
    with pytest.raises(Unauthenticated, match="unknown or revoked"):
        ask(PersonTokens([NEW_KEY], 300), token)
