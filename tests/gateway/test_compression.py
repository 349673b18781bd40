"""Answers and schema documents are compressed as the client accepts it."""

from __future__ import annotations

import asyncio
import gzip
import json

import brotli
import pytest
import zstandard

from gateway.http.compression import Compression, accepted_encodings
from gateway.http.request import HttpRequest
from gateway.http.response import Response

URL = "/t/music/graphql"
NAME = "a_long_name" * 15
LARGE = "{ " + " ".join(f"a{i}: track {{ {NAME}: name }}" for i in range(18)) + " }"
INTROSPECTION = "{ __schema { types { name description fields { name description } } } }"
DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
}
OFFERED = ("zstd", "br", "gzip")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ()),
        ("", ()),
        ("identity", ()),
        ("deflate", ()),
        ("gzip", ("gzip",)),
        ("x-gzip", ("gzip",)),
        ("gzip, deflate, br, zstd", ("zstd", "br", "gzip")),
        ("GZIP;Q=0.5", ("gzip",)),
        ("gzip;q=0", ()),
        ("gzip;q=0, br", ("br",)),
        ("br;q=0.2, gzip;q=0.8", ("gzip", "br")),
        ("*", ("zstd", "br", "gzip")),
        ("*;q=0", ()),
        ("zstd;q=0, *", ("br", "gzip")),
        ("gzip;q=x", ()),
        ("gzip;q=0.5, identity", ()),
        ("gzip ; q=1.0", ("gzip",)),
        (",,;q=1", ()),
    ],
)
def test_what_a_client_accepts(header: str | None, expected: tuple[str, ...]) -> None:
    assert accepted_encodings(header, OFFERED) == expected


@pytest.mark.parametrize("encoding", OFFERED)
@pytest.mark.parametrize("query", [LARGE, INTROSPECTION])
def test_a_large_answer(music, encoding: str, query: str) -> None:
    plain = music.query(URL, query, **{"accept-encoding": "identity"})
    small = music.query(URL, query, **{"accept-encoding": encoding})

    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == encoding
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"
    assert int(small.headers["content-length"]) == len(small.body) < len(plain.body)
    assert json.loads(DECODERS[encoding](small.body)) == plain.json


@pytest.mark.parametrize("name", ["schema.graphql", "schema.json"])
def test_a_document_keeps_its_tag(music, name: str) -> None:
    plain = music.request("GET", f"/t/music/{name}")
    small = music.request("GET", f"/t/music/{name}", headers={"accept-encoding": "gzip"})

    assert gzip.decompress(small.body) == plain.body
    assert small.headers["etag"] == f"W/{plain.headers['etag']}"
    again = {"accept-encoding": "gzip", "if-none-match": small.headers["etag"]}
    assert music.request("GET", f"/t/music/{name}", headers=again).status == 304


def test_what_stays_as_it_is(music) -> None:
    encoded = {"accept-encoding": "gzip, br, zstd"}
    small = music.query(URL, "{ track(limit: 1) { name } }", **encoded)
    assert "content-encoding" not in small.headers
    assert "vary" not in small.headers
    assert "content-encoding" not in music.query(URL, LARGE).headers


@pytest.mark.parametrize(
    ("headers", "is_compressed"),
    [
        ({}, True),
        ({"cookie": "a=b"}, False),
        ({"cookie": "a=b", "authorization": "Bearer x"}, True),
    ],
)
@pytest.mark.parametrize(
    ("status", "media_type", "fits"),
    [(200, "application/json", True), (404, "application/json", False), (200, "image/png", False)],
)
def test_whose_answers(headers, is_compressed: bool, status, media_type, fits: bool) -> None:
    """A cookie is what a browser adds by itself: BREACH needs that."""
    http = HttpRequest("GET", URL, "", headers | {"accept-encoding": "br"}, b"", "127.0.0.1")
    response = Response(status, b"text " * 20_000, media_type)
    found = asyncio.run(Compression(OFFERED).compress(http, response))

    assert ("Content-Encoding" in found.headers) is (is_compressed and fits)


def test_the_setting(music_with) -> None:
    music = music_with(compression=("gzip",), cors_origins=("https://a.example",))
    headers = {"accept-encoding": "br, zstd, gzip;q=0.1", "origin": "https://a.example"}
    found = music.query(URL, LARGE, **headers).headers
    assert found["content-encoding"] == "gzip"
    assert found["vary"] == "Origin, Accept-Encoding"


def test_it_can_be_turned_off(music_with) -> None:
    music = music_with(compression=())
    found = music.query(URL, LARGE, **{"accept-encoding": "gzip"}).headers
    assert "content-encoding" not in found
    assert "vary" not in found
