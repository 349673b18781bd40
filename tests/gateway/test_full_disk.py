"""A control database on SQLite whose disk is full: a real one of a few megabytes."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.fixtures.processes import Gateway, clean_environment, wait_for

TOKENS = (
    "from tenants.authentication.tokens import issue_token;"
    "print(*(issue_token(None, 'admin', None, None) for _ in range(4)))"
)

# SQLite's error says which it is only where the database itself has no room, not its journal.
FULL = re.compile("no space left on its disk|its disk may be full")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Write until there is no room for a single byte."""
    with (folder / "filler").open("ab", buffering=0) as file:
        for size in (65_536, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


def test_tokens_are_revoked_although_the_disk_is_full(small_disk, tmp_path) -> None:  # noqa: PLR0915
    gateway = Gateway(tmp_path, clean_environment(GATEWAY_DATA_DIR=str(small_disk)))
    gateway.manage("migrate", "--verbosity", "0")
    operator, *tokens = gateway.manage("shell", "--no-imports", "-c", TOKENS).split()[-4:]
    gateway.start()
    names = iter(range(10_000))

    def manage(query: str, token: str = operator) -> httpx.Response:
        return gateway.ask("/manage/graphql", query, token)

    def add() -> httpx.Response:
        return manage(
            f'mutation {{ addTenant(slug: "t{next(names)}", name: "{"n" * 190}") {{ slug }} }}'
        )

    def is_refused(token: str) -> bool:
        return manage("{ __typename }", token).status_code == 401

    try:
        assert (small_disk / "control.sqlite3.reserve").stat().st_size == 1_000_000
        assert add().status_code == 200
        fill(small_disk)
        wait_for(lambda: add().status_code == 503)  # the journal has some room at first
        answer = add().json()
        assert FULL.search(answer["errors"][0]["message"])
        assert manage("{ __typename }").status_code == 200

        revoked = manage(f'mutation {{ revokeToken(token: "{tokens[0][:12]}") }}').json()
        assert revoked == {"data": {"revokeToken": True}}
        wait_for(lambda: is_refused(tokens[0]))

        (small_disk / "filler").unlink()
        gateway.manage("token", "list")  # the start of a process keeps room again
        fill(small_disk)
        wait_for(lambda: add().status_code == 503)
        assert "revoked" in gateway.manage("token", "revoke", tokens[1][:12])
        wait_for(lambda: is_refused(tokens[1]))

        fill(small_disk)  # nothing is kept any more
        wait_for(lambda: add().status_code == 503)
        printed = gateway.manage("token", "revoke", tokens[2][:12], fails=True)
        assert "Nothing was revoked" in printed
        assert FULL.search(printed)
        assert not is_refused(tokens[2])
        (small_disk / "filler").unlink()
        gateway.manage("token", "revoke", tokens[2][:12])
        wait_for(lambda: is_refused(tokens[2]))
    finally:
        gateway.stop()
