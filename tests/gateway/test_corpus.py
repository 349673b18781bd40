"""Hostile requests against a running demo: each gets its right answer, and nothing leaks."""

from __future__ import annotations

import gzip
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.fixtures.processes import Gateway

MEGABYTES = 100
LEAKS = re.compile(
    r"Traceback|File \"|SELECT |sqlite3|OperationalError|/work|/tmp|/"
    r"home|site-packages|\.sqlite|psycopg|hunter2|secret\.key|DYNAMIC_DATABASE"
)
WIDE = " ".join(f"f{number}: firstName" for number in range(29))
SYNTAX, INVALID, INPUT, LIMIT = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "QUERY_TOO_COMPLEX",
)


def deep(name: str, levels: int, leaf: str) -> str:
    return f"{{ {name} " * levels + leaf + " }" * levels


def bombs(levels: int) -> str:
    """Fragments that double at each level."""
    parts = [f"fragment f{n} on Contact {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    return (
        "{ contact { ...f0 } } "
        + " ".join(parts)
        + f" fragment f{levels} on Contact {{ firstName }}"
    )


# of a document: text, variables, the code that is right (OK: data alone)
DOCUMENTS: list[tuple[str, Any, str]] = [
    # syntax
    *[
        (text, None, SYNTAX)
        for text in (
            "{",
            "}",
            "{}",
            "{ contact { }",
            "{ contact( }",
            "{ contact(limit: ) { firstName } }",
            "query",
            "query {",
            "mutation M",
            "{ contact { firstName }",
            "{ ...}",
            "{ a: }",
            "{ contact(limit: 1 limit 2) { firstName } }",
            "query($) { contact { firstName } }",
            "query($a) { contact { firstName } }",
            "query($a: ) { contact { firstName } }",
            "fragment on on Contact { firstName }",
            '{ contact(where: {firstName: {_eq: "x}}) { firstName } }',
            '{ contact(where: {firstName: {_eq: """x}}) { firstName } }',
            '{ contact(where: {firstName: {_eq: "\\u{110000}"}}) { firstName } }',
            '{ contact(where: {firstName: {_eq: "\\uD800"}}) { firstName } }',
            "{ contact { firstName @ } }",
            "\x00",
            "{ contact { firstName } } \x07",
            "'{ contact }'",
            "{ contact(limit: 01) { firstName } }",
            "{ contact(limit: 1e) { firstName } }",
            "{ contact(limit: 1.) { firstName } }",
            "<script>alert(1)</script>",
            "SELECT * FROM contact",
            "]" * 500,
            "\\",
            "{ conta\u200bct { firstName } }",
            "schema { query: Query",
            "🦊",
        )
    ],
    # valid syntax, wrong document
    *[
        (text, None, INVALID)
        for text in (
            "{ nothing }",
            "{ contact }",
            "{ contact { nothing } }",
            "{ contact { firstName { x } } }",
            "{ __proto__ }",
            "{ constructor }",
            "{ contact { __class__ } }",
            "{ __schema }",
            "{ contact(nothing: 1) { firstName } }",
            '{ contact(limit: "1") { firstName } }',
            "{ contact(limit: 1, limit: 2) { firstName } }",
            "{ contact(limit: 99999999999999999999) { firstName } }",
            "{ contact(orderBy: [{nothing: ASC}]) { firstName } }",
            "{ contact(orderBy: [{firstName: SIDEWAYS}]) { firstName } }",
            "{ contact(where: {firstName: {_nothing: 1}}) { firstName } }",
            "{ contact(where: {__proto__: {_eq: 1}}) { firstName } }",
            "{ contact { ...missing } }",
            "fragment F on Contact { firstName } { contact { firstName } }",
            "fragment F on Contact { ...F } { contact { ...F } }",
            "fragment F on Contact { ...G } fragment G on Contact { ...F } { contact { ...F } }",
            "{ contact { ...F } } fragment F on Nothing { firstName }",
            "{ contact { ... on Account { name } } }",
            "{ contact { a: firstName a: lastName } }",
            "{ contact @nothing { firstName } }",
            "{ contact @skip { firstName } }",
            '{ contact @skip(if: "true") { firstName } }',
            "query($a: Nothing) { contact { firstName } }",
            "query($a: Int) { contact { firstName } }",
            "{ contact(limit: $a) { firstName } }",
            "query($a: String) { contact(limit: $a) { firstName } }",
            "query($a: Contact) { contact(limit: $a) { firstName } }",
            "subscription { contact { firstName } }",
            "mutation { contact { firstName } }",
            "{ updateContact { affectedRows } }",
            "type Query { a: Int }",
            "extend type Query { a: Int }",
            "{ contactByPk { firstName } }",
            '{ contactByPk(contactId: "1") { firstName } }',
            "{ contactByPk(contactId: null) { firstName } }",
            "{ contactByPk(contactId: 1.5) { firstName } }",
            "{ contactByPk(contactId: true) { firstName } }",
            "{ contactByPk(contactId: [1]) { firstName } }",
            "{ contactByPk(contactId: {a: 1}) { firstName } }",
            "{ node { id } }",
            "mutation { insertContactOne { firstName } }",
            "mutation { insertContactOne(object: {nothing: 1}) { firstName } }",
            "mutation { deleteContact { affectedRows } }",
            'mutation { updateContact(_set: {firstName: "x"}) { affectedRows } }',
            "query @skip(if: true) { contact { firstName } }",
        )
    ],
    # what is too much
    (deep("contact { account", 40, "name"), None, SYNTAX),
    (
        "{ contact { account " + "{ contacts { account " * 8 + "{ name }" + " } }" * 8 + " } }",
        None,
        LIMIT,
    ),
    ("{ " + " ".join(f"a{n}: contact {{ firstName }}" for n in range(50)) + " }", None, LIMIT),
    ("{ contact { " + " ".join(f"a{n}: firstName" for n in range(100)) + " } }", None, LIMIT),
    ("{ contact { " + "firstName " * 12_000 + "} }", None, LIMIT),
    ("#" * 5 + "\n#" * 5_000 + "\n{ contact { firstName } }", None, LIMIT),
    ("{ contact { firstName " + "@skip(if: false) " * 200 + "} }", None, LIMIT),
    ("{ contact { firstName " + "@nothing " * 200 + "} }", None, LIMIT),
    ("{ contact(limit: 1001) { firstName } }", None, LIMIT),
    (
        (
            "{ contact(limit: 1000) { account { contacts(limit: 1000) "
            "{ account { contacts(limit: 1000) { firstName } } } } } }"
        ),
        None,
        LIMIT,
    ),
    ("{ contact(where: " + "{_and: " * 100 + "{}" + "}" * 100 + ") { firstName } }", None, LIMIT),
    (
        "{ contact(where: {_not: " * 1 + "{_not: " * 3000 + "{}" + "}" * 3001 + ") { firstName } }",
        None,
        SYNTAX,
    ),
    (
        "{ contact(where: {_or: [" + "[" * 3000 + "]" * 3000 + "]}) { firstName } }",
        None,
        SYNTAX,
    ),
    ("{" * 4_000, None, SYNTAX),
    ("{a" * 4_000, None, SYNTAX),
    ("query Q($a: " + "[" * 4_000, None, SYNTAX),
    (bombs(20), None, "OK"),
    (bombs(200), None, INVALID),
    (
        "{ contact { ..." + " ... ".join(f"on Contact {{ {WIDE} }}" for _ in range(100)) + " } }",
        None,
        "OK",
    ),
    ("{ contact { " + " ".join(f"n{n}" for n in range(3_000)) + " } }", None, INVALID),
    (
        "query(" + " ".join(f"$v{n}: Int" for n in range(2_000)) + ") { contact { firstName } }",
        None,
        INVALID,
    ),
    ("{ contact { " + "a" * 100_000 + " } }", None, INVALID),
    ("{ contact(limit: " + "9" * 5_000 + ") { firstName } }", None, INVALID),
    ('{ contact(where: {firstName: {_eq: "' + "x" * 500_000 + '"}}) { firstName } }', None, "OK"),
    # values
    *[
        ("query($v: Int!) { contactByPk(contactId: $v) { firstName } }", {"v": value}, INPUT)
        for value in (
            None,
            "1",
            1.5,
            True,
            [1],
            {"a": 1},
            2**31,
            -(2**31) - 1,
            2**70,
            1e308,
            "1; DROP TABLE contact",
            "",
        )
    ],
    *[
        (
            "query($v: String!) { contact(where: {firstName: {_eq: $v}}) { firstName } }",
            {"v": value},
            code,
        )
        for value, code in (
            ("' OR 1=1 --", "OK"),
            ('"; DROP TABLE contact; --', "OK"),
            ("%", "OK"),
            ("\\", "OK"),
            ("${jndi:ldap://x}", "OK"),
            ("{{7*7}}", "OK"),
            ("../../etc/passwd", "OK"),
            ("\u202e", "OK"),
            ("\ud7ff", "OK"),
            ("a" * 100_000, "OK"),
            (5, INPUT),
            (None, INPUT),
            ({}, INPUT),
            ([], INPUT),
            (True, INPUT),
        )
    ],
    *[
        ("query($w: ContactBoolExp) { contact(where: $w) { firstName } }", {"w": value}, code)
        for value, code in (
            ({}, "OK"),
            ({"nothing": {}}, INPUT),
            ({"__proto__": {}}, INPUT),
            ({"firstName": {"_eq": None}}, INPUT),
            ({"firstName": {"_in": []}}, "OK"),
            ({"firstName": {"_in": ["x"] * 1000}}, "OK"),
            ({"_and": []}, "OK"),
            ({"_or": [{}] * 500}, "OK"),
            ({"_not": {"_not": {}}}, "OK"),
            ("x", INPUT),
            ([], INPUT),
            (5, INPUT),
            ({"firstName": "x"}, INPUT),
            ({"firstName": {"_like": "%" * 5000}}, LIMIT),
            ({"firstName": {"_regex": "(a+)+$"}}, INPUT),
        )
    ],
    (
        "query($o: [ContactOrderBy!]) { contact(orderBy: $o) { firstName } }",
        {"o": [{"firstName": "ASC"}] * 200},
        "OK",
    ),
    ("query($n: Int) { contact(limit: $n) { firstName } }", {"n": -1}, INPUT),
    ("query($n: Int) { contact(offset: $n) { firstName } }", {"n": -1}, INPUT),
    ("query($n: Int) { contact(offset: $n) { firstName } }", {"n": 2**31 - 1}, "OK"),
    ('{ node(nodeId: "x") { nodeId } }', None, INPUT),
    ('{ node(nodeId: "") { nodeId } }', None, INPUT),
    ('{ node(nodeId: "%s") { nodeId } }' % ("A" * 50_000), None, INPUT),
    ('{ contactConnection(first: 2, after: "forged") { totalCount } }', None, INPUT),
    ("{ contactConnection(first: -1) { totalCount } }", None, INPUT),
    ("{ contactConnection(first: 1, last: 1) { edges { cursor } } }", None, "OK"),
    ("{ contactGroupBy(by: []) { aggregate { count } } }", None, INPUT),
    (
        (
            "mutation { insertContactOne(object: "
            '{firstName: "x", lastName: "y", accountId: 999999}) { contactId } }'
        ),
        None,
        "CONSTRAINT_VIOLATION",
    ),
    (
        'mutation { updateContact(where: {}, _set: {firstName: "x"}, atMost: 1) { affectedRows } }',
        None,
        "TOO_MANY_ROWS",
    ),
    ("query A { contact { firstName } } query B { contact { firstName } }", None, INPUT),
]

OBJECT = b'{"query": "{ __typename }"}'
# of a body: content type, bytes, status
BODIES: list[tuple[str | None, bytes, int]] = [
    *[
        ("application/json", body, 400)
        for body in (
            b"",
            b"{",
            b"null",
            b"true",
            b"5",
            b'"x"',
            b"[]",
            b"[" + OBJECT + b"]",
            b"{}",
            b'{"query": null}',
            b'{"query": 5}',
            b'{"query": []}',
            b'{"query": {}}',
            b'{"query": ""}',
            b'{"query": " "}',
            b'{"query": "{ __typename }", "variables": []}',
            b'{"query": "{ __typename }", "variables": "x"}',
            b'{"query": "{ __typename }", "variables": 5}',
            b'{"query": "{ __typename }", "operationName": 5}',
            b'{"query": "{ __typename }", "operationName": {}}',
            b'{"query": "{ __typename }", "extensions": []}',
            b"\xff\xfe{}",
            b'{"query": "\xff"}',
            b'{"query": "{ __typename }", "variables": {"a": NaN}}',
            b'{"query": "{ __typename }", "variables": {"a": Infinity}}',
            b"{'query': 'x'}",
            b'{"query": "{ __typename }",}',
            b'{"query": "{ __typename }"} x',
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"query": "{ __typename }", "variables": '
            + b'{"a":' * 5_000
            + b"1"
            + b"}" * 5_000
            + b"}",
            gzip.compress(OBJECT),
            b'{"query": "\\ud800"}',
            b"\x00" * 1000,
        )
    ],
    ("application/json", b" " * 1_000_001, 413),
    ("application/json", OBJECT[:-1] + b', "x": "' + b"y" * 1_100_000 + b'"}', 413),
    *[
        (content_type, OBJECT, 415)
        for content_type in (
            None,
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "application/graphql",
            "application/json; charset=utf-16",
            "application/jsonx",
            "json",
            "*/*",
        )
    ],
    ("application/json; charset=utf-8", OBJECT, 200),
    ("APPLICATION/JSON", OBJECT, 200),
    ("application/json;charset=UTF-8;x=y", OBJECT, 200),
    ("application/json", b'{"query": "{ __typename }", "query": "{ nothing }"}', 200),
    ("application/json", b'{"query": "{ __typename }", "variables": null, "x": 1}', 200),
]

# of a request: path, headers, method, status
REQUESTS: list[tuple[str, dict[str, str], str, int]] = [
    *[
        ("/t/acme/graphql", {}, method, 405)
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
    ],
    *[
        ("/t/acme/graphql", {"accept": accept}, "POST", 406)
        for accept in ("text/plain", "application/xml", "image/*", "application/json;q=0")
    ],
    *[
        ("/t/acme/graphql", {"accept": accept}, "POST", 200)
        for accept in (
            "*/*",
            "application/*",
            ",,,",
            "a" * 5000 + ", */*",
            "application/json;q=x, */*",
        )
    ],
    *[
        (path, {}, "POST", status)
        for path, status in (
            ("/t/nobody/graphql", 404),
            ("/t/acme/nowhere/graphql", 404),
            ("/t/%2e%2e/graphql", 404),
            ("/t/acme%00/graphql", 404),
            ("/t/acme;x/graphql", 404),
            ("/t/' OR 1=1/graphql", 404),
            ("/t/" + "a" * 5000 + "/graphql", 404),
            ("/t//graphql", 404),
            ("/graphql", 404),
            ("/t/acme/graphql/", 404),
        )
    ],
    *[
        ("/t/acme/graphql", {"authorization": value}, "POST", 401)
        for value in (
            "Bearer x",
            "Bearer",
            "Basic YTpi",
            "bearer " + "x" * 5000,
            "Bearer null",
            "Digest x",
            "Bearer a b",
            "Bearer ' OR 1=1",
        )
    ],
    ("/t/acme/graphql", {"x-schema": "other"}, "POST", 400),
    ("/t/acme/graphql", {"x-dry-run": "perhaps"}, "POST", 400),
    ("/t/acme/graphql", {"x-forwarded-for": "127.0.0.1"}, "POST", 401),
    ("/t/acme/graphql", {"host": "evil.example.com"}, "POST", 401),
    ("/t/acme/graphql", {"x-environment": "../production"}, "POST", 404),
    *[
        (f"/t/acme/graphql?{query}", {}, "GET", status)
        for query, status in (
            ("query=", 400),
            ("query=%7B__typename%7D", 200),
            ("query=%ff", 400),
            ("query=%7B__typename%7D&variables=x", 400),
            ("query=%7B__typename%7D&variables=%5B%5D", 400),
            ("query=" + quote("mutation { deleteContact(where: {}) { affectedRows } }"), 405),
            ("query=%7B__typename%7D&operationName=x", 200),
            ("query=%7B__typename%7D&" + "a=b&" * 2_000, 200),
        )
    ],
]

# of bytes: what is sent, the status (None: it hangs up)
RAW: list[tuple[bytes, int | None]] = [
    (b"\r\n\r\n", None),
    (b"GET\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01", 400),
    (b"GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", 400),
    (
        (
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n"
            b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        400,
    ),
    (b"POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n", 400),
    (b"GET /healthz HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n", 400),
    (b"GET http://evil/ HTTP/1.1\r\nhost: x\r\n\r\n", 404),
    (b"CONNECT evil:80 HTTP/1.1\r\nhost: x\r\n\r\n", 400),
    (
        (
            b"GET /t/acme/graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: "
            b"upgrade\r\nsec-websocket-key: eA==\r\nsec-websocket-version: 13\r\n\r\n"
        ),
        400,
    ),
    (b"GET /".ljust(65_537, b"a"), 431),  # one byte too many, so that all was read at its end
    (b"GET /static/../../settings.py HTTP/1.1\r\nhost: x\r\n\r\n", 404),
    (b"GET /static/%2e%2e/%2e%2e/settings.py HTTP/1.1\r\nhost: x\r\n\r\n", 404),
]


@pytest.fixture(scope="module")
def demo(demo_gateway: Gateway) -> Gateway:
    """A running demo that has built its schema."""
    ask(demo_gateway, "{ contact(limit: 1) { firstName } }", None)
    return demo_gateway


def ask(gateway: Gateway, query: str, variables: Any) -> httpx.Response:
    body = json.dumps({"query": query, "variables": variables}).encode()
    return send(gateway, "POST", "/t/acme/graphql", body, {"content-type": "application/json"})


def send(
    gateway: Gateway, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> httpx.Response:
    with httpx.Client(timeout=20) as client:
        request = client.build_request(method, gateway.url + "/", content=body)
        request.url = request.url.copy_with(raw_path=path.encode())
        for name, value in headers.items():
            request.headers[name] = value
        if "content-type" not in headers and "content-type" in request.headers:
            del request.headers["content-type"]
        return client.send(request)


@contextmanager
def bounded_memory(gateway: Gateway, what: str) -> Iterator[None]:
    """Check that the server's memory grows by MEGABYTES at most, at its peak."""
    assert gateway.server is not None
    process = Path(f"/proc/{gateway.server.pid}")
    (process / "clear_refs").write_text("5")  # resets the peak
    before = memory(process, "VmRSS")
    yield
    assert memory(process, "VmHWM") - before < MEGABYTES, what


def memory(process: Path, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+)", (process / "status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def check_no_leak(text: str, said: str = "") -> None:
    """What only the server knows isn't in `text`; what the caller `said` may be quoted."""
    found = [leak for leak in LEAKS.findall(text) if leak not in said]
    assert not found, (found, text[:500])


@pytest.mark.parametrize(
    ("document", "variables", "code"), DOCUMENTS, ids=[str(n) for n in range(len(DOCUMENTS))]
)
def test_documents(demo: Gateway, document: str, variables: Any, code: str) -> None:
    with bounded_memory(demo, document):
        reply = ask(demo, document, variables)
    answer = reply.json()
    found = {error["extensions"]["code"] for error in answer.get("errors", ())} or {"OK"}
    assert found == {code}, (document[:200], answer)
    assert reply.status_code in (200, 400), answer
    if "errors" in answer:
        check_no_leak(reply.text, said=document)


@pytest.mark.parametrize(
    ("content_type", "body", "status"), BODIES, ids=[str(n) for n in range(len(BODIES))]
)
def test_bodies(demo: Gateway, content_type: str | None, body: bytes, status: int) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    with bounded_memory(demo, repr(body[:60])):
        reply = send(demo, "POST", "/t/acme/graphql", body, headers)
    assert reply.status_code == status, (body[:100], reply.text[:300])
    check_no_leak(reply.text)


@pytest.mark.parametrize(
    ("path", "headers", "method", "status"), REQUESTS, ids=[str(n) for n in range(len(REQUESTS))]
)
def test_requests(
    demo: Gateway, path: str, headers: dict[str, str], method: str, status: int
) -> None:
    body = None if method == "GET" else OBJECT
    with bounded_memory(demo, path):
        reply = send(
            demo,
            method,
            quote(path, safe="/?%&=;"),
            body,
            {"content-type": "application/json", **headers},
        )
    assert reply.status_code == status, (path[:100], headers, reply.text[:300])
    check_no_leak(reply.text)


@pytest.mark.parametrize(("raw", "status"), RAW, ids=[str(n) for n in range(len(RAW))])
def test_bytes_that_are_no_request(demo: Gateway, raw: bytes, status: int | None) -> None:
    with bounded_memory(demo, repr(raw[:60])):
        host, port = demo.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode() if status else b""), answer[:200]
    assert bool(answer) is (status is not None), answer[:200]
    check_no_leak(answer.decode("latin-1"))


def test_afterwards_it_still_serves(demo: Gateway) -> None:
    assert ask(demo, "{ contact(limit: 1) { firstName } }", None).json()["data"]["contact"]
