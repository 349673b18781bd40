"""A process that is asked to end goes out of service first, and cuts no request."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import threading
import time

import httpx
import pytest

from tests.fixtures.processes import Gateway, wait_for

DRAIN = "2"


def connect(gateway: Gateway) -> socket.socket:
    host, port = gateway.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    client.settimeout(10)
    return client


def ends(gateway: Gateway) -> int:
    assert gateway.server is not None
    return gateway.server.wait(timeout=20)


@pytest.mark.parametrize("workers", [1, 2])
def test_readiness_goes_first(gateway_with, workers: int) -> None:
    gateway = gateway_with(workers, GATEWAY_DRAIN_SECONDS=DRAIN)
    with httpx.Client() as client:
        assert "connection" not in client.get(f"{gateway.url}/readyz").headers
        started = time.monotonic()
        gateway.server.send_signal(signal.SIGTERM)
        wait_for(lambda: httpx.get(f"{gateway.url}/readyz").status_code == 503, seconds=5)

        assert httpx.get(f"{gateway.url}/readyz").json() == {"status": "stopping"}
        for path, status in (
            ("/healthz", 200),
            ("/admin/login/", 200),
            ("/graphql", 400),
            ("/x", 404),
        ):
            answer = httpx.get(gateway.url + path)  # over a connection made during the drain
            assert answer.status_code == status
            assert answer.headers["connection"] == "close"
        last = client.get(f"{gateway.url}/healthz")  # over the one that was idle
        assert last.headers["connection"] == "close"
    assert ends(gateway) == 0
    assert float(DRAIN) <= time.monotonic() - started < float(DRAIN) + 5 + 3  # the deadline is 5 s
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway.url}/healthz")


def test_an_idle_connection_stays_open_until_the_drain_is_over(gateway_with) -> None:
    gateway = gateway_with(GATEWAY_DRAIN_SECONDS=DRAIN)
    with connect(gateway) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        wait_for(lambda: b'"ok"' in idle.recv(4096))
        gateway.server.send_signal(signal.SIGTERM)
        idle.settimeout(float(DRAIN) / 2)
        with pytest.raises(TimeoutError):
            idle.recv(4096)
        idle.settimeout(10)
        assert idle.recv(4096) == b""
    assert ends(gateway) == 0


@pytest.mark.parametrize("drain", ["0", "1"])
def test_a_request_that_is_arriving_at_the_end_is_answered(gateway_with, drain: str) -> None:
    gateway = gateway_with(GATEWAY_DRAIN_SECONDS=drain)
    with connect(gateway) as late:
        late.sendall(b"GET /healthz HTTP/1.1\r\nhost: loc")
        time.sleep(0.3)  # nothing shows that the server has read half a head
        gateway.server.send_signal(signal.SIGTERM)
        time.sleep(float(drain) + 0.7)  # the drain is over by then
        late.sendall(b"alhost\r\n\r\n")
        answer = b"".join(iter(lambda: late.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer
    assert ends(gateway) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_signal_ends_it_at_once(gateway_with, workers: int) -> None:
    gateway = gateway_with(workers, GATEWAY_DRAIN_SECONDS="60")
    gateway.server.send_signal(signal.SIGTERM)
    wait_for(lambda: httpx.get(f"{gateway.url}/readyz").status_code == 503, seconds=5)
    children = gateway.workers() if workers > 1 else []

    gateway.server.send_signal(signal.SIGTERM)
    assert ends(gateway) == -signal.SIGTERM
    assert len(children) == (workers if workers > 1 else 0)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway.url}/healthz")


def test_a_signal_to_the_whole_group_drains_as_well(gateway_with) -> None:
    """systemd sends SIGTERM to each process; the supervisor sends its workers a second one."""
    gateway = gateway_with(2, GATEWAY_DRAIN_SECONDS=DRAIN)
    started = time.monotonic()
    for pid in gateway.workers():
        os.kill(pid, signal.SIGTERM)
    gateway.server.send_signal(signal.SIGTERM)
    time.sleep(1)  # well inside the drain, and long enough to end at a second signal
    assert httpx.get(f"{gateway.url}/healthz").status_code == 200
    assert ends(gateway) == 0
    assert time.monotonic() - started >= float(DRAIN)


class Balancer:
    """Sends each request to a gateway that was ready a moment ago; it never retries."""

    def __init__(self, gateways: list[Gateway]) -> None:
        self.urls = [gateway.url for gateway in gateways]
        self.ready = set(self.urls)
        self.failed: list[str] = []
        self.answered = 0
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._probe)]
        self._threads += [threading.Thread(target=self._ask) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def wait_for_answers(self) -> None:
        before = self.answered
        wait_for(lambda: self.answered > before + 50)

    def stop(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _probe(self) -> None:
        while not self._ending.wait(0.2):
            for url in self.urls:
                try:
                    is_ready = httpx.get(f"{url}/readyz", timeout=2).status_code == 200
                except httpx.TransportError:
                    is_ready = False
                (self.ready.add if is_ready else self.ready.discard)(url)

    def _ask(self) -> None:
        with httpx.Client(timeout=10) as client:
            for number in itertools.count():
                if self._ending.wait(0.02):
                    return
                ready = sorted(self.ready)
                if not ready:
                    self.failed.append("none is ready")
                    continue
                url = ready[number % len(ready)]
                try:
                    answer = client.post(
                        f"{url}/t/acme/graphql", json={"query": "{ book { title } }"}
                    )
                    answer.raise_for_status()
                    assert answer.json()["data"]["book"]
                    self.answered += 1
                except Exception as error:
                    self.failed.append(f"{type(error).__name__}: {error}")


def test_a_rolling_restart_cuts_no_request(gateway_with) -> None:
    settings = {"GATEWAY_DEMO": "1", "GATEWAY_DRAIN_SECONDS": DRAIN}
    first = gateway_with(**settings)
    first.manage("demo")
    gateways = [first, gateway_with(**settings)]
    for gateway in gateways:
        wait_for(
            lambda gateway=gateway: (
                "data" in gateway.ask("/t/acme/graphql", "{ book { title } }").json()
            )
        )
    balancer = Balancer(gateways)
    try:
        for gateway in gateways:
            balancer.wait_for_answers()
            port = int(gateway.url.rpartition(":")[2])
            assert gateway.stop() == 0
            gateway.start(port=port)
            wait_for(lambda gateway=gateway: gateway.url in balancer.ready)
        balancer.wait_for_answers()
    finally:
        balancer.stop()
    assert balancer.failed == []
    assert balancer.answered > 150
