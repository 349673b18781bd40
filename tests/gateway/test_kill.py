"""A process that is killed between two statements of a mutation leaves the database as it was."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import Gateway, wait_for
from tests.fixtures.vendors import SQLITE, connect_mariadb, on_servers, on_sqlite

SQL = """CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(40));
INSERT INTO book VALUES (1, 'One'), (2, 'Two');"""


@pytest.fixture
def gateway(gateway_with) -> Gateway:
    """A gateway that is killed long before a deadline passes, however busy the machine is."""
    return gateway_with(GATEWAY_DEADLINE_MS="55000")


@pytest.fixture
def books(vendor, gateway: Gateway):
    """A tenant `books` of a running gateway: the database's URL, and a token."""
    url = make_url(vendor, SQL)
    if vendor is SQLITE:
        folder = gateway.folder / "databases"
        folder.mkdir(exist_ok=True)
        url = f"sqlite:///{Path(url.removeprefix('sqlite:///')).rename(folder / 'books.sqlite3')}"
    token = gateway.add_tenant("books", url)
    assert gateway.ask("/t/books/graphql", "{ book { id } }", token).status_code == 200
    yield url, token
    drop_database(url)


def connect(url: str) -> Any:
    """Return a connection whose statements are a transaction."""
    if url.startswith("postgresql"):
        return psycopg.connect(url)
    connection = connect_mariadb(url)
    connection.autocommit(False)
    return connection


def sending(
    gateway: Gateway, token: str, query: str, variables: dict
) -> tuple[threading.Thread, list]:
    """Send a request from a thread; what came of it is in the list at the end."""
    outcome: list = []

    def send() -> None:
        body = json.dumps({"query": query, "variables": variables})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        try:
            outcome.append(
                httpx.post(
                    f"{gateway.url}/t/books/graphql", content=body, headers=headers, timeout=30
                )
            )
        except httpx.TransportError as error:
            outcome.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    return thread, outcome


def kill(gateway: Gateway) -> None:
    gateway.server.kill()
    gateway.server.wait(timeout=20)
    gateway.server = None


@on_servers  # SQLite has one writer: nothing can wait inside a transaction
def test_killed_while_the_second_statement_waits(gateway: Gateway, vendor, books) -> None:
    url, token = books
    query = """mutation { a: updateBookByPk(pkColumns: {id: 1}, _set: {title: "x"}) { id }
        b: updateBookByPk(pkColumns: {id: 2}, _set: {title: "y"}) { id } }"""

    with closing(connect(url)) as other:
        other.cursor().execute("UPDATE book SET title = 'mine' WHERE id = 2")
        thread, outcome = sending(gateway, token, query, {})
        wait_for(lambda: execute(url, vendor.waiting) == [(1,)])
        kill(gateway)
        other.rollback()
    thread.join()

    assert isinstance(outcome[0], httpx.TransportError)
    wait_for(lambda: execute(url, vendor.waiting) == [(0,)])
    assert execute(url, "SELECT title FROM book ORDER BY id") == [("One",), ("Two",)]


@on_sqlite  # its journal file tells that the transaction is under way
def test_killed_in_the_middle_of_many_inserts(gateway: Gateway, vendor, books) -> None:
    url, token = books
    journal = Path(url.removeprefix("sqlite:///") + "-journal")
    query = "mutation($o: [BookInsertInput!]!) { insertBook(objects: $o) { affectedRows } }"
    objects = [{"title": f"book {i}"} for i in range(30_000)]

    thread, outcome = sending(gateway, token, query, {"o": objects})
    wait_for(journal.exists)
    kill(gateway)
    thread.join()

    assert isinstance(outcome[0], httpx.TransportError)
    assert execute(url, "SELECT count(*) FROM book") == [(2,)]
