"""Bodies are bounded in bytes and in time on every path, and unread where there is no such path."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.fixtures.processes import Gateway, clean_environment

PATHS = (
    "/graphql",
    "/t/x/graphql",
    "/manage/graphql",
    "/admin/login/",
    "/healthz",
    "/t/x/schema.json",
)
NOWHERE = ("/nothing-here", "/x", "/static/nothing.js", "/graphql/", "/t/x", "/manage/graphql/x")
CHUNK = b"10000\r\n" + b"a" * 65536 + b"\r\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A gateway whose requests have a second, and bodies 100 kB."""
    folder = tmp_path_factory.mktemp("small")
    environment = clean_environment(
        GATEWAY_DATA_DIR=str(folder),
        GATEWAY_DEADLINE_MS="1000",
        GATEWAY_BODY_LIMIT_BYTES="100000",
    )
    found = Gateway(folder, environment)
    found.migrate()
    found.start()
    yield found
    found.stop()


def connect(gateway: Gateway) -> socket.socket:
    host, port = gateway.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    client.settimeout(10)
    return client


def head(path: str, *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def read_all(client: socket.socket) -> bytes:
    """Return all that comes until the server closes."""
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def status(answer: bytes) -> int:
    assert b"connection: close" in answer.lower(), answer
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("path", PATHS)
def test_an_announced_body_above_the_limit(small, path: str) -> None:
    with connect(small) as client:
        client.sendall(head(path, "content-length: 300000000"))
        assert status(read_all(client)) == 413


@pytest.mark.parametrize(
    ("path", "expected"), [*((p, 413) for p in PATHS), *((p, 404) for p in NOWHERE)]
)
def test_a_chunked_body_without_end(small, path: str, expected: int) -> None:
    """The client goes on sending for a while after the answer, and still gets to read it."""
    with connect(small) as client:
        client.sendall(head(path, "transfer-encoding: chunked") + CHUNK * 3)
        client.recv(1, socket.MSG_PEEK)  # the answer is here
        client.sendall(CHUNK * 3)
        assert status(read_all(client)) == expected


@pytest.mark.parametrize(
    ("path", "expected"), [*((p, 408) for p in PATHS), *((p, 404) for p in NOWHERE)]
)
@pytest.mark.parametrize("first", [b"", b"{"], ids=["nothing", "one byte"])
def test_a_body_that_does_not_come(small, path: str, expected: int, first: bytes) -> None:
    with connect(small) as client:
        client.sendall(head(path, "content-length: 1000") + first)
        assert status(read_all(client)) == expected


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("way", ["content-length: 1000", "transfer-encoding: chunked"])
def test_a_body_that_is_dribbled(small, path: str, way: str) -> None:
    piece = b"1\r\na\r\n" if "chunked" in way else b"a"
    with connect(small) as client:
        client.sendall(head(path, way))
        client.settimeout(0.1)
        answer = b""
        for _ in range(60):
            client.sendall(piece)
            try:
                answer = client.recv(65536)
                break
            except TimeoutError:
                continue
        assert status(answer) == 408


def test_no_body_is_asked_for_where_nothing_is(small) -> None:
    with connect(small) as client:
        client.sendall(head("/x", "content-length: 1000", "expect: 100-continue"))
        answer = read_all(client)
    assert b"100 Continue" not in answer
    assert status(answer) == 404


def test_a_page_that_is_not_there_leaves_the_connection(small) -> None:
    with httpx.Client() as client:
        found = [client.get(f"{small.url}/x") for _ in range(3)]
    assert [answer.status_code for answer in found] == [404] * 3
    assert not any("connection" in answer.headers for answer in found)


def test_a_redirect_to_the_path_with_a_slash(small) -> None:
    with connect(small) as client:
        client.sendall(head("/admin", "connection: close", method="GET"))
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 301")
    assert b"location: /admin/" in answer.lower()


def test_many_bodies_without_end_cost_neither_memory_nor_disk(small) -> None:
    """Thirty clients send as much as they can."""
    assert small.server is not None
    held = Path(f"/proc/{small.server.pid}/statm")
    before = int(held.read_text().split()[1])

    def send(path: str) -> int:
        with connect(small) as client:
            client.sendall(head(path, "transfer-encoding: chunked"))
            try:
                for _ in range(100):
                    client.sendall(CHUNK)
            except OSError:  # the server closed
                return 0
            return status(client.recv(65536))

    with ThreadPoolExecutor(10) as pool:
        found = set(pool.map(send, ["/admin/login/", "/x", "/graphql"] * 10))
    assert found <= {0, 404, 413}
    assert (int(held.read_text().split()[1]) - before) * 4096 < 60_000_000
    opened = [link for link in Path(f"/proc/{small.server.pid}/fd").iterdir() if link.is_symlink()]
    assert not [link for link in opened if "/tmp/tmp" in str(link.readlink())]


@pytest.mark.parametrize(
    "name", ["Authorization", "Host", "X-Tenant", "X-Environment", "X-Schema", "Content-Type"]
)
@pytest.mark.parametrize("path", ["/graphql", "/manage/graphql", "/admin/login/"])
def test_a_header_that_decides_comes_once(small, path: str, name: str) -> None:
    twice = [f"{name}: one", f"{name.lower()}: two"]
    with connect(small) as client:
        client.sendall(head(path, *twice, "content-length: 2") + b"{}")
        answer = read_all(client)
    assert status(answer) == 400
    assert name.lower().encode() in answer


@pytest.mark.parametrize(
    "headers",
    [
        ("content-length: 2", "content-length: 3"),
        ("content-length: 2", "content-length: 2"),
        ("content-length: 2", "transfer-encoding: chunked"),
        ("transfer-encoding: chunked", "transfer-encoding: chunked"),
        ("transfer-encoding: chunked, identity",),
        ("transfer-encoding: xchunked",),
        ("content-length: +2",),
        ("content-length: 2, 2",),
    ],
)
def test_no_doubt_where_a_body_ends(small, headers: tuple[str, ...]) -> None:
    """A proxy that read these another way would let a second request through unseen."""
    with connect(small) as client:
        client.sendall(head("/graphql", *headers) + b"{}\r\n0\r\n\r\n")
        assert status(read_all(client)) == 400


def test_headers_that_may_come_twice(small) -> None:
    with connect(small) as client:
        client.sendall(
            head("/healthz", "accept: a/b", "accept: c/d", "connection: close", method="GET")
        )
        assert status(read_all(client)) == 200
