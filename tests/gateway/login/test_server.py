"""What log-ins do to the rest of the server: nothing, however long a hash takes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx

from gateway.login.hashing import WAITING
from tests.fixtures.processes import Gateway, wait_for
from tests.gateway.login.browsers import Browser


def test_hashes_that_take_for_ever_hold_neither_requests_nor_the_end_up(
    gateway_with, tmp_path: Path
) -> None:
    hashes, hold = tmp_path / "hashes", tmp_path / "hashes.hold"
    gateway: Gateway = gateway_with(
        GATEWAY_DEMO="1",
        DJANGO_SETTINGS_MODULE="tests.gateway.login.counting_settings",
        LOGIN_HASHES=str(hashes),
    )
    hold.touch()

    def log_in(number: int) -> int:
        with Browser(gateway.url, "127.0.9.1") as browser:
            return browser.log_in(f"name {number}", "guess").status_code

    with ThreadPoolExecutor(20) as pool:
        pending = [pool.submit(log_in, number) for number in range(3 + 1 + WAITING)]
        first = as_completed(pending)
        assert {next(first).result() for _ in range(3)} == {503}  # the queue is full

        wait_for(lambda: hashes.exists() and hashes.read_text())
        assert len(hashes.read_text().splitlines()) == 1  # one at a time
        assert httpx.get(f"{gateway.url}/readyz").status_code == 200
        assert httpx.get(f"{gateway.url}/admin/login/").status_code == 200
        assert gateway.ask("/t/nobody/graphql", "{ __typename }").status_code in (401, 404)
        assert sum(one.done() for one in pending) == 3

        assert gateway.stop() == 0
    process = int(hashes.read_text().split()[0])
    assert not Path(f"/proc/{process}").exists()
    hold.unlink()
