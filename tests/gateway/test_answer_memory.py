"""The memory that answers take in a worker is limited where they are read, on each vendor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import Gateway, clean_environment, wait_for
from tests.fixtures.vendors import MARIADB, MSSQL, SQLITE, Vendor

LIMIT = 4_000_000
VALUE, ABOVE = 5_000_000, 4_500_000  # what a row of SQLite may have, and a text above the limit
ROW = 300_000  # bytes of each of 200 texts: 15 times the limit
SQL = """CREATE TABLE folder (id INTEGER PRIMARY KEY, name VARCHAR(40));
CREATE TABLE note (id INTEGER PRIMARY KEY, folder INTEGER REFERENCES folder (id), body {text});
CREATE TABLE page (id INTEGER PRIMARY KEY, body {text});
CREATE TABLE item (id INTEGER PRIMARY KEY, body {text});
CREATE TABLE shelf (id INTEGER PRIMARY KEY);
CREATE TABLE book (id INTEGER PRIMARY KEY, shelf INTEGER REFERENCES shelf (id), title VARCHAR(40),
  body {text});
INSERT INTO shelf VALUES (1);
INSERT INTO folder VALUES (1, 'one');
INSERT INTO item VALUES (1, 'small');"""
WITHIN = 100_000  # bytes of each of 36 texts: their list is just below the limit
ONE = 3_900_000  # bytes of a text that is a list's only one: again just below the limit
LAST = "😀"  # of that text: with it, each character of a str takes four bytes
CODE = "QUERY_TOO_COMPLEX"

LIST = "{ note(limit: 200) { id body } }"
NESTED = "{ folder { name notes(limit: 200) { body } } }"
CONNECTION = "{ noteConnection(first: 200) { edges { cursor node { body } } } }"
PAGES = "{ folder { name notesConnection(first: 200) { edges { cursor node { body } } } } }"
ROOTS = f"{{ {' '.join(f'n{n}: noteByPk(id: {n}) {{ body }}' for n in range(1, 20))} }}"
LARGEST = "{ pageByPk(id: 1) { body } }"
FIGURE = "{ pageAggregate { aggregate { max { body } } } }"
GROUPS = "{ pageGroupBy(by: [body]) { keys { body } aggregate { count } } }"
ALIASES = " ".join(f"a{n}: body" for n in range(29))
READS = {
    "list": LIST,
    "nested": NESTED,
    "connection": CONNECTION,
    "pages": PAGES,
    "roots": ROOTS,
    "largest": LARGEST,
    "figure": FIGURE,
    "groups": GROUPS,
    "figures": "{ bookAggregate { aggregate { max { body } min { body } } } }",
    "aliases": f"{{ item(where: {{id: {{_gt: 10}}}}, limit: 2) {{ {ALIASES} }} }}",
}
BELOW = (
    "{ item { body } }",
    "{ itemConnection { edges { node { body } } } }",
    "{ book { body } }",
    "{ bookByPk(id: 1) { body } }",
    "{ bookConnection { edges { node { body } } } }",
    "{ bookAggregate { nodes { body } } }",
    "{ bookAggregate { aggregate { max { body } } } }",
    "{ book(orderBy: {body: DESC}) { a: body } }",
    "{ shelf { books { body } } }",
    "{ shelf { booksConnection { edges { node { body } } } } }",
    "{ folder { notesConnection(first: 12) { edges { node { id body } } } } }",
)
GROUPED = "{ bookGroupBy(by: [body]) { keys { body } } }"
SMALL = "{ item(where: {id: {_eq: 1}}) { body } }"
PAGE = "updatePageByPk(pkColumns: {id: 2}, _set: {id: 9}) { body }"
WRITES = {
    "update one": f"mutation {{ {PAGE} }}",
    "update rows": (
        "mutation { updateNote(where: {}, _set: {folder: null}) { returning { body } } }"
    ),
    "delete rows": "mutation { deleteNote(where: {}) { returning { body } } }",
    "delete one": "mutation { deletePageByPk(id: 2) { body } }",
    "save": (
        'mutation { savePage(pkColumns: {id: 2}, _set: {body: "x"}) '
        "{ row { id } changes { before } } }"
    ),
    "changes": (
        'mutation { saveBook(pkColumns: {id: 1}, _set: {body: "x"}) { changes { before after } } }'
    ),
    "two": f'mutation {{ insertItemOne(object: {{id: 2, body: "x"}}) {{ id }} {PAGE} }}',
}

UPSERT = "onConflict: {constraint: bookPkey, updateColumns: [title]}"
RETURNED = tuple(
    f"mutation {{ {field} }}"
    for field in (
        'updateBookByPk(pkColumns: {id: 1}, _set: {title: "b"}) { body }',
        'updateBookByPk(pkColumns: {id: 1}, _set: {title: "b", shelf: null}) { body }',
        'updateBook(where: {}, _set: {title: "c"}) { returning { body } }',
        'saveBook(pkColumns: {id: 1}, _set: {title: "d"}) { row { body } changes { field } }',
        f'insertBookOne(object: {{id: 1, title: "e"}}, {UPSERT}) {{ body }}',
        f'insertBook(objects: [{{id: 1, title: "e"}}], {UPSERT}) {{ returning {{ body }} }}',
        "deleteBookByPk(id: 1) { body }",
        "deleteBook(where: {}) { returning { body } }",
    )
)


def text_of(vendor: Vendor, size: int) -> str:
    """Return an expression of a long text."""
    return f"printf('%.*c', {size}, 'x')" if vendor is SQLITE else f"repeat('x', {size})"


def fill(vendor: Vendor, url: str) -> None:
    """Store the rows beside the gateway, without its limits."""
    # A function of MariaDB makes no text above `max_allowed_packet`, 16 MB.
    largest = 15_000_000 if vendor is MARIADB else 60_000_000
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200) SELECT"
    execute(
        url, f"INSERT INTO note (id, folder, body) {numbers} n, 1, {text_of(vendor, ROW)} FROM c"
    )
    execute(
        url, f"INSERT INTO item {numbers} n + 10, {text_of(vendor, WITHIN)} FROM c WHERE n <= 36"
    )
    long = text_of(vendor, ONE)
    body = f"{long} || '{LAST}'" if vendor is SQLITE else f"concat({long}, '{LAST}')"
    execute(url, f"INSERT INTO book VALUES (1, 1, 'one', {body})")
    execute(url, f"INSERT INTO page VALUES (1, {text_of(vendor, largest)})")
    # SQLite writes no row above GATEWAY_SQLITE_VALUE_BYTES.
    largest = ABOVE if vendor is SQLITE else largest
    execute(url, f"INSERT INTO page VALUES (2, {text_of(vendor, largest)})")


@dataclass
class Tenant:
    """A tenant whose database has large texts, behind a worker of its own."""

    gateway: Gateway
    vendor: Vendor
    url: str
    token: str
    idle: int = 0  # bytes

    def ask(self, query: str) -> httpx.Response:
        """Return the answer; a mutation of `book` is rolled back."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if "mutation" in query and "Book" in query:
            headers["X-Dry-Run"] = "true"
        url = f"{self.gateway.url}/t/large/graphql"
        return httpx.post(url, json={"query": query}, headers=headers, timeout=30)

    def peak_of(self, query: str) -> tuple[httpx.Response, int]:
        """Return the answer, and how far memory rose above that of an idle worker.

        What the request before took, such as a connection that is closed, is given back first.
        """
        wait_for(lambda: resident(self.gateway, "VmRSS") < self.idle + LIMIT // 2)
        Path(f"/proc/{self.gateway.server.pid}/clear_refs").write_text("5")
        answer = self.ask(query)
        return answer, resident(self.gateway, "VmHWM") - self.idle

    def stored(self) -> list[tuple]:
        """Return what a mutation may change."""
        return [
            *execute(self.url, "SELECT id, folder, length(body) FROM note ORDER BY id"),
            *execute(self.url, "SELECT id, length(body) FROM page ORDER BY id"),
            *execute(self.url, "SELECT id FROM item ORDER BY id"),
            *execute(self.url, "SELECT id, length(body) FROM book ORDER BY id"),
        ]


def nodes_of(tenant: Tenant) -> str:
    """Return a query of all items by their ids: again an answer just below the limit."""
    items = tenant.ask("{ item { nodeId } }").json()["data"]["item"]
    ids = ", ".join(f'"{item["nodeId"]}"' for item in items)
    return f"{{ nodes(nodeIds: [{ids}]) {{ ... on Item {{ body }} }} }}"


def resident(gateway: Gateway, figure: str) -> int:
    status = Path(f"/proc/{gateway.server.pid}/status").read_text()
    return int(re.search(rf"{figure}:\s+(\d+) kB", status)[1]) * 1024


@pytest.fixture(scope="module")
def tenant(vendor, tmp_path_factory) -> Iterator[Tenant]:
    if vendor is MSSQL:
        pytest.skip("SQL Server's own process is needed for its texts")
    folder = tmp_path_factory.mktemp("answers")
    url = make_url(vendor, SQL.format(text="LONGTEXT" if vendor is MARIADB else "TEXT"))
    if vendor is SQLITE:
        root = folder / "databases"
        root.mkdir()
        url = f"sqlite:///{Path(url.removeprefix('sqlite:///')).rename(root / 'large.sqlite3')}"
    fill(vendor, url)
    settings = {
        "GATEWAY_ANSWER_LIMIT_BYTES": LIMIT,
        "GATEWAY_SQLITE_VALUE_BYTES": VALUE,
        "GATEWAY_DEADLINE_MS": 20_000,
        "GATEWAY_ANSWERS_LIMIT_BYTES": 2 * LIMIT,
        "GATEWAY_METRICS": "everyone",
    }
    texts = {name: str(value) for name, value in settings.items()}
    gateway = Gateway(folder, clean_environment(GATEWAY_DATA_DIR=str(folder), **texts))
    gateway.migrate()
    gateway.start()
    token = gateway.add_tenant("large", url)
    yield Tenant(gateway, vendor, url, token)
    gateway.stop()
    drop_database(url)


def says_why(answer: httpx.Response, vendor: Vendor) -> bool:
    """MariaDB's own maximum, `max_allowed_packet`, may come first."""
    own = vendor is MARIADB and "larger, than this database can take" in answer.text
    return own or "GATEWAY_ANSWER_LIMIT_BYTES" in answer.text


def test_no_request_takes_four_times_the_limit(tenant: Tenant) -> None:
    fresh = resident(tenant.gateway, "VmRSS")
    below = (*BELOW, nodes_of(tenant))
    for query in (*READS.values(), *below, GROUPED):  # all is imported, compiled and connected
        tenant.ask(query)
    tenant.idle = resident(tenant.gateway, "VmRSS")
    assert tenant.idle - fresh < 4 * LIMIT  # nothing large is kept

    peaks = {}
    for name, query in READS.items():
        answer, peaks[name] = tenant.peak_of(query)
        assert answer.json()["errors"][0]["extensions"]["code"] == CODE, (name, answer.text[:300])
        assert says_why(answer, tenant.vendor), (name, answer.text[:300])
        assert tenant.ask(SMALL).json() == {"data": {"item": [{"body": "small"}]}}
    for query in below:
        answer, peaks[query[:80]] = tenant.peak_of(query)
        assert len(answer.content) > 3_600_000, answer.text[:300]
    answer, peaks["grouped"] = tenant.peak_of(GROUPED)
    if tenant.vendor is SQLITE:  # it copies what it groups by
        assert says_why(answer, tenant.vendor), answer.text[:300]
    else:
        assert len(answer.content) > 3_600_000, answer.text[:300]
    print(tenant.vendor.name, {name: f"{peak / LIMIT:.2f}" for name, peak in peaks.items()})
    assert max(peaks.values()) < 4 * LIMIT, peaks


def test_a_mutation_whose_answer_is_too_large_writes_nothing(tenant: Tenant) -> None:
    before = tenant.stored()
    for query in WRITES.values():
        assert "errors" in tenant.ask(query).json()
    tenant.idle = resident(tenant.gateway, "VmRSS")
    peaks = {}
    for name, query in WRITES.items():
        answer, peaks[name] = tenant.peak_of(query)
        assert answer.json()["errors"][0]["extensions"]["code"] == CODE, (name, answer.text[:300])
        assert says_why(answer, tenant.vendor), (name, answer.text[:300])
        assert tenant.stored() == before, name
    print(tenant.vendor.name, {name: f"{peak / LIMIT:.2f}" for name, peak in peaks.items()})
    assert max(peaks.values()) < 4 * LIMIT, peaks
    done = 'mutation { insertItemOne(object: {id: 5, body: "x"}) { id } }'
    assert tenant.ask(done).json() == {"data": {"insertItemOne": {"id": 5}}}


def test_a_mutation_that_answers_one_large_text_takes_no_four_times_the_limit(
    tenant: Tenant,
) -> None:
    for query in RETURNED:
        tenant.ask(query)
    tenant.idle = resident(tenant.gateway, "VmRSS")
    peaks = {}
    for query in RETURNED:
        answer, peaks[query] = tenant.peak_of(query)
        assert len(answer.content) > 3_600_000, (query, answer.text[:300])
    print(tenant.vendor.name, {query: f"{peak / LIMIT:.2f}" for query, peak in peaks.items()})
    assert max(peaks.values()) < 4 * LIMIT, peaks


def test_many_large_answers_at_once_share_a_budget(tenant: Tenant) -> None:
    tenant.ask(BELOW[0])
    tenant.idle = resident(tenant.gateway, "VmRSS")
    Path(f"/proc/{tenant.gateway.server.pid}/clear_refs").write_text("5")
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(tenant.ask, [BELOW[0], LIST] * 10))

    codes = {error["extensions"]["code"] for a in answers for error in a.json().get("errors", ())}
    assert codes <= {CODE, "OVERLOADED", "TIMEOUT"}
    assert CODE in codes
    assert sum("errors" not in answer.json() for answer in answers) >= 2
    peak = resident(tenant.gateway, "VmHWM") - tenant.idle
    print(tenant.vendor.name, f"{peak / LIMIT:.2f}", codes)
    # 12 requests at a time, and up to four times what each may read without a reservation.
    assert peak < 4 * 2 * LIMIT + 12 * 4 * 1_000_000, peak
    figures = httpx.get(f"{tenant.gateway.url}/metrics").text
    assert "\ngateway_large_answer_bytes 0.0\n" in figures
    assert tenant.ask(SMALL).json() == {"data": {"item": [{"body": "small"}]}}
