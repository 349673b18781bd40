"""Whatever becomes of a request, its place and its connection are free again."""

from __future__ import annotations

import http.client
import json
import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import Gateway, wait_for
from tests.fixtures.vendors import POSTGRESQL, SQLITE, present

SETTINGS = {"GATEWAY_DEADLINE_MS": "55000", "GATEWAY_METRICS": "everyone"}
SQL = "CREATE TABLE note (id INTEGER PRIMARY KEY, name VARCHAR(5));"
# The second insert fails, so that the first is rolled back.
FAILS = (
    'mutation($n: String) { a: insertNoteOne(object: {id: 1, name: "x"}) { id } b: '
    "insertNoteOne(object: {id: 2, name: $n}) { id } }"
)
ROWS = "mutation($o: [NoteInsertInput!]!) { insertNote(objects: $o) { affectedRows } }"


def send(gateway: Gateway, token: str, query: str, variables: dict) -> http.client.HTTPConnection:
    """Send a request and return its connection, from which nothing was read yet."""
    client = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    body = json.dumps({"query": query, "variables": variables})
    client.request("POST", "/t/notes/graphql", body, headers)
    return client


def gauges(gateway: Gateway) -> dict[str, int]:
    text = httpx.get(f"{gateway.url}/metrics").text
    found = re.findall(r"^gateway_(\w+) (\S+)$", text, re.MULTILINE)
    return {name: int(float(number)) for name, number in found}


def is_all_free(gateway: Gateway) -> bool:
    """Nothing runs or waits, and no connection is counted but those that are idle."""
    found = gauges(gateway)
    return not (found["running_requests"] or found["waiting_requests"]) and (
        found["database_connections"] == found["idle_database_connections"]
    )


def test_clients_that_go_away_during_a_rollback(gateway_with, proxy_to) -> None:
    """More of them than the server may have connections."""
    gateway = gateway_with(**SETTINGS, GATEWAY_SERVER_CONNECTIONS="3")
    url = make_url(present(POSTGRESQL), SQL)
    proxy = proxy_to(url)
    token = gateway.add_tenant("notes", proxy.url(url))
    for _ in range(3):  # compiled and prepared, so that the event loop asks
        assert gateway.ask("/t/notes/graphql", "{ note { id } }", token).status_code == 200
        with closing(send(gateway, token, FAILS, {"n": "too long"})) as client:
            assert b"BAD_USER_INPUT" in client.getresponse().read()

    proxy.silent_after = b"ROLLBACK"
    for number in range(1, 6):
        client = send(gateway, token, FAILS, {"n": "too long"})
        wait_for(lambda number=number: proxy.silenced == number)
        client.close()
        wait_for(lambda: is_all_free(gateway))
    proxy.silent_after = b""

    assert gateway.ask("/t/notes/graphql", "{ note { id } }", token).json() == {
        "data": {"note": []}
    }
    gateway.stop()
    drop_database(url)


def test_clients_that_go_away_while_a_file_is_written(gateway_with) -> None:
    """The last row has the first one's key: all are rolled back, whenever the client goes."""
    gateway = gateway_with(**SETTINGS, GATEWAY_BODY_LIMIT_BYTES="4000000")
    folder = gateway.folder / "databases"
    folder.mkdir(exist_ok=True)
    path = Path(make_url(SQLITE, SQL).removeprefix("sqlite:///")).rename(folder / "n.sqlite3")
    token = gateway.add_tenant("notes", f"sqlite:///{path}")
    objects = [{"id": n, "name": "x"} for n in [*range(10_000), 0]]
    journal = Path(f"{path}-journal")

    for _ in range(2):
        client = send(gateway, token, ROWS, {"o": objects})
        wait_for(journal.exists)
        client.close()
        wait_for(lambda: is_all_free(gateway))

    assert execute(f"sqlite:///{path}", "SELECT count(*) FROM note") == [(0,)]
    assert gateway.ask("/t/notes/graphql", "{ note { id } }", token).json() == {
        "data": {"note": []}
    }


def test_a_page_that_asks_a_silent_database(gateway_with, proxy_to) -> None:
    """Its deadline passes and ends its wait: its thread and its connection are free again."""
    gateway = gateway_with(**SETTINGS, GATEWAY_PAGE_DEADLINE_MS="8000")
    url = make_url(present(POSTGRESQL), SQL)
    proxy = proxy_to(url)
    operator = gateway.add_tenant("notes", proxy.url(url))

    proxy.silent_after = b"pg_"
    refresh = 'mutation { refreshSchema(database: "notes") { name } }'
    assert gateway.ask("/manage/graphql", refresh, operator).status_code == 503
    assert proxy.silenced
    wait_for(lambda: is_all_free(gateway))
    proxy.silent_after = b""
    answer = gateway.ask("/manage/graphql", refresh, operator).json()
    assert answer == {"data": {"refreshSchema": {"name": "notes"}}}
    gateway.stop()
    drop_database(url)
