"""A tenant's schema as a document: written beside the others' requests, and once for who has it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from graphql import GraphQLSchema

from schema.build.printing import sdl

URL = "/t/music/graphql"
DOCUMENT = "/t/music/schema.graphql"


def test_others_are_served_while_a_document_is_written(music, monkeypatch) -> None:
    begun, others_are_served = threading.Event(), threading.Event()

    def write(schema: GraphQLSchema) -> bytes:
        begun.set()
        assert others_are_served.wait(20)
        return sdl(schema)

    monkeypatch.setattr("schema.build.rendering.sdl", write)
    with ThreadPoolExecutor(1) as pool:
        document = pool.submit(music.request, "GET", DOCUMENT)
        assert begun.wait(20)
        assert music.query(URL, "{ artist { name } }").data
        others_are_served.set()
        assert document.result().status == 200


def test_a_document_that_the_client_has_is_not_written_again(music, monkeypatch) -> None:
    written: list[GraphQLSchema] = []

    def write(schema: GraphQLSchema) -> bytes:
        written.append(schema)
        return sdl(schema)

    monkeypatch.setattr("schema.build.rendering.sdl", write)
    tag = music.request("GET", DOCUMENT).headers["etag"]
    again = music.request("GET", DOCUMENT, headers={"if-none-match": tag})

    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert len(written) == 1


def test_a_head_request_has_the_headers_alone(music) -> None:
    whole = music.request("GET", DOCUMENT)
    head = music.request("HEAD", DOCUMENT)

    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]


def test_a_refused_document_is_no_success(music) -> None:
    """`curl -f … > schema.graphql` must fail: its tenant's database has no baseline."""
    refused = music.request("GET", "/common/schema.graphql?tenant=music")

    assert refused.status == 400
    assert "no baseline" in refused.error["message"]
