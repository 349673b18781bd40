"""The HTTP doors: cross-site pages, closed schemas, metrics, log lines and an orderly end."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time

import httpx
import pytest

from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import on_sqlite

SMALL = "{ track(limit: 1) { name } }"
APP = "https://app.example.com"
LOCAL = {"host": "localhost:8000"}


def preflight(music, origin: str):
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    return music.request("OPTIONS", "/t/music/graphql", headers=asked)


@on_sqlite
def test_no_other_sites_page_reads_an_answer_by_default(music) -> None:
    reply = preflight(music, APP)

    assert reply.status == 204
    assert "access-control-allow-origin" not in reply.headers
    assert (
        "access-control-allow-origin"
        not in music.query("/t/music/graphql", SMALL, origin=APP).headers
    )


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (APP, True),
        ("https://APP.example.com", True),
        ("https://a.tenants.example.com", True),
        ("http://localhost:5173", True),
        ("https://example.com", False),
        ("http://app.example.com", False),
        ("https://app.example.com.evil.org", False),
        ("https://evil.org/?https://app.example.com", False),
        ("null", False),
        ("https://tenants.example.com.evil.org", False),
    ],
)
@on_sqlite
def test_pages_of_configured_origins(music_with, origin: str, allowed: bool) -> None:
    origins = (APP, "https://*.tenants.example.com", "http://localhost:5173")
    music = music_with(cors_origins=origins)

    answered = music.query("/t/music/graphql", SMALL, origin=origin)
    for reply in (preflight(music, origin), answered):
        found = reply.headers.get("access-control-allow-origin")
        assert found == (origin if allowed else None)
        assert "access-control-allow-credentials" not in reply.headers
    if allowed:
        taken = preflight(music, origin).headers["access-control-allow-headers"].split(", ")
        assert {"authorization", "x-role", "x-hasura-role"} <= set(taken)
        assert "x-request-id" in answered.headers["access-control-expose-headers"]


INTROSPECTION = "{ __schema { types { name } } }"


@on_sqlite
def test_locked_down(music_with) -> None:
    music = music_with(locked_down=True)

    assert music.query("/t/music/graphql", INTROSPECTION).code == "GRAPHQL_VALIDATION_FAILED"
    assert (
        music.query("/t/music/graphql", '{ __type(name: "Track") { name } }').code
        == "GRAPHQL_VALIDATION_FAILED"
    )
    assert music.query("/t/music/graphql", "{ __typename track(limit: 1) { __typename } }").data
    for name in ("schema.graphql", "schema.json"):
        refused = music.request("GET", f"/t/music/{name}")
        assert (refused.status, refused.code) == (403, "FORBIDDEN")
    page = music.request("GET", "/t/music/graphql", headers={"accept": "text/html"})
    assert "<html" not in page.body.decode()
    assert music.request("GET", "/graphiql/targets").status == 404
    for document in ("{ trak { name } }", "{ track { nam } }", "{ track(wher: {}) { name } }"):
        text = music.query("/t/music/graphql", document).body.decode()
        assert "track" not in text.lower().replace("'trak'", "").replace(
            "type 'track'", ""
        ).replace("'query.track'", "")
        assert "Did you mean" not in text
    wrong = music.query(
        "/t/music/graphql",
        "query($w: TrackBoolExp) { track(where: $w) { name } }",
        {"w": {"nam": {}}},
    )
    assert "Did you mean" not in wrong.body.decode()


@pytest.mark.parametrize("setting", ["introspection", "suggestions", "graphiql"])
@on_sqlite
def test_each_of_them_alone(music_with, setting: str) -> None:
    music = music_with(**{setting: False})

    page = music.request("GET", "/t/music/graphql", headers={"accept": "text/html"})
    assert ("<html" in page.body.decode()) is (setting != "graphiql")
    introspected = music.query("/t/music/graphql", INTROSPECTION).json
    assert ("data" in introspected) is (setting != "introspection")
    text = music.query("/t/music/graphql", "{ track { nam } }").body.decode()
    assert ("Did you mean" in text) is (setting != "suggestions")


@on_sqlite
def test_pages_bring_their_policy(music, client, admin_user) -> None:
    page = music.request("GET", "/t/music/graphql", headers={"accept": "text/html"})
    client.force_login(admin_user)
    admin = client.get("/admin/")

    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "default-src 'self'" in admin["Content-Security-Policy"]
    assert "unsafe-inline" not in admin["Content-Security-Policy"]
    for headers in (page.headers, {name.lower(): value for name, value in admin.items()}):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def metrics_of(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(figure) for name, _, figure in lines}


def test_figures(music, operator) -> None:
    for document in (SMALL, SMALL, "{ nope }"):
        music.query("/t/music/graphql", document)

    assert music.request("GET", "/metrics").status == 404  # a tenant's token
    music.token = operator
    found = metrics_of(music.request("GET", "/metrics").body.decode())
    assert found['gateway_requests_total{code="OK"}'] == 2
    assert found['gateway_requests_total{code="GRAPHQL_VALIDATION_FAILED"}'] == 1
    assert found["gateway_request_seconds_count"] == 3
    assert found["gateway_open_circuit_breakers"] == 0
    assert found["gateway_cached_schemas"] == 1
    assert not any("music" in name for name in found)


@pytest.mark.parametrize(
    ("who", "status"), [("everyone", 200), ("local", 404), ("operators", 404), ("off", 404)]
)
@on_sqlite
def test_who_may_see_the_figures(music_with, who: str, status: int) -> None:
    music = music_with(metrics=who)

    assert music.request("GET", "/metrics").status == status
    music.token = None
    here = music.request("GET", "/metrics", headers=LOCAL)
    assert here.status == (200 if who in ("everyone", "local") else 404)
    away = music.request("GET", "/metrics", headers=LOCAL, client="203.0.113.7")
    assert away.status == status


@pytest.fixture
def operator() -> str:
    from tenants.authentication.tokens import issue_token  # noqa: PLC0415 - used once

    return issue_token(None, "admin", None, None)


def test_readiness_tells_operators_of_each_tenant(music, operator) -> None:
    assert music.request("GET", "/readyz").json == {"status": "ready"}
    assert music.request("GET", "/readyz?exclude=control").json == {"status": "ready"}
    typo = music.request("GET", "/readyz?exclude=controll")
    assert typo.status == 400
    assert "/readyz?exclude=control" in typo.json["errors"][0]["message"]
    music.query("/t/music/graphql", SMALL)

    music.token = operator
    found = music.request("GET", "/readyz").json
    assert found["tenants"] == {"music": {"production": "serving"}}


def log_lines(capsys) -> list[dict]:
    return [
        json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")
    ]


def test_log_lines_are_one_event_each_and_hold_no_value(music_with, caplog) -> None:
    from gateway.log import JsonFormatter  # noqa: PLC0415 - used once

    music = music_with(log_requests=True, slow_ms=600_000)
    caplog.set_level("INFO")
    secret = 's3cret-value\n{"level": "forged"}\x1b[31m'
    query = "query Find($n: String) { track(where: {name: {_eq: $n}}) { name } }"
    reply = music.query("/t/music/graphql", query, {"n": secret})
    music.query(
        "/t/music/graphql", 'query A { track(where: {name: {_eq: "in-the-document"}}) { nope } }'
    )
    music.query("/t/music%0a{}/graphql", SMALL)

    lines = [
        JsonFormatter().format(record)
        for record in caplog.records
        if record.name.startswith("gateway")
    ]
    events = [json.loads(line) for line in lines]
    assert not any("\n" in line or "\x1b" in line for line in lines)
    assert not any("s3cret" in line or "in-the-document" in line for line in lines)
    answered = next(event for event in events if event["message"] == "request answered")
    assert answered["requestId"] == reply.headers["x-request-id"]
    assert answered["tenant"] == "music"
    assert answered["operation"] == ""
    assert len(answered["hash"]) == 16


def test_an_orderly_end(gateway_with) -> None:
    """What is under way is answered, nothing new is taken, and the process exits with 0."""
    gateway = gateway_with()
    address = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))) as slow:
        body = b'{"query": "{ __typename }"}'
        slow.sendall(
            (
                b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-"
                b"type: application/json\r\ncontent-length: %d\r\n\r\n"
            )
            % len(body)
        )
        time.sleep(0.3)  # nothing shows that the server has read a head
        threading.Timer(0.5, lambda: slow.sendall(body)).start()
        gateway.server.send_signal(signal.SIGTERM)
        slow.settimeout(10)
        assert slow.recv(100).startswith(b"HTTP/1.1 401")
    assert gateway.server.wait(timeout=15) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway.url}/healthz")


def test_several_workers_end_with_0_and_replace_one_that_dies(gateway_with) -> None:
    gateway = gateway_with(workers=2)
    victim = gateway.workers()[-1]

    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len(set(gateway.workers()) - {victim}) == 2, seconds=20)
    assert httpx.get(f"{gateway.url}/healthz").status_code == 200
    assert gateway.stop() == 0


@pytest.mark.parametrize("head", [b"", b"POST /graphql HTTP/1.1\r\nhost: x\r\n"])
def test_a_head_that_is_too_long(gateway_with, head: bytes) -> None:
    gateway = gateway_with()
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.settimeout(10)
        try:
            client.sendall(head or b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
            for _ in range(40):
                client.sendall(b"x-filler: " + b"a" * 4000 + b"\r\n")
            answer = client.recv(200)
        except ConnectionError:  # it hung up while we were sending
            return
    assert answer.startswith(b"HTTP/1.1 431")
