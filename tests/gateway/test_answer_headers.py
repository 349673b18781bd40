"""Each answer of a tenant's endpoint says whose it is, refusals too, and pages may read it."""

from __future__ import annotations

import socket
import sqlite3
from dataclasses import replace

import pytest

from tenants.authentication.tokens import issue_token
from tenants.models import Environment
from tests.fixtures.processes import Gateway, clean_environment
from tests.fixtures.vendors import SQLITE

APP = "https://app.example"
URL = "/t/music/graphql"
JSON = {"content-type": "application/json"}


def named(headers: dict[str, str]) -> tuple[str | None, str | None]:
    return headers.get("x-tenant"), headers.get("x-environment")


@pytest.fixture
def music(door, new_database, tenant_of):
    """A door whose tenant `music` has a small database; its token is sent by itself."""
    door.database = new_database(SQLITE, "CREATE TABLE note (id INTEGER PRIMARY KEY)")
    door.tenant, door.token = tenant_of("music", production=door.database)
    return door


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", URL, b"{", JSON, 400),
        ("POST", URL, b"{}", JSON, 400),
        ("POST", URL, b"", {"content-type": "text/plain"}, 415),
        ("POST", URL, b"", {"accept": "image/png"}, 406),
        ("PUT", URL, b"", {}, 405),
        ("POST", "/graphql", b"{", JSON, 400),
        ("POST", "/graphql", b"{", {**JSON, "x-tenant": "music"}, 400),
        ("POST", "/t/music/production/graphql", b"{", JSON, 400),
        ("POST", "/t/music/schema.graphql", b"", {}, 405),
        ("POST", "/common/schema.json?tenant=music", b"", {}, 405),
        ("POST", URL, b'{"query": "{"}', {**JSON, "x-schema": "mine"}, 400),
        ("GET", "/t/music/schema.graphql", b"", {"x-schema": "mine"}, 400),
    ],
)
def test_a_refusal_names_the_tenant(music, method, path, body, headers, status) -> None:
    reply = music.request(method, path, body, headers)
    assert (reply.status, *named(reply.headers)) == (status, "music", "production")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", URL),
        ("PUT", URL),
        ("POST", "/t/music/schema.json"),
        ("GET", "/t/music/schema.json"),
    ],
)
def test_strangers_learn_no_name(music, tenant_of, method, path) -> None:
    _, other = tenant_of("other")
    for token in ("nobody", other):
        reply = music.request(method, path, b"{", {"authorization": f"Bearer {token}"})
        assert reply.status in (400, 401, 404, 405, 415)
        assert named(reply.headers) == (None, None)


def test_a_token_of_one_environment_learns_nothing_of_another(music) -> None:
    testing, _ = Environment.objects.get_or_create(name="testing")
    music.token = issue_token(music.tenant, "admin", testing, None)

    assert named(music.request("PUT", "/t/music/production/graphql").headers) == (None, None)
    assert named(music.request("PUT", "/graphql").headers) == ("music", "testing")


@pytest.mark.parametrize(
    "path", [URL, "/t/music/schema.graphql", "/t/music/production/schema.json"]
)
def test_an_environment_out_of_service_is_named(music, path) -> None:
    music.database.unregister()

    reply = music.request("GET", path + "?query={a}", b"", {})
    assert (reply.status, *named(reply.headers)) == (503, "music", "production")


def test_introspection_that_is_off_names_the_tenant(settings, music) -> None:
    settings.GATEWAY = replace(settings.GATEWAY, introspection=False)
    reply = music.request("GET", "/t/music/schema.graphql")
    assert (reply.status, *named(reply.headers)) == (403, "music", "production")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A gateway with the tenant `acme`; requests have a second, bodies 1,000 bytes."""
    folder = tmp_path_factory.mktemp("served")
    environment = clean_environment(
        GATEWAY_DATA_DIR=str(folder),
        GATEWAY_DEADLINE_MS="1000",
        GATEWAY_BODY_LIMIT_BYTES="1000",
        GATEWAY_CORS_ORIGINS=APP,
    )
    gateway = Gateway(folder, environment)
    gateway.migrate()
    (folder / "databases").mkdir(exist_ok=True)
    sqlite3.connect(folder / "databases" / "acme.sqlite3").close()
    gateway.start()
    gateway.add_tenant("acme", "sqlite:///acme.sqlite3")
    (token,) = gateway.tokens_of("acme")
    # Another process made the token: a body that isn't taken is answered without a look for it.
    assert gateway.ask("/graphql", "{ __typename }", token).status_code == 200
    yield gateway, token
    gateway.stop()


@pytest.mark.parametrize(
    ("length", "status"), [("content-length: 5000", 413), ("content-length: 10", 408)]
)
@pytest.mark.parametrize("path", ["/t/acme/graphql", "/graphql", "/t/acme/schema.json"])
def test_a_body_that_is_not_taken(served, path: str, length: str, status: int) -> None:
    gateway, token = served
    for credential, expected in ((token, ("acme", "production")), ("nobody", (None, None))):
        headers = _headers_of(gateway, path, length, f"authorization: Bearer {credential}")
        assert headers[""].split()[1] == str(status)
        assert named(headers) == expected
        assert headers["access-control-allow-origin"] == APP
        assert "x-tenant" in headers["access-control-expose-headers"]
        assert headers["vary"] == "Origin"


def _headers_of(gateway: Gateway, path: str, *lines: str) -> dict[str, str]:
    """Send a request's head alone; return the answer's headers by name, its first line by ''."""
    host, port = gateway.url.removeprefix("http://").split(":")
    head = [f"POST {path} HTTP/1.1", "host: localhost", f"origin: {APP}", *lines, "", ""]
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall("\r\n".join(head).encode())
        answer = client.makefile("rb").read()
    first, *fields = answer.split(b"\r\n\r\n")[0].decode().split("\r\n")
    return {"": first} | {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in fields)
    }
