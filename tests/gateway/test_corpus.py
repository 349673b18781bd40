"""Hostile requests against a running demo: each gets its right answer, and nothing leaks."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.fixtures.processes import Gateway
from tests.gateway.corpus.documents import DOCUMENTS
from tests.gateway.corpus.requests import BODIES, OBJECT, RAW, REQUESTS

MEGABYTES = 100
LEAKS = re.compile(
    r"Traceback|File \"|SELECT |sqlite3|OperationalError|/work|/tmp|/"
    r"home|site-packages|\.sqlite|psycopg|hunter2|secret\.key|DYNAMIC_DATABASE"
)


@pytest.fixture(scope="module")
def demo(demo_gateway: Gateway) -> Gateway:
    """A running demo that has built its schema."""
    ask(demo_gateway, "{ contact(limit: 1) { firstName } }", None)
    return demo_gateway


def ask(gateway: Gateway, query: str, variables: Any) -> httpx.Response:
    body = json.dumps({"query": query, "variables": variables}).encode()
    return send(gateway, "POST", "/t/acme/graphql", body, {"content-type": "application/json"})


def send(
    gateway: Gateway, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> httpx.Response:
    with httpx.Client(timeout=20) as client:
        request = client.build_request(method, gateway.url + "/", content=body)
        request.url = request.url.copy_with(raw_path=path.encode())
        for name, value in headers.items():
            request.headers[name] = value
        if "content-type" not in headers and "content-type" in request.headers:
            del request.headers["content-type"]
        return client.send(request)


@contextmanager
def bounded_memory(gateway: Gateway, what: str) -> Iterator[None]:
    """Check that the server's memory grows by MEGABYTES at most, at its peak."""
    assert gateway.server is not None
    process = Path(f"/proc/{gateway.server.pid}")
    (process / "clear_refs").write_text("5")  # resets the peak
    before = memory(process, "VmRSS")
    yield
    assert memory(process, "VmHWM") - before < MEGABYTES, what


def memory(process: Path, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+)", (process / "status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def check_no_leak(text: str, said: str = "") -> None:
    """What only the server knows isn't in `text`; what the caller `said` may be quoted."""
    found = [leak for leak in LEAKS.findall(text) if leak not in said]
    assert not found, (found, text[:500])


@pytest.mark.parametrize(
    ("document", "variables", "code"), DOCUMENTS, ids=[str(n) for n in range(len(DOCUMENTS))]
)
def test_documents(demo: Gateway, document: str, variables: Any, code: str) -> None:
    with bounded_memory(demo, document):
        reply = ask(demo, document, variables)
    answer = reply.json()
    found = {error["extensions"]["code"] for error in answer.get("errors", ())} or {"OK"}
    assert found == {code}, (document[:200], answer)
    assert reply.status_code in (200, 400), answer
    if "errors" in answer:
        check_no_leak(reply.text, said=document)


@pytest.mark.parametrize(
    ("content_type", "body", "status"), BODIES, ids=[str(n) for n in range(len(BODIES))]
)
def test_bodies(demo: Gateway, content_type: str | None, body: bytes, status: int) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    with bounded_memory(demo, repr(body[:60])):
        reply = send(demo, "POST", "/t/acme/graphql", body, headers)
    assert reply.status_code == status, (body[:100], reply.text[:300])
    check_no_leak(reply.text)


@pytest.mark.parametrize(
    ("path", "headers", "method", "status"), REQUESTS, ids=[str(n) for n in range(len(REQUESTS))]
)
def test_requests(
    demo: Gateway, path: str, headers: dict[str, str], method: str, status: int
) -> None:
    body = None if method == "GET" else OBJECT
    with bounded_memory(demo, path):
        reply = send(
            demo,
            method,
            quote(path, safe="/?%&=;"),
            body,
            {"content-type": "application/json", **headers},
        )
    assert reply.status_code == status, (path[:100], headers, reply.text[:300])
    check_no_leak(reply.text)


@pytest.mark.parametrize(("raw", "status"), RAW, ids=[str(n) for n in range(len(RAW))])
def test_bytes_that_are_no_request(demo: Gateway, raw: bytes, status: int | None) -> None:
    with bounded_memory(demo, repr(raw[:60])):
        host, port = demo.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode() if status else b""), answer[:200]
    assert bool(answer) is (status is not None), answer[:200]
    check_no_leak(answer.decode("latin-1"))


def test_afterwards_it_still_serves(demo: Gateway) -> None:
    assert ask(demo, "{ contact(limit: 1) { firstName } }", None).json()["data"]["contact"]
