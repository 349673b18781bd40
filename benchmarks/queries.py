"""The queries, each with varied variables, and the one hand-written statement that is its floor."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.dataset import Size

GRAPHENE, STRAWBERRY, POSTGRAPHILE = "graphene-django", "strawberry-django", "postgraphile"
_KEYED = "trackId name composer milliseconds unitPrice"
_LISTED = "trackId name composer milliseconds bytes unitPrice albumId genreId"
_CONTACT_FIELDS = [f"base{i}" for i in range(1, 31)] + [f"cf{i}" for i in range(30)]
_CONTACT_COLUMNS = [f"base_{i}" for i in range(1, 31)] + [f"cf_{i}" for i in range(30)]


def _rows(columns: str, source: str) -> str:
    """The fastest way found: a row whose columns are called by the keys, aggregated as it is."""
    return f"SELECT coalesce(json_agg(r), '[]') FROM (SELECT {columns} FROM {source}) r"


@dataclass(frozen=True)
class Query:
    """One query; `floor` is PostgreSQL for the root field's JSON, with $1 style names."""

    name: str
    document: str
    variables: Callable[[random.Random, Size], dict[str, Any]]
    floor: str
    others: Mapping[str, str]  # the document of each other contender that can answer this
    writes: bool = False

    @property
    def root(self) -> str:
        """The response key of the root field."""
        return self.document.split("{", 1)[1].strip().split("(")[0].split(" ")[0]


_TRACK = "name, milliseconds"
_ALBUM_TRACKS = _rows(
    _TRACK,
    (
        "(SELECT name, milliseconds FROM track WHERE album_id = b.album_id "
        "ORDER BY track_id LIMIT 10) t"
    ),
)
_ARTIST_ALBUMS = _rows(
    f"title, ({_ALBUM_TRACKS}) AS tracks",
    (
        "(SELECT title, album_id FROM album WHERE artist_id = a.artist_id "
        "ORDER BY album_id LIMIT 10) b"
    ),
)
_WIDE = ", ".join(
    f'{column} AS "{field}"'
    for field, column in zip(_CONTACT_FIELDS, _CONTACT_COLUMNS, strict=True)
)
QUERIES = (
    Query(
        "by key",
        (
            "query($id: Int!) { trackByPk(trackId: $id) "
            "{ trackId name composer milliseconds unitPrice } }"
        ),
        lambda dice, size: {"id": dice.randint(1, size.tracks)},
        'SELECT row_to_json(r)::text FROM (SELECT track_id AS "trackId", name, composer, '
        'milliseconds, unit_price::text AS "unitPrice"'
        " FROM track WHERE track_id = %(id)s::int) r",
        {
            GRAPHENE: f"query($id: Int!) {{ trackByPk(trackId: $id) {{ {_KEYED} }} }}",
            STRAWBERRY: f"query($id: ID!) {{ track(pk: $id) {{ {_KEYED} }} }}",
            POSTGRAPHILE: f"query($id: Int!) {{ trackByTrackId(trackId: $id) {{ {_KEYED} }} }}",
        },
    ),
    Query(
        "list: 100 rows, 8 columns",
        "query($min: Int!) { track(where: {milliseconds: {_gt: $min}}, "
        "orderBy: [{milliseconds: ASC}, {trackId: ASC}], limit: 100)"
        " { trackId name composer milliseconds bytes unitPrice albumId genreId } }",
        lambda dice, _: {"min": dice.randint(60_000, 500_000)},
        "SELECT ("
        + _rows(
            (
                'track_id AS "trackId", name, composer, milliseconds, bytes, '
                'unit_price::text AS "unitPrice", album_id AS "albumId", genre_id AS "genreId"'
            ),
            (
                "(SELECT * FROM track WHERE milliseconds > %(min)s::int "
                "ORDER BY milliseconds, track_id LIMIT 100) t"
            ),
        )
        + ")::text",
        {
            GRAPHENE: f"query($min: Int!) {{ longTracks(min: $min) {{ {_LISTED} }} }}",
            STRAWBERRY: "query($min: Int!) { tracks(filters: {milliseconds: {gt: $min}}, "
            "ordering: [{milliseconds: ASC}, {trackId: ASC}],"
            f" pagination: {{limit: 100}}) {{ {_LISTED} }} }}",
            POSTGRAPHILE: "query($min: Int!) "
            "{ allTracksList(filter: {milliseconds: {greaterThan: $min}},"
            f" orderBy: [MILLISECONDS_ASC, TRACK_ID_ASC], first: 100) {{ {_LISTED} }} }}",
        },
    ),
    *(
        Query(
            f"nested 20 x 10 x 10, {where} offset",
            (
                "query($skip: Int!) { artist(limit: 20, offset: $skip) "
                "{ name albums(limit: 10) { title tracks(limit: 10) { name milliseconds } } } }"
            ),
            offset,
            "SELECT ("
            + _rows(
                f"name, ({_ARTIST_ALBUMS}) AS albums",
                (
                    "(SELECT name, artist_id FROM artist "
                    "ORDER BY artist_id LIMIT 20 OFFSET %(skip)s::int) a"
                ),
            )
            + ")::text",
            {
                GRAPHENE: (
                    "query($skip: Int!) { artists(limit: 20, offset: $skip) "
                    "{ name albums(limit: 10) { title tracks(limit: 10) "
                    "{ name milliseconds } } } }"
                ),
                STRAWBERRY: "query($skip: Int!) { artists(pagination: {limit: 20, offset: $skip}) "
                "{ name albums(pagination: {limit: 10}) { title"
                " tracks(pagination: {limit: 10}) { name milliseconds } } } }",
                POSTGRAPHILE: "query($skip: Int!) { allArtistsList(first: 20, offset: $skip) "
                "{ name albums: albumsByArtistIdList(first: 10) { title"
                " tracks: tracksByAlbumIdList(first: 10) { name milliseconds } } } }",
            },
        )
        for where, offset in (
            ("shallow", lambda dice, _: {"skip": dice.randint(0, 50)}),
            ("deep", lambda dice, size: {"skip": int(size.artists * 0.9) + dice.randint(0, 50)}),
        )
    ),
    Query(
        "100 tracks with album and artist",
        (
            "query($min: Int!) { track(where: {trackId: {_gt: $min}}, limit: 100) "
            "{ name album { title artist { name } } } }"
        ),
        lambda dice, size: {"min": dice.randint(1, size.tracks - 200)},
        "SELECT ("
        + _rows(
            "name, (SELECT row_to_json(x) FROM "
            "(SELECT title, (SELECT row_to_json(y) "
            "FROM (SELECT name FROM artist WHERE artist_id = b.artist_id) y) AS artist"
            " FROM album b WHERE b.album_id = t.album_id) x) AS album",
            (
                "(SELECT name, album_id FROM track WHERE track_id > %(min)s::int "
                "ORDER BY track_id LIMIT 100) t"
            ),
        )
        + ")::text",
        {
            GRAPHENE: (
                "query($min: Int!) { tracksAfter(min: $min) "
                "{ name album { title artist { name } } } }"
            ),
            STRAWBERRY: (
                "query($min: Int!) { tracks(filters: {trackId: {gt: $min}}, "
                "pagination: {limit: 100}) { name album { title artist { name } } } }"
            ),
            POSTGRAPHILE: "query($min: Int!) "
            "{ allTracksList(filter: {trackId: {greaterThan: $min}}, first: 100) { name"
            " album: albumByAlbumId { title artist: artistByArtistId { name } } } }",
        },
    ),
    Query(
        "wide: 50 contacts, 60 columns",
        (
            f"query($min: Int!) {{ contact(where: {{contactId: {{_gt: $min}}}}, limit: 50) "
            f"{{ {' '.join(_CONTACT_FIELDS)} }} }}"
        ),
        lambda dice, size: {"min": dice.randint(1, size.contacts - 100)},
        "SELECT ("
        + _rows(
            _WIDE,
            (
                "(SELECT * FROM contact WHERE contact_id > %(min)s::int "
                "ORDER BY contact_id LIMIT 50) c"
            ),
        )
        + ")::text",
        {
            GRAPHENE: (
                f"query($min: Int!) {{ contactsAfter(min: $min) "
                f"{{ {' '.join(_CONTACT_FIELDS)} }} }}"
            ),
            STRAWBERRY: "query($min: Int!) { contacts(filters: {contactId: {gt: $min}}, "
            "pagination: {limit: 50})"
            f" {{ {' '.join(_CONTACT_FIELDS)} }} }}",
            POSTGRAPHILE: "query($min: Int!) { allContactsList(filter: "
            "{contactId: {greaterThan: $min}}, first: 50)"
            f" {{ {' '.join(_CONTACT_FIELDS)} }} }}",
        },
    ),
    Query(
        "an aggregate per genre",
        "query($min: Int!) { trackGroupBy(by: [genreId], "
        "where: {trackId: {_gt: $min, _lte: 20000}})"
        " { keys { genreId } aggregate { count max { milliseconds } } } }",
        lambda dice, _: {"min": dice.randint(1, 5_000)},
        "SELECT ("
        + _rows(
            (
                "json_build_object('genreId', genre_id) AS keys, "
                "json_build_object('count', n, 'max', json_build_object('milliseconds', m)) "
                "AS aggregate"
            ),
            "(SELECT genre_id, count(*) AS n, max(milliseconds) AS m FROM track "
            "WHERE track_id > %(min)s::int AND track_id <= 20000"
            " GROUP BY genre_id ORDER BY genre_id) g",
        )
        + ")::text",
        {},
    ),
    Query(
        "update by key",
        (
            "mutation($id: Int!, $n: String!) { updateTrackByPk(pkColumns: {trackId: $id}, "
            "_set: {name: $n}) { trackId name } }"
        ),
        lambda dice, size: {
            "id": dice.randint(1, size.tracks),
            "n": f"Track {dice.randint(1, 10**9)}",
        },
        "WITH u AS (UPDATE track SET name = %(n)s::text "
        "WHERE track_id = %(id)s::int RETURNING track_id, name)"
        " SELECT json_build_object('trackId', track_id, 'name', name)::text FROM u",
        {
            GRAPHENE: (
                "mutation($id: Int!, $n: String!) "
                "{ rename(id: $id, name: $n) { track { trackId name } } }"
            ),
            STRAWBERRY: (
                "mutation($id: Int!, $n: String!) "
                "{ updateTrack(data: {trackId: $id, name: $n}) { trackId name } }"
            ),
            POSTGRAPHILE: (
                "mutation($id: Int!, $n: String!) "
                "{ updateTrackByTrackId(input: {trackId: $id, trackPatch: {name: $n}}) "
                "{ track { trackId name } } }"
            ),
        },
        writes=True,
    ),
    Query(
        "insert",
        "mutation($t: String!) { insertNoteOne(object: {text: $t}) { text } }",
        lambda dice, _: {"t": f"note {dice.randint(1, 10**9)}"},
        (
            "WITH i AS (INSERT INTO note (text) VALUES (%(t)s::text) RETURNING text) "
            "SELECT json_build_object('text', text)::text FROM i"
        ),
        {
            GRAPHENE: "mutation($t: String!) { addNote(text: $t) { note { text } } }",
            STRAWBERRY: "mutation($t: String!) { createNote(data: {text: $t}) { text } }",
            POSTGRAPHILE: (
                "mutation($t: String!) { createNote(input: {note: {text: $t}}) { note { text } } }"
            ),
        },
        writes=True,
    ),
)
