"""An operator's day with real commands and a real server that is never restarted."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import Gateway, wait_for
from tests.fixtures.vendors import SQLITE

SQL = "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(40)); INSERT INTO book VALUES (1, 'One');"


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
    gateway.manage("tenant", "add", "books", "--domain", "books.example.com")
    gateway.manage("tenant", "attach", "books", "production", "books")
    token = gateway.manage("token", "create", "books", "--role", "admin").splitlines()[-1]

    answer = gateway.ask("/t/books/graphql", "{ book { title } }", token)
    assert answer.json() == {"data": {"book": [{"title": "One"}]}}
    assert "type Book" in gateway.manage("export_schema", "books")
    if vendor is not SQLITE:
        assert execute(url, vendor.sessions)[0][0] > 0

    gateway.manage("database", "remove", "books")
    wait_for(
        lambda: gateway.ask("/t/books/graphql", "{ book { title } }", token).status_code == 404,
        seconds=5,
    )
    answer = gateway.ask("/t/books/graphql", "{ book { title } }", token)
    assert answer.json()["errors"][0]["extensions"]["code"] == "TENANT_NOT_FOUND"
    if vendor is not SQLITE:
        wait_for(lambda: execute(url, vendor.sessions) == [(0,)])
    assert gateway.stop() == 0


def test_commands_that_cannot_be_done_say_why(gateway: Gateway) -> None:
    assert "oracle:// is not known" in gateway.manage(
        "database", "add", "x", "oracle://db/x", fails=True
    )
    assert "GATEWAY_SQLITE_ROOT" in gateway.manage(
        "database", "add", "x", "sqlite:////etc/passwd", fails=True
    )
    assert "can't be reached" in gateway.manage(
        "database", "add", "x", "postgresql://u:hunter2@127.0.0.1:1/x", fails=True
    )
    mssql = "Server=tcp:db,1433;Initial Catalog=crm;User ID=sa;Password=hunter2"
    assert "can't be reached" in gateway.manage("database", "add", "x", mssql, fails=True)
    assert gateway.manage("database", "list") == ""
    assert "no tenant called nobody" in gateway.manage(
        "token", "create", "nobody", "--role", "admin", fails=True
    )
    assert "0-9" in gateway.manage("tenant", "add", "No Slug", fails=True)
    gateway.manage("tenant", "add", "acme")
    assert "no role called chief" in gateway.manage(
        "token", "create", "acme", "--role", "chief", fails=True
    )
    assert "90d" in gateway.manage(
        "token", "create", "acme", "--role", "admin", "--expires", "soon", fails=True
    )
    assert "no database called nope" in gateway.manage(
        "tenant", "attach", "acme", "production", "nope", fails=True
    )
    assert "GATEWAY_DEMO" in gateway.manage("demo", fails=True)


def test_a_revoked_token_opens_nothing(gateway: Gateway) -> None:
    gateway.manage("tenant", "add", "acme")
    token = gateway.manage(
        "token", "create", "acme", "--role", "admin", "--expires", "1h"
    ).splitlines()[-1]
    assert gateway.ask("/graphql", "{ __typename }", token).status_code == 404  # no database yet

    assert token not in gateway.manage("token", "list", "--json")
    gateway.manage("token", "revoke", token[:12])
    wait_for(lambda: gateway.ask("/graphql", "{ __typename }", token).status_code == 401, seconds=5)


def test_no_thread_keeps_the_control_database_open(gateway: Gateway) -> None:
    """Eight catalogs are read beside each other, each by a thread that asks the control database for its source."""
    names = [f"books{number}" for number in range(8)]
    token = gateway.manage("token", "create", "--operator", "--role", "admin").splitlines()[-1]
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
