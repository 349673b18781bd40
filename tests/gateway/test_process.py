"""An operator's day with real commands and a real server that is never restarted."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import Gateway, clean_environment, wait_for
from tests.fixtures.vendors import SQLITE

SQL = (
    "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(40)); "
    "INSERT INTO book VALUES (1, 'One');"
)


@pytest.fixture
def url(vendor, gateway: Gateway):
    """A database outside the gateway: a file below the SQLite root, or one on the server."""
    if vendor is SQLITE:
        yield _file(gateway, "books")
    else:
        made = make_url(vendor, SQL)
        yield made
        drop_database(made)


def test_a_tenant_from_nothing_and_away_again(gateway: Gateway, vendor, url: str) -> None:
    assert (
        gateway.ask("/t/books/graphql", "{ book { title } }").json()["errors"][0]["extensions"][
            "code"
        ]
        == "UNAUTHENTICATED"
    )

    assert "1 tables" in gateway.manage("database", "add", "books", url)
    token = gateway.command_all(
        ("tenant", "add", "books", "--domain", "books.example.com"),
        ("tenant", "attach", "books", "production", "books"),
        ("token", "create", "books", "--role", "admin"),
    )[-1]

    answer = gateway.ask("/t/books/graphql", "{ book { title } }", token)
    assert answer.json() == {"data": {"book": [{"title": "One"}]}}
    assert "type Book" in gateway.manage("export_schema", "books")
    if vendor is not SQLITE:
        assert execute(url, vendor.sessions)[0][0] > 0

    gateway.manage("database", "remove", "books", "--force")
    wait_for(
        lambda: gateway.ask("/t/books/graphql", "{ book { title } }", token).status_code == 503,
        seconds=5,
    )
    answer = gateway.ask("/t/books/graphql", "{ book { title } }", token)
    assert answer.json()["errors"][0]["extensions"]["code"] == "TENANT_UNAVAILABLE"
    if vendor is not SQLITE:
        wait_for(lambda: execute(url, vendor.sessions) == [(0,)])
    assert gateway.stop() == 0


def test_a_command_that_cannot_be_done_ends_with_its_reason_alone(tmp_path: Path) -> None:
    """The reasons are held in `test_commands.py`; here are the exit code and what is printed."""
    gateway = Gateway(tmp_path, clean_environment(GATEWAY_DATA_DIR=str(tmp_path)))
    gateway.migrate()
    away = ("database", "add", "x", "postgresql://u:hunter2@127.0.0.1:1/x")
    printed = gateway.manage(*away, fails=True)
    assert "can't be reached" in printed
    assert "Traceback" not in printed and "hunter2" not in printed
    assert gateway.manage("database", "list") == ""
    assert "GATEWAY_DEMO" in gateway.manage("demo", fails=True)


def test_a_revoked_token_opens_nothing(gateway: Gateway) -> None:
    token = gateway.command_all(
        ("tenant", "add", "acme"),
        ("token", "create", "acme", "--role", "admin", "--expires", "1h"),
    )[-1]
    assert gateway.ask("/graphql", "{ __typename }", token).status_code == 503  # no database yet

    assert token not in gateway.manage("token", "list", "--json")
    gateway.manage("token", "revoke", token[:12])
    wait_for(lambda: gateway.ask("/graphql", "{ __typename }", token).status_code == 401, seconds=5)


def test_no_thread_keeps_the_control_database_open(gateway: Gateway) -> None:
    """Eight threads read catalogs at once; each asks the control database for its settings."""
    names = [f"books{number}" for number in range(8)]
    token = gateway.operator
    for name in names:
        gateway.register(token, name, _file(gateway, name))
    gateway.stop()
    gateway.start()  # nothing is known of any catalog
    with ThreadPoolExecutor(len(names)) as pool:
        paths = [f"/t/{name}/graphql" for name in names]
        asked = [pool.submit(gateway.ask, path, "{ book { title } }", token) for path in paths]
        assert all("data" in one.result().json() for one in asked)

    assert gateway.server is not None
    files = Path(f"/proc/{gateway.server.pid}/fd")

    def are_few() -> bool:
        opened = [link for link in files.iterdir() if link.is_symlink()]
        return sum("control.sqlite3" in str(link.readlink()) for link in opened) <= 3

    wait_for(are_few, seconds=5)


def _file(gateway: Gateway, name: str) -> str:
    path = gateway.folder / "databases" / f"{name}.sqlite3"
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SQL)
    return f"sqlite:///{path}"


@pytest.mark.parametrize("workers", [1, 2])
def test_the_server_reads_no_standard_input(gateway: Gateway, workers: int) -> None:
    """A driver may: MariaDB's client asks a person there where its server wants a dialog."""
    gateway.stop()
    reading, writing = os.pipe()
    gateway.stdin = reading
    try:
        gateway.start(workers=workers)
        assert gateway.server is not None
        for pid in (gateway.server.pid, *gateway.workers()):
            assert str(Path(f"/proc/{pid}/fd/0").readlink()) == os.devnull
    finally:
        os.close(reading)
        os.close(writing)


def test_a_worker_that_is_held_up_is_replaced_only_after_a_while(gateway_with) -> None:
    """It answers no ping of its supervisor, as a full collection or a busy machine can cause."""
    gateway = gateway_with(2)
    held, other = gateway.workers()
    os.kill(held, signal.SIGSTOP)
    time.sleep(7)  # one ping is missed after five seconds
    os.kill(held, signal.SIGCONT)
    assert set(gateway.workers()) == {held, other}

    os.kill(held, signal.SIGSTOP)
    wait_for(lambda: held not in gateway.workers() and len(gateway.workers()) == 2, seconds=60)
    assert other in gateway.workers()
