"""Tokens of other issuers, without a server: who they speak for, and which open nothing."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time

import pytest

from dynamic_databases.aliases import Alias
from tenants.authentication.chain import authenticate
from tenants.authentication.issuers.authenticator import InvalidJwt, JwtAuthenticator, UnknownKey
from tenants.authentication.issuers.settings import read_issuers
from tenants.authentication.person_tokens import PersonTokens
from tenants.authentication.tokens import TokenAuthenticator
from tenants.errors import InvalidToken, IssuerUnavailable
from tenants.snapshot import DirectoryEntry, Snapshot
from tests.fixtures.forged_tokens import FORGED
from tests.fixtures.issuers import (
    claims_with,
    ec_key,
    ed_key,
    jwk_of,
    jwks_of,
    public_pem,
    rsa_key,
    setting,
    signed,
    token_with,
)

pytestmark = pytest.mark.pure
ACME = DirectoryEntry(1, "acme", "", "", {"production": Alias("D_7")}, domains=("shop.example",))
GLOBEX = DirectoryEntry(2, "globex", "", "", {"production": Alias("D_8")}, external_id="c7")
INITECH = DirectoryEntry(3, "initech", "", "", {}, external_id="77")
SNAPSHOT = Snapshot().with_tenants((), [ACME, GLOBEX, INITECH])
ONE_KEY = json.loads(jwks_of(jwk_of(rsa_key(), "one")))


def authenticator(**changes) -> JwtAuthenticator:
    source = {} if {"key_file", "jwks_url"} & changes.keys() else {"key": ONE_KEY}
    return JwtAuthenticator(read_issuers(setting(**source | changes)))


def ask(found: JwtAuthenticator, token: str, later: float = 0, snapshot: Snapshot = SNAPSHOT):
    now = dt.datetime.fromtimestamp(time.time() + later, dt.UTC)
    return found.authenticate({"authorization": f"Bearer {token}"}, snapshot, now)


def test_a_token_says_who_asks() -> None:
    principal = ask(authenticator(), token_with(environment="testing"))

    assert (principal.role, principal.tenant_pks, principal.environment) == (
        "reader",
        frozenset({1}),
        "testing",
    )
    assert principal.variables == {"x-gateway-user-id": "3"}
    assert "3" not in principal.name.split(":")  # it goes into keys of Redis


@pytest.mark.parametrize("attack", FORGED)
def test_a_forged_token_opens_nothing_and_learns_nothing(attack) -> None:
    """Each has the text of a token that is unknown."""
    chain = (PersonTokens([b"k" * 32], 300), authenticator(), TokenAuthenticator())
    headers = {"authorization": f"Bearer {FORGED[attack]()}"}

    with pytest.raises(InvalidToken) as refused:
        authenticate(chain, headers, SNAPSHOT, dt.datetime.now(dt.UTC))
    assert str(refused.value) == str(InvalidToken())


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("RS384", rsa_key()), ("PS256", rsa_key()), ("ES256", ec_key()), ("EdDSA", ed_key())],
)
@pytest.mark.parametrize("form", ["pem", "jwk", "jwks"])
def test_each_family_in_each_form(algorithm, key, form) -> None:
    jwk = jwk_of(key, "a", algorithm)
    given = {"pem": public_pem(key), "jwk": jwk, "jwks": {"keys": [jwk]}}[form]
    found = authenticator(algorithms=[algorithm], key=given)
    token = signed({"alg": algorithm, "kid": "a"}, claims_with(), key, algorithm)

    assert ask(found, token).role == "reader"


def test_a_secret() -> None:
    secret = "a secret that both sides have, of 32 bytes"
    found = authenticator(algorithms=["HS256"], key=secret)
    token = signed({"alg": "HS256"}, claims_with(), secret.encode(), "HS256")

    assert ask(found, token).role == "reader"
    with pytest.raises(InvalidJwt):
        ask(found, signed({"alg": "HS256"}, claims_with(), b"another" * 9, "HS256"))


def test_a_set_of_keys_of_several_families_is_chosen_by_id_and_algorithm() -> None:
    keys = {"keys": [jwk_of(rsa_key(), "a"), jwk_of(ec_key(), "b", "ES256")]}
    found = authenticator(algorithms=["RS256", "ES256"], key=keys)

    assert ask(found, signed({"alg": "ES256", "kid": "b"}, claims_with(), ec_key(), "ES256"))
    assert ask(found, signed({"alg": "ES256"}, claims_with(), ec_key(), "ES256"))  # one fits
    with pytest.raises(InvalidJwt):
        ask(found, signed({"alg": "ES256", "kid": "a"}, claims_with(), ec_key(), "ES256"))


def test_a_token_without_an_id_is_refused_where_two_keys_fit() -> None:
    keys = {"keys": [jwk_of(rsa_key(), "one"), jwk_of(rsa_key(1), "two")]}
    assert ask(authenticator(key=keys), token_with())
    with pytest.raises(InvalidJwt):
        ask(authenticator(key=keys), token_with(kid=None))


def test_issuers_do_not_speak_for_each_other() -> None:
    other = "https://other.example.com"
    issuers = [
        *json.loads(setting(key=public_pem(rsa_key()))),
        *json.loads(setting(issuer=other, key=public_pem(rsa_key(1)))),
    ]
    found = JwtAuthenticator(read_issuers(json.dumps(issuers)))

    assert ask(found, token_with(iss=other, key=rsa_key(1)))
    with pytest.raises(InvalidJwt):
        ask(found, token_with(iss=other))
    with pytest.raises(InvalidJwt):
        ask(found, token_with(key=rsa_key(1)))


@pytest.mark.parametrize("aud", ["gateway", ["other", "gateway"], "second"])
def test_one_of_several_audiences_is_enough(aud) -> None:
    assert ask(authenticator(audience=["gateway", "second"]), token_with(aud=aud))


def test_an_issuer_without_audiences_has_tokens_without_them() -> None:
    text = json.dumps([{**json.loads(setting(key=public_pem(rsa_key())))[0], "audience": None}])
    found = JwtAuthenticator(read_issuers(text))
    assert ask(found, token_with(aud=None))
    with pytest.raises(InvalidJwt):
        ask(found, token_with())


def test_clocks_may_differ_by_the_leeway() -> None:
    found = authenticator(leeway_s=60)
    early, late = token_with(nbf=int(time.time()) + 50), token_with(exp=int(time.time()) - 50)
    assert ask(found, early)
    assert ask(found, late)
    for token in (early, late):
        with pytest.raises(InvalidJwt):
            ask(authenticator(leeway_s=0), token)


def test_a_remembered_token_ends_when_it_says() -> None:
    found, token = authenticator(leeway_s=10), token_with(exp=int(time.time()) + 100)
    principal = ask(found, token)
    assert principal.expires_at.timestamp() == pytest.approx(time.time() + 110, abs=5)
    assert ask(found, token, later=105)
    with pytest.raises(InvalidJwt):
        ask(found, token, later=111)


def test_a_token_is_checked_once() -> None:
    found, token = authenticator(), token_with()

    def calls() -> set[str]:
        """Return the names of the functions that run when the token is asked."""
        names: set[str] = set()
        sys.setprofile(lambda frame, *_: names.add(frame.f_code.co_name))
        try:
            ask(found, token)
        finally:
            sys.setprofile(None)
        return names

    assert {"verify", "read_token"} <= calls()
    assert not {"verify", "read_token", "find"} & calls()


@pytest.mark.parametrize(
    ("tenant", "expected"),
    [
        ("acme", {1}),
        ("ACME", {1}),
        (["acme", "globex", "nobody"], {1, 2}),
        ("1", set()),  # the issuer's first tenant need not be ours
        (1, set()),
        ("c7", {2}),  # a controller's id
        (77, {3}),
        (None, set()),
        ([], set()),
        ("*", set()),
        ("shop.example", set()),  # a domain name is for hosts
        ("nobody", set()),
    ],
)
def test_a_token_opens_the_tenants_that_it_names(tenant, expected) -> None:
    principal = ask(authenticator(), token_with(tenant=tenant))

    assert principal.tenant_pks == expected
    assert not principal.is_operator


def test_a_tenant_that_comes_later_is_found_by_a_remembered_token() -> None:
    found, token = authenticator(), token_with(tenant="later")
    assert ask(found, token).tenant_pks == frozenset()
    later = SNAPSHOT.with_tenants((), [DirectoryEntry(9, "later", "", "", {})])
    assert ask(found, token, snapshot=later).tenant_pks == {9}


@pytest.mark.parametrize("text", ["", "Basic YTpi", "Bearer tgw_abc", "Bearer"])
def test_other_credentials_are_left_to_others(text) -> None:
    now = dt.datetime.now(dt.UTC)
    assert authenticator().authenticate({"authorization": text}, SNAPSHOT, now) is None


def test_keys_that_were_never_read_are_no_refusal(tmp_path) -> None:
    """A client must not throw away a token that is good."""
    found = authenticator(jwks_url="http://127.0.0.1:9/jwks.json")
    with pytest.raises(UnknownKey) as unknown:
        ask(found, token_with())
    unknown.value.keys.ask()  # nobody listens there
    with pytest.raises(IssuerUnavailable):
        ask(found, token_with())


def test_a_withdrawn_key_ends_its_tokens(tmp_path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(jwks_of(jwk_of(rsa_key(), "one"), jwk_of(rsa_key(1), "two")))
    found = authenticator(key_file=str(file))
    (keys,) = found.keys
    keys.refresh()
    old, new = token_with(), token_with(kid="two", key=rsa_key(1))
    assert ask(found, old) and ask(found, new)

    version = found.keys_version
    file.write_bytes(jwks_of(jwk_of(rsa_key(1), "two"), jwk_of(rsa_key(2), "three")))
    keys.refresh()
    assert found.keys_version != version
    assert ask(found, new) and ask(found, token_with(kid="three", key=rsa_key(2)))
    with pytest.raises(InvalidJwt):
        ask(found, old)
