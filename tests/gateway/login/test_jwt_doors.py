"""A running gateway and issuers on loopback: what tokens open, and what no token opens."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from gateway.config import load_config
from tests.fixtures.databases import drop_database, make_url
from tests.fixtures.forged_tokens import FORGED
from tests.fixtures.issuers import (
    KeyServer,
    jwk_of,
    jwks_of,
    rsa_key,
    setting,
    token_with,
)
from tests.fixtures.processes import Gateway, clean_environment, wait_for
from tests.fixtures.vendors import SQLITE
from tests.gateway.login.user_tables import users_sql

NOTES = "{ note { body } }"
ROLES = """
roles:
  reader: {tables: {note: {select: {columns: "*", rows: {author: {_eq: X-Gateway-User-Id}}}}}}
  editor: {tables: {note: {select: {columns: "*"}}}}
"""
HASURA, LATE, SLOW, ROTATES = (
    f"https://{name}.example.com" for name in ("hasura", "late", "slow", "rotates")
)
NAMESPACE = "https://hasura.io/jwt/claims"
TOO_LONG = {"100 kB", "100 kB without a dot"}  # the server itself refuses such headers


@dataclass
class Doors:
    """A gateway with tenants acme and globex, and the servers of its issuers' keys."""

    gateway: Gateway
    keys: KeyServer
    late: KeyServer
    slow: KeyServer
    rotates: KeyServer
    go_on: threading.Event  # the slow server answers

    def ask(self, token: str, path: str = "/t/acme/graphql", **headers: str) -> httpx.Response:
        return httpx.post(
            self.gateway.url + path,
            json={"query": NOTES},
            headers={
                "Authorization": f"Bearer {token}",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            timeout=30,
        )

    def notes(self, token: str, path: str = "/t/acme/graphql", **headers: str) -> list[str]:
        answer = self.ask(token, path, **headers)
        assert answer.status_code == 200, answer.text
        return [row["body"] for row in answer.json()["data"]["note"]]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("jwt")
    keys, late, slow, rotates = (KeyServer() for _ in range(4))
    go_on = threading.Event()
    late.answer = lambda handler: handler.send_error(503)

    def wait(handler) -> None:
        go_on.wait(30)
        slow.give(handler)

    slow.answer = wait
    issuers = [
        *json.loads(setting(jwks_url=keys.url, claims=None)),
        *json.loads(setting(issuer=HASURA, jwks_url=keys.url, claims="hasura")),
        *json.loads(setting(issuer=LATE, jwks_url=late.url)),
        *json.loads(setting(issuer=SLOW, jwks_url=slow.url)),
        *json.loads(setting(issuer=ROTATES, jwks_url=rotates.url)),
    ]
    environment = clean_environment(
        GATEWAY_DATA_DIR=str(folder),
        GATEWAY_JWT=json.dumps(issuers),
        GATEWAY_SQLITE_ROOT=str(load_config().sqlite_root),
    )
    gateway = Gateway(folder, environment)
    gateway.migrate()
    (folder / "roles.yaml").write_text(ROLES)
    gateway.manage("role", "import", str(folder / "roles.yaml"))
    urls = [make_url(SQLITE, users_sql(SQLITE)) for _ in range(2)]
    try:
        gateway.start()
        for name, url in zip(("acme", "globex"), urls, strict=True):
            gateway.add_tenant(name, url)
        yield Doors(gateway, keys, late, slow, rotates, go_on)
    finally:
        go_on.set()
        gateway.stop()
        for server in (keys, late, slow, rotates):
            server.stop()
        for url in urls:
            drop_database(url)


def test_a_token_opens_its_tenant_alone(doors) -> None:
    token = token_with(role="editor")
    answer = doors.ask(token, "/graphql")  # the tenant is the token's own

    assert answer.json() == {"data": {"note": [{"body": "hers"}, {"body": "his"}]}}
    assert (answer.headers["x-tenant"], answer.headers["x-environment"]) == ("acme", "production")
    for path in ("/t/globex/graphql", "/t/acme/testing/graphql", "/t/nobody/graphql"):
        refused = doors.ask(token, path)
        assert refused.status_code == 404
        assert refused.json()["errors"][0]["extensions"]["code"] == "TENANT_NOT_FOUND"


def test_a_token_without_a_tenant_opens_none(doors) -> None:
    for tenant in (None, [], "*", "nobody"):
        for path in ("/graphql", "/t/acme/graphql"):
            assert doors.ask(token_with(tenant=tenant), path).status_code == 404


def test_a_token_of_two_tenants_opens_the_one_that_is_named(doors) -> None:
    token = token_with(tenant=["acme", "globex"], role="editor")
    assert doors.ask(token, "/t/acme/graphql").headers["x-tenant"] == "acme"
    assert doors.ask(token, "/graphql", X_Tenant="globex").headers["x-tenant"] == "globex"
    assert doors.ask(token, "/graphql").status_code == 404
    targets = httpx.get(
        f"{doors.gateway.url}/graphiql/targets", headers={"Authorization": f"Bearer {token}"}
    )
    assert [one["tenant"] for one in targets.json()] == ["acme", "globex"]


def test_an_environment_bounds_a_token(doors) -> None:
    assert doors.ask(token_with(environment="production")).status_code == 200
    assert doors.ask(token_with(environment="testing")).status_code == 404


def test_rows_are_those_of_the_claims(doors) -> None:
    assert doors.notes(token_with(sub="1")) == ["hers"]
    assert doors.notes(token_with(sub="2")) == ["his"]


def test_x_role_chooses_among_the_allowed_roles(doors) -> None:
    token = token_with(role="reader", allowed_roles=["reader", "editor"], sub="2")
    assert doors.notes(token) == ["his"]
    assert doors.notes(token, X_Role="editor") == ["hers", "his"]
    assert doors.notes(token, X_Hasura_Role="editor") == ["hers", "his"]
    assert doors.notes(token, X_Role="reader") == ["his"]
    for role in ("admin", "nobody", "Editor"):
        refused = doors.ask(token, X_Role=role)
        assert (refused.status_code, refused.json()["errors"][0]["message"]) == (
            403,
            f"This token doesn't have the role '{role}'; X-Role may name: editor, reader.",
        )
    assert doors.ask(token, X_Role="").status_code == 400
    assert doors.ask(token, X_Role="reader", X_Hasura_Role="editor").status_code == 400


def test_without_a_default_a_role_must_be_named(doors) -> None:
    token = token_with(role=None, allowed_roles=["reader", "editor"], sub="2")
    assert doors.notes(token, X_Role="reader") == ["his"]
    refused = doors.ask(token)
    assert refused.status_code == 403
    assert "name one in X-Role: editor, reader" in refused.text


def test_an_api_token_has_its_own_role_alone(doors) -> None:
    operator = doors.gateway.operator
    assert doors.notes(operator, X_Role="admin") == ["hers", "his"]
    assert doors.ask(operator, X_Role="editor").status_code == 403


def test_hasuras_claims(doors) -> None:
    claims = {
        "x-hasura-default-role": "reader",
        "x-hasura-allowed-roles": ["reader", "editor"],
        "x-hasura-user-id": "1",
        "x-hasura-tenant": "acme",
    }
    token = token_with(iss=HASURA, **{NAMESPACE: claims})
    assert doors.notes(token, "/graphql") == ["hers"]
    assert doors.notes(token, X_Hasura_Role="editor") == ["hers", "his"]
    untenanted = {name: value for name, value in claims.items() if name != "x-hasura-tenant"}
    assert doors.ask(token_with(iss=HASURA, **{NAMESPACE: untenanted})).status_code == 404


@pytest.mark.parametrize("attack", sorted(FORGED.keys() - TOO_LONG))
def test_a_forged_token_is_answered_as_an_unknown_one(doors, attack) -> None:
    seen = []
    for token in ("tgw_unknown", FORGED[attack]()):
        answer = doors.ask(token)
        body = answer.json()
        assert body["errors"][0]["extensions"].pop("requestId") == answer.headers["x-request-id"]
        changing = {"x-request-id", "date", "content-length"}
        headers = {name: value for name, value in answer.headers.items() if name not in changing}
        seen.append((answer.status_code, body, headers))
    assert seen[0] == seen[1]
    assert seen[0][0] == 401


@pytest.mark.parametrize("attack", sorted(TOO_LONG))
def test_a_token_that_is_too_long_for_a_header_is_refused(doors, attack) -> None:
    assert doors.ask(FORGED[attack]()).status_code in (401, 431)


def test_no_token_of_an_issuer_manages_anything(doors) -> None:
    token = token_with(role="admin", tenant=["acme"])
    assert doors.notes(token) == ["hers", "his"]  # a tenant's admin
    url, headers = doors.gateway.url, {"Authorization": f"Bearer {token}"}
    managed = httpx.post(
        f"{url}/manage/graphql", json={"query": "{ tenants { slug } }"}, headers=headers
    )
    assert managed.status_code == 401
    assert httpx.get(f"{url}/metrics", headers=headers).status_code == 404
    assert "tenants" not in httpx.get(f"{url}/readyz", headers=headers).json()


def test_keys_rotate_without_a_restart(doors) -> None:
    new = rsa_key(3)
    old_token = token_with(iss=ROTATES, sub="1")
    assert doors.notes(old_token) == ["hers"]

    doors.rotates.body = jwks_of(jwk_of(new, "three"))  # the old one is withdrawn
    new_token = token_with(iss=ROTATES, kid="three", key=new, sub="2")
    # A first request before the first reading has used up the one of these ten seconds.
    wait_for(lambda: doors.ask(new_token).status_code == 200, seconds=20)
    assert doors.notes(new_token) == ["his"]
    assert doors.ask(old_token).status_code == 401


def test_guesses_of_keys_ask_the_issuer_seldom(doors) -> None:
    before, began = doors.keys.asked, time.monotonic()
    guesses = [token_with(kid=f"guess {number}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(doors.ask, guesses))

    assert {answer.status_code for answer in answers} == {401}
    assert doors.keys.asked - before <= 2 * (1 + (time.monotonic() - began) // 10)  # two issuers
    assert doors.notes(token_with(sub="1")) == ["hers"]


def test_an_issuer_that_is_down_is_no_refusal_of_its_tokens(doors) -> None:
    token = token_with(iss=LATE, sub="1")
    refused = doors.ask(token)
    assert refused.status_code == 503
    assert refused.json()["errors"][0]["extensions"]["code"] == "TENANT_UNAVAILABLE"
    assert int(refused.headers["retry-after"]) >= 1

    doors.late.answer = None
    wait_for(lambda: doors.ask(token).status_code == 200, seconds=20)
    doors.late.answer = lambda handler: handler.send_error(503)
    assert doors.notes(token) == ["hers"]  # what was read counts while it is down
    assert doors.notes(token_with(iss=LATE, sub="2")) == ["his"]


def test_an_issuer_that_is_slow_holds_up_nobody_else(doors) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(doors.ask, token_with(iss=SLOW, sub=str(n))) for n in range(4)]
        wait_for(lambda: doors.slow.asked > 0, seconds=10)
        for number in range(10):
            assert doors.ask(token_with(jti=str(number))).status_code == 200
        assert doors.ask(doors.gateway.operator).status_code == 200
        assert not any(future.done() and future.result().status_code == 200 for future in waiting)
        doors.go_on.set()
        assert {future.result().status_code for future in waiting} <= {200, 503, 504}
    wait_for(lambda: doors.ask(token_with(iss=SLOW)).status_code == 200, seconds=20)


def test_the_log_says_why_and_holds_no_token(doors) -> None:
    token = token_with(aud="another audience", jti="a mark of this token")
    assert doors.ask(token).status_code == 401
    expired = token_with(exp=int(time.time()) - 3600)
    assert doors.ask(expired).status_code == 401
    log = (doors.gateway.folder / "server.log").read_text()

    assert "Audience doesn't match" in log
    assert "it has expired" in log
    assert token.split(".")[1] not in log and token.split(".")[2] not in log
    assert "a mark of this token" not in log
    assert "Traceback" not in log


def test_a_setting_that_can_not_serve_stops_the_start(tmp_path) -> None:
    environment = clean_environment(
        GATEWAY_DATA_DIR=str(tmp_path), GATEWAY_JWT=setting(jwks_url="id.example.com")
    )
    said = Gateway(tmp_path, environment).manage("check", fails=True)
    assert "GATEWAY_JWT: issuer 1: jwks_url must be an address such as" in said
