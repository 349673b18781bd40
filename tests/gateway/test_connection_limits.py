"""Connections are bounded: of a process, and of one client address."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import httpx
import pytest

from tests.fixtures.processes import Gateway, wait_for

NAMED = {"GATEWAY_MAX_CLIENT_CONNECTIONS": "1", "GATEWAY_TRUSTED_PROXIES": "127.0.0.2"}


def connect(gateway: Gateway, source: str) -> socket.socket:
    host, port = gateway.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), source_address=(source, 0))
    client.settimeout(5)
    return client


def is_refused(client: socket.socket) -> bool:
    """Return whether the server answers 503 before any request; one that serves says nothing."""
    client.settimeout(0.2)
    try:
        answer = client.recv(4096)
    except TimeoutError:
        return False
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"connection: close" in answer
    return True


@pytest.mark.parametrize(
    ("settings", "sources", "refused"),
    [
        ({"GATEWAY_MAX_CONNECTIONS": "6"}, ["127.0.0.1"] * 8, 2),
        ({"GATEWAY_MAX_CONNECTIONS": "6"}, [f"127.0.0.{n}" for n in range(2, 10)], 2),
        ({"GATEWAY_MAX_CLIENT_CONNECTIONS": "6"}, ["127.0.0.2"] * 8, 2),
        ({"GATEWAY_MAX_CLIENT_CONNECTIONS": "6"}, ["127.0.0.2", "127.0.0.3"] * 6, 0),
        ({"GATEWAY_MAX_CLIENT_CONNECTIONS": "0"}, ["127.0.0.2"] * 20, 0),
        # A trusted proxy's connections are those of many clients.
        ({"GATEWAY_MAX_CLIENT_CONNECTIONS": "6"}, ["127.0.0.1"] * 8, 0),
        (NAMED, ["127.0.0.2"] * 3 + ["127.0.0.1"] * 3, 2),
    ],
)
def test_idle_connections(gateway_with, settings, sources: list[str], refused: int) -> None:
    gateway = gateway_with(**settings)
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(gateway, source)) for source in sources]
        assert [is_refused(client) for client in clients].count(True) == refused
    # Those that went are counted no more.
    wait_for(lambda: httpx.get(f"{gateway.url}/healthz").status_code == 200, seconds=5)


def test_connections_that_come_and_go_are_forgotten(gateway_with) -> None:
    gateway = gateway_with(
        GATEWAY_MAX_CLIENT_CONNECTIONS="4",
        GATEWAY_MAX_CONNECTIONS="4",
        GATEWAY_TRUSTED_PROXIES="none",
    )
    for _ in range(60):
        assert httpx.get(f"{gateway.url}/healthz").status_code == 200
