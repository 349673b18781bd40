"""Secrets that commands read from standard input, by real processes."""

from __future__ import annotations

import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.processes import ROOT, Gateway, clean_environment


@pytest.fixture
def installed(tmp_path: Path) -> Gateway:
    gateway = Gateway(tmp_path, clean_environment(GATEWAY_DATA_DIR=str(tmp_path)))
    gateway.migrate()
    (tmp_path / "databases").mkdir(exist_ok=True)
    sqlite3.connect(tmp_path / "databases" / "books.sqlite3").close()
    return gateway


def run(gateway: Gateway, *arguments: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=gateway.environment,
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_a_url_comes_from_standard_input(installed: Gateway) -> None:
    done = run(installed, "database", "add", "books", "-", given=b"sqlite:///books.sqlite3\n")
    assert done.returncode == 0, done.stderr
    assert b"0 tables" in done.stdout


@pytest.mark.parametrize("given", [b"", b"\n", b"\xff\n"])
def test_standard_input_that_holds_nothing(installed: Gateway, given: bytes) -> None:
    done = run(installed, "database", "add", "books", "-", given=given)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr


def test_a_token_is_revoked_by_standard_input(installed: Gateway) -> None:
    token = installed.operator
    done = run(installed, "token", "revoke", "-", given=token.encode())
    assert done.returncode == 0 and b"revoked" in done.stdout


def test_a_terminal_does_not_echo(installed: Gateway) -> None:
    url = b"sqlite:///books.sqlite3"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        command = [sys.executable, "manage.py", "database", "add", "books", "-"]
        os.execve(sys.executable, command, installed.environment)
    shown = b""
    while b": " not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, url + b"\n")
    try:
        while part := os.read(terminal, 1024):
            shown += part
    except OSError:  # the other end was closed
        pass
    assert os.waitpid(pid, 0)[1] == 0
    assert b"0 tables" in shown and url not in shown
