"""The doors of a running gateway: log-in, refresh, log-out, and what attackers send."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import jwt
import pytest

from gateway.config import load_config
from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import Gateway, clean_environment
from tests.fixtures.vendors import SQLITE
from tests.gateway.login.user_tables import PASSWORD, READERS, cheap, users_sql

ANN = {"username": "ann@example.com", "password": PASSWORD}
QUERY = "{ note { body } }"
_addresses = count(10)
_SET_UP = """
from django.core.management import call_command
from tenants.models import Role, TablePermission
call_command("database", "add", "shared", URL)
for slug in ("acme", "globex"):
    call_command("tenant", "add", slug)
    call_command("tenant", "attach", slug, "production", "shared")
for name in ("reader", "keeper"):
    role = Role.objects.create(name=name)
    TablePermission.objects.create(role=role, table="note", select_columns=["*"])
for slug in ("acme", "globex"):
    call_command("tenant", "users", slug, *OPTIONS)
"""


@dataclass
class Doors:
    """Two workers that serve acme and globex, which have the same people."""

    gateway: Gateway
    url: str  # of the database of both

    def post(self, path: str, body: object = None, **options) -> httpx.Response:
        """Send from an address that no other call uses: tries are counted for each."""
        address = f"127.0.8.{next(_addresses) % 240 + 10}"
        with httpx.Client(
            transport=httpx.HTTPTransport(verify=False, local_address=address)
        ) as client:
            content = {"json": body} if body is not None else {}
            return client.post(self.gateway.url + path, timeout=30, **content, **options)

    def log_in(self, path: str = "/t/acme/login") -> dict:
        answer = self.post(path, ANN)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refresh(self, token: str, path: str = "/t/acme/refresh") -> httpx.Response:
        return self.post(path, {"refresh_token": token})

    def ask(self, token: str, tenant: str = "acme") -> int:
        answer = self.gateway.ask(f"/t/{tenant}/graphql", QUERY, token)
        return answer.status_code


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def doors(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("doors")
    environment = clean_environment(
        GATEWAY_DATA_DIR=str(folder),
        GATEWAY_LOGIN_NAME_TRIES="1000",
        GATEWAY_SQLITE_ROOT=str(load_config().sqlite_root),
    )
    gateway = Gateway(folder, environment)
    gateway.migrate()
    vendor = SQLITE if request.param == "sqlite" else request.getfixturevalue(request.param)
    url = make_url(vendor, users_sql(vendor))
    script = _SET_UP.replace("URL", repr(url)).replace("OPTIONS", repr(READERS))
    gateway.manage("shell", "--no-imports", "-c", script)
    try:
        gateway.start(workers=2)
        yield Doors(gateway, url)
    finally:
        gateway.stop()
        drop_database(url)


# Where the vendor doesn't matter.
on_sqlite = pytest.mark.parametrize("doors", ["sqlite"], indirect=True, scope="module")


def test_a_token_opens_its_tenant_and_environment_alone(doors) -> None:
    answer = doors.post("/t/acme/login", ANN)
    tokens = answer.json()

    assert answer.headers["cache-control"] == "no-store"
    assert (answer.headers["x-tenant"], answer.headers["x-environment"]) == ("acme", "production")
    assert {name: tokens[name] for name in ("token_type", "expires_in", "role", "tenant")} == {
        "token_type": "Bearer",
        "expires_in": 300,
        "role": "reader",
        "tenant": "acme",
    }
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["variables"] == {"x-gateway-user-id": "1"}
    assert PASSWORD not in answer.text

    token = tokens["access_token"]
    assert doors.gateway.ask("/t/acme/graphql", QUERY, token).json()["data"]["note"]
    assert doors.gateway.ask("/graphql", QUERY, token).json()["data"]["note"]  # the token's own
    assert doors.ask(token, "globex") == 404
    assert doors.ask(token, "acme/testing") == 404
    hidden = doors.gateway.ask("/t/acme/graphql", "{ appUser { secret } }", token)
    assert hidden.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert doors.gateway.ask("/manage/graphql", "{ __typename }", token).status_code == 401
    assert doors.log_in("/t/acme/production/login")["environment"] == "production"


def test_a_refresh_token_is_good_once_and_a_replay_ends_the_session(doors) -> None:
    first = doors.log_in()
    other = doors.log_in()
    second = doors.refresh(first["refresh_token"]).json()
    assert doors.ask(second["access_token"]) == 200

    replayed = doors.refresh(first["refresh_token"])
    assert replayed.status_code == 401
    assert replayed.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert doors.refresh(second["refresh_token"]).status_code == 401
    assert doors.refresh(other["refresh_token"]).status_code == 200  # another session


def test_of_refreshes_at_one_moment_one_succeeds(doors) -> None:
    token = doors.log_in()["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(doors.refresh, [token] * 8))
    assert sorted(answer.status_code for answer in answers)[:2] <= [200, 401]
    assert [answer.status_code for answer in answers].count(200) <= 1
    for answer in answers:
        if answer.status_code == 200:
            assert doors.refresh(answer.json()["refresh_token"]).status_code == 401


def test_a_log_out_ends_the_session(doors) -> None:
    tokens = doors.log_in()
    assert doors.post("/t/globex/logout", {"refresh_token": tokens["refresh_token"]}).json() == {}
    tokens = doors.refresh(tokens["refresh_token"]).json()  # another tenant can't end it
    for _ in range(2):
        assert doors.post("/t/acme/logout", {"refresh_token": tokens["refresh_token"]}).json() == {}
    assert doors.refresh(tokens["refresh_token"]).status_code == 401


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("is_active = {false}", "is_active = {true}"),
        ("secret = '{other}'", "secret = '{own}'"),
        ("email = 'ann2@example.com'", "email = 'ann@example.com'"),
    ],
)
def test_a_changed_person_ends_the_session_at_once(doors, change, back) -> None:
    true, false = ("1", "0") if doors.url.startswith("sqlite") else ("true", "false")
    own = execute(doors.url, "SELECT secret FROM app_user WHERE id = 1")[0][0]
    words = {"true": true, "false": false, "other": cheap("another"), "own": own}
    tokens = doors.log_in()
    execute(doors.url, f"UPDATE app_user SET {change.format(**words)} WHERE id = 1")
    try:
        assert doors.refresh(tokens["refresh_token"]).status_code == 401
    finally:
        execute(doors.url, f"UPDATE app_user SET {back.format(**words)} WHERE id = 1")
    assert doors.refresh(tokens["refresh_token"]).status_code == 401  # it stays ended


def test_a_changed_configuration_ends_sessions_at_once(doors) -> None:
    tokens = doors.log_in("/t/globex/login")
    set_up = ("tenant", "users", "globex")
    doors.gateway.manage(*set_up, *READERS[:-1], "keeper")
    try:
        answer = doors.refresh(tokens["refresh_token"], "/t/globex/refresh")
        assert answer.status_code == 401
        assert doors.log_in("/t/globex/login")["role"] == "keeper"
    finally:
        doors.gateway.manage(*set_up, *READERS)


def test_tokens_of_another_tenant_are_unknown(doors) -> None:
    tokens = doors.log_in()
    assert doors.refresh(tokens["refresh_token"], "/t/globex/refresh").status_code == 401
    assert doors.refresh(tokens["refresh_token"], "/t/nobody/refresh").status_code == 401
    assert doors.refresh(tokens["refresh_token"]).status_code == 200


def test_an_unknown_name_tenant_and_a_wrong_password_answer_alike(doors) -> None:
    seen = set()
    for path, username in (
        ("/t/acme/login", "ann@example.com"),
        ("/t/acme/login", "nobody@example.com"),
        ("/t/acme/login", "twin@example.com"),
        ("/t/nobody/login", "ann@example.com"),
        ("/t/acme/nowhere/login", "ann@example.com"),
    ):
        answer = doors.post(path, {"username": username, "password": "wrong"})
        error = answer.json()["errors"][0]
        assert error["extensions"].pop("requestId") == answer.headers.pop("x-request-id")
        answer.headers.pop("date")
        answer.headers.pop("content-length")
        seen.add((answer.status_code, str(error), str(sorted(answer.headers.items()))))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 401


def _forged(token: str, header: dict, key: str = "", **claims: object) -> str:
    """Return a token with another header and other claims, signed by `key` where there is one."""
    given = jwt.decode(token, options={"verify_signature": False}) | claims
    own = jwt.get_unverified_header(token) | header
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in (own, given)
    ]
    if key:
        return jwt.encode(given, key, header.get("alg", "HS256"), own)
    return ".".join([*parts, token.split(".")[2] if header.get("alg") != "none" else ""])


def test_forged_tokens_open_nothing(doors) -> None:
    token = doors.log_in()["access_token"]
    weak = "a key of somebody else, " * 4
    for forged in (
        _forged(token, {"alg": "none"}),
        _forged(token, {"alg": "None"}, role="admin"),
        _forged(token, {}, role="admin"),
        _forged(token, {}, tenant=2),
        _forged(token, {}, weak),
        _forged(token, {"kid": "../../dev/null"}, weak),
        _forged(token, {"kid": ""}, weak),
        _forged(token, {"alg": "HS512"}, weak),
        _forged(token, {"crit": ["exp"], "exp": True}),
        _forged(token, {"typ": "JWT"}),
        _forged(token, {"jwk": {"kty": "oct", "k": "AAAA"}}, weak),
        token[:-2],
        token + ".x",
        "." + token,
        "..",
        "a.b.c",
        "x" * 50_000 + "." + "y" * 50 + ".z",
    ):
        assert doors.ask(forged) in (401, 431, 400), forged[:80]
    assert doors.ask(token) == 200


def test_an_expired_token_opens_nothing(doors) -> None:
    """Signed with the gateway's own key, as only a leak could."""
    key_file = doors.gateway.folder / "secret.key"
    keys = load_config({"GATEWAY_SECRET_KEYS": key_file.read_text(), "GATEWAY_DATA_DIR": "x"})
    token = doors.log_in()["access_token"]
    key = keys.login_token_keys[0]
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, key, algorithms=["HS256"], issuer="tenant-graphql-gateway")
    again = jwt.encode(claims, key, "HS256", header)
    expired = jwt.encode(claims | {"exp": claims["iat"] - 1}, key, "HS256", header)
    moved = jwt.encode(claims | {"database": "DYNAMIC_DATABASE_999"}, key, "HS256", header)
    assert doors.ask(again) == 200
    assert doors.ask(expired) == 401
    assert doors.ask(moved) == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"username": "ann@example.com"}', 400),
        (b'{"username": ["ann@example.com"], "password": "x"}', 400),
        (b'{"username": "ann\\u0000", "password": "x"}', 400),
        (b'{"username": "ann", "password": "x\\u0000"}', 400),
        (b'{"username": "\\ud800", "password": "x"}', 400),
        (b'{"username": "ann", "password": ""}', 400),
        (b'{"username": "ann", "password": "' + b"x" * 4097 + b'"}', 400),
        (b'{"username": "' + b"x" * 301 + b'", "password": "x"}', 400),
        (b'{"username": "ann", "password": "' + b"x" * 4096 + b'"}', 401),
        (b'{"username": "ann", "password": "' + b"x" * 20_000 + b'"}', 413),
        (b"[" * 10_000, 400),
    ],
)
@on_sqlite
def test_bodies_that_are_not_taken(doors, body, status) -> None:
    answer = doors.post("/t/acme/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert b"xxx" not in answer.content


@on_sqlite
def test_only_json_is_taken_by_post_alone(doors) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = doors.post(
            "/t/acme/login", content=json.dumps(ANN), headers={"Content-Type": media_type}
        )
        assert answer.status_code == 415
    answer = httpx.get(f"{doors.gateway.url}/t/acme/login")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert doors.post("/t/acme/nothing/at/login", ANN).status_code == 404


@on_sqlite
def test_too_many_tries_wait_in_all_processes(doors) -> None:
    guess = {"username": "zoe@example.com", "password": "wrong"}
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.7.1")) as client:
        statuses = [
            client.post(f"{doors.gateway.url}/t/acme/login", json=guess).status_code
            for _ in range(8)
        ]
        refused = client.post(f"{doors.gateway.url}/t/acme/login", json=guess)
    assert statuses[:5] == [401] * 5
    assert 429 in statuses
    if refused.status_code == 429:
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"


@on_sqlite
def test_a_database_that_is_gone_is_unavailable_and_no_session_ends(doors) -> None:
    tokens = doors.log_in()
    path = doors.url.removeprefix("sqlite:///")
    Path(path).rename(f"{path}.away")
    try:
        answers = [
            doors.post("/t/acme/login", ANN),
            doors.refresh(tokens["refresh_token"]),
        ]
    finally:
        Path(f"{path}.away").rename(path)
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "TENANT_UNAVAILABLE"


def test_the_log_holds_events_and_no_password(doors) -> None:
    doors.log_in()
    doors.post("/t/acme/login", {"username": "ann@example.com", "password": "a wrong guess"})
    log = (doors.gateway.folder / "server.log").read_text()
    assert "A person logged in." in log
    assert "A log-in of a person failed." in log
    assert PASSWORD not in log
    assert "a wrong guess" not in log
    assert "Traceback" not in log
