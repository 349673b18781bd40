"""GATEWAY_JWT: what is taken, and words for what isn't."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization

from gateway.checks import check_issuers
from gateway.config import InvalidSetting, load_config
from tenants.authentication.issuers.claims import HasuraClaims
from tenants.authentication.issuers.settings import read_issuers
from tests.fixtures.issuers import ec_key, jwk_of, public_pem, rsa_key, setting

pytestmark = pytest.mark.pure
URL = "https://id.example.com/jwks.json"
SECRET = "s" * 32


def private_pem() -> str:
    return (
        rsa_key()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def test_an_issuer() -> None:
    (found,) = read_issuers(setting(jwks_url=URL, claims="hasura", leeway_s=5))

    assert (found.issuer, found.audiences) == ("https://id.example.com", ("gateway",))
    assert (found.algorithms, found.jwks_url, found.leeway_seconds) == (("RS256",), URL, 5.0)
    assert isinstance(found.claims, HasuraClaims)
    assert read_issuers("") == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": None}, "issuer is missing"),
        ({"issuer": ""}, "issuer must be the text"),
        ({"audience": None}, "audience is missing; null where its tokens have none"),
        ({"audience": []}, "audience must be"),
        ({"audience": 1}, "audience must be"),
        ({"audiance": "x"}, "'audiance' is unknown; there are issuer, audience"),
        ({"algorithms": None}, "algorithms is missing"),
        ({"algorithms": []}, "algorithms must be a list of HS256"),
        ({"algorithms": "RS256"}, "algorithms must be a list"),
        ({"algorithms": ["none"]}, "algorithms must be a list"),
        ({"algorithms": ["RS256", "HS256"]}, "mixes HS"),
        ({"key": public_pem(rsa_key())}, "give one of key, key_file, jwks_url"),
        ({"jwks_url": None}, "give one of key, key_file, jwks_url"),
        ({"jwks_url": "file:///etc/passwd"}, "jwks_url must be an address"),
        ({"jwks_url": "https://user:pw@id.example.com/"}, "no user, password"),
        ({"jwks_url": "id.example.com"}, "jwks_url must be an address"),
        ({"algorithms": ["HS256"]}, "jwks_url gives public keys"),
        ({"leeway_s": -1}, "leeway_s must be a number of seconds from 0 to 300"),
        ({"leeway_s": True}, "leeway_s must be"),
        ({"claims": "auth0"}, 'claims must be "hasura", or an object'),
        ({"claims": {"role": "$.role"}}, "tenant is missing"),
        ({"claims": {"tenant": "$.tenant"}}, "name role or allowed_roles"),
        ({"claims": {"tenant": "tenant", "role": "$.role"}}, r"tenant must be a path such as \$"),
        ({"claims": {"tenant": "$", "role": "$.role"}}, "tenant must be a path"),
        ({"claims": {"tenant": "$.a..b", "role": "$.role"}}, "tenant must be a path"),
        ({"claims": {"tenant": 7, "role": "$.role"}}, "tenant must be a path"),
        ({"claims": {"tenant": "$.t", "role": "$.r", "user": "$.sub"}}, "'user' is none of role"),
        ({"claims": {"tenant": "$.t", "role": "$.r", "X-Gateway-Role": "$.r"}}, "is none of role"),
    ],
)
def test_what_is_wrong_is_said(changes, words) -> None:
    with pytest.raises(ValueError, match=f"issuer 1: .*{words}"):
        read_issuers(setting(**{"jwks_url": URL} | changes))


@pytest.mark.parametrize(
    ("algorithm", "key", "words"),
    [
        ("HS256", "s" * 31, "at least 32 bytes"),
        ("HS512", "s" * 63, "at least 64 bytes"),
        ("HS256", public_pem(rsa_key()), "no key for HS256"),
        ("HS256", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB", "it is a public key"),
        ("RS256", SECRET, "neither PEM .* nor a JSON Web Key"),
        ("RS256", private_pem(), "a private key stays with its issuer"),
        ("RS256", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no public key"),
        ("RS256", public_pem(ec_key()), "no key for RS256"),
        ("ES384", public_pem(ec_key()), "no key for ES384"),  # of another curve
        ("RS256", public_pem(rsa_key(0, 1024)), "no key for RS256"),
        ("RS256", jwk_of(rsa_key(), use="enc"), "no key for RS256"),
        ("RS256", jwk_of(rsa_key(), alg="RS512"), "no key for RS256"),
        ("RS256", {"keys": []}, "no key for RS256"),
        ("RS256", {"keys": "x"}, "must be a list"),
        ("RS256", {"keys": [{}] * 101}, "at most 100 keys"),
        ("RS256", "{", "begins like JSON"),
        ("RS256", 7, "key must be a text"),
    ],
)
def test_a_key_that_can_not_serve_is_refused_and_not_shown(algorithm, key, words) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        read_issuers(setting(algorithms=[algorithm], key=key))
    assert "AAAA" not in str(refused.value) and SECRET not in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path) -> None:
    with pytest.raises(ValueError, match="key_file can't be read: No such file"):
        read_issuers(setting(key_file=str(tmp_path / "none.pem")))


def test_a_line_end_after_a_secret_is_no_part_of_it(tmp_path) -> None:
    (tmp_path / "secret").write_text("s" * 31 + "\n")
    with pytest.raises(ValueError, match="at least 32 bytes"):
        read_issuers(setting(algorithms=["HS256"], key_file=str(tmp_path / "secret")))


def test_an_issuer_comes_once() -> None:
    one = json.loads(setting(jwks_url=URL))
    with pytest.raises(ValueError, match=r"'https://id\.example\.com' comes twice"):
        read_issuers(json.dumps(one * 2))


@pytest.mark.parametrize("text", ["{", "[1]", "7", '"x"', "[" * 100_000])
def test_what_is_no_list_of_objects(text) -> None:
    with pytest.raises(ValueError, match=r"no JSON|must be an object of issuer"):
        read_issuers(text)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        (URL, []),
        ("http://127.0.0.1:8080/jwks.json", []),
        ("http://[::1]/jwks.json", []),
        ("http://keycloak.auth.svc/jwks.json", ["gateway.W004"]),
    ],
)
def test_keys_over_plain_http_are_warned_of(settings, url, warned) -> None:
    issuers = read_issuers(setting(jwks_url=url))
    settings.GATEWAY = replace(settings.GATEWAY, jwt_issuers=issuers)
    assert [one.id for one in check_issuers()] == warned


def test_the_gateway_does_not_start_with_it_and_shows_no_key(tmp_path) -> None:
    given = {"GATEWAY_DATA_DIR": str(tmp_path)}
    with pytest.raises(InvalidSetting, match=r"GATEWAY_JWT: issuer 1: .*at least 32 bytes"):
        load_config(given | {"GATEWAY_JWT": setting(algorithms=["HS256"], key="short")})
    config = load_config(given | {"GATEWAY_JWT": setting(algorithms=["HS256"], key=SECRET)})
    assert SECRET not in repr(config)
