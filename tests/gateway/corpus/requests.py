"""Bodies, requests and bytes that HTTP allows a client to send, and some that it doesn't."""

from __future__ import annotations

import gzip
from urllib.parse import quote

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
