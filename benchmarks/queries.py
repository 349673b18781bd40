"""The queries, each with varied variables, and the one hand-written statement that is its floor."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.dataset import Size

_CONTACT_FIELDS = [f"base{i}" for i in range(1, 31)] + [f"cf{i}" for i in range(30)]
_CONTACT_COLUMNS = [f"base_{i}" for i in range(1, 31)] + [f"cf_{i}" for i in range(30)]


def _rows(columns: str, source: str) -> str:
    """The fastest way found: a row whose columns are called by the keys, aggregated as it is."""
    return f"SELECT coalesce(json_agg(r), '[]') FROM (SELECT {columns} FROM {source}) r"


@dataclass(frozen=True)
class Query:
    """One thing that clients ask; `floor` is PostgreSQL for the root field's JSON, with $1 style names."""

    name: str
    document: str
    variables: Callable[[random.Random, Size], dict[str, Any]]
    floor: str
    writes: bool = False

    @property
    def root(self) -> str:
        """The response key of the root field."""
        return self.document.split("{", 1)[1].strip().split("(")[0].split(" ")[0]


_TRACK = "name, milliseconds"
_ALBUM_TRACKS = _rows(
    _TRACK,
    "(SELECT name, milliseconds FROM track WHERE album_id = b.album_id ORDER BY track_id LIMIT 10) t",
)
_ARTIST_ALBUMS = _rows(
    f"title, ({_ALBUM_TRACKS}) AS tracks",
    "(SELECT title, album_id FROM album WHERE artist_id = a.artist_id ORDER BY album_id LIMIT 10) b",
)
_WIDE = ", ".join(
    f'{column} AS "{field}"'
    for field, column in zip(_CONTACT_FIELDS, _CONTACT_COLUMNS, strict=True)
)
QUERIES = (
    Query(
        "by key",
        "query($id: Int!) { trackByPk(trackId: $id) { trackId name composer milliseconds unitPrice } }",
        lambda dice, size: {"id": dice.randint(1, size.tracks)},
        'SELECT row_to_json(r)::text FROM (SELECT track_id AS "trackId", name, composer, milliseconds, unit_price::text AS "unitPrice"'
        " FROM track WHERE track_id = %(id)s::int) r",
    ),
    Query(
        "list: 100 rows, 8 columns",
        "query($min: Int!) { track(where: {milliseconds: {_gt: $min}}, orderBy: [{milliseconds: ASC}, {trackId: ASC}], limit: 100)"
        " { trackId name composer milliseconds bytes unitPrice albumId genreId } }",
        lambda dice, _: {"min": dice.randint(60_000, 500_000)},
        "SELECT ("
        + _rows(
            'track_id AS "trackId", name, composer, milliseconds, bytes, unit_price::text AS "unitPrice", album_id AS "albumId", genre_id AS "genreId"',
            "(SELECT * FROM track WHERE milliseconds > %(min)s::int ORDER BY milliseconds, track_id LIMIT 100) t",
        )
        + ")::text",
    ),
    *(
        Query(
            f"nested 20 x 10 x 10, {where} offset",
            "query($skip: Int!) { artist(limit: 20, offset: $skip) { name albums(limit: 10) { title tracks(limit: 10) { name milliseconds } } } }",
            offset,
            "SELECT ("
            + _rows(
                f"name, ({_ARTIST_ALBUMS}) AS albums",
                "(SELECT name, artist_id FROM artist ORDER BY artist_id LIMIT 20 OFFSET %(skip)s::int) a",
            )
            + ")::text",
        )
        for where, offset in (
            ("shallow", lambda dice, _: {"skip": dice.randint(0, 50)}),
            ("deep", lambda dice, size: {"skip": int(size.artists * 0.9) + dice.randint(0, 50)}),
        )
    ),
    Query(
        "100 tracks with album and artist",
        "query($min: Int!) { track(where: {trackId: {_gt: $min}}, limit: 100) { name album { title artist { name } } } }",
        lambda dice, size: {"min": dice.randint(1, size.tracks - 200)},
        "SELECT ("
        + _rows(
            "name, (SELECT row_to_json(x) FROM (SELECT title, (SELECT row_to_json(y) FROM (SELECT name FROM artist WHERE artist_id = b.artist_id) y) AS artist"
            " FROM album b WHERE b.album_id = t.album_id) x) AS album",
            "(SELECT name, album_id FROM track WHERE track_id > %(min)s::int ORDER BY track_id LIMIT 100) t",
        )
        + ")::text",
    ),
    Query(
        "wide: 50 contacts, 60 columns",
        f"query($min: Int!) {{ contact(where: {{contactId: {{_gt: $min}}}}, limit: 50) {{ {' '.join(_CONTACT_FIELDS)} }} }}",
        lambda dice, size: {"min": dice.randint(1, size.contacts - 100)},
        "SELECT ("
        + _rows(
            _WIDE,
            "(SELECT * FROM contact WHERE contact_id > %(min)s::int ORDER BY contact_id LIMIT 50) c",
        )
        + ")::text",
    ),
    Query(
        "update by key",
        "mutation($id: Int!, $n: String!) { updateTrackByPk(pkColumns: {trackId: $id}, _set: {name: $n}) { trackId name } }",
        lambda dice, size: {
            "id": dice.randint(1, size.tracks),
            "n": f"Track {dice.randint(1, 10**9)}",
        },
        "WITH u AS (UPDATE track SET name = %(n)s::text WHERE track_id = %(id)s::int RETURNING track_id, name)"
        " SELECT json_build_object('trackId', track_id, 'name', name)::text FROM u",
        writes=True,
    ),
    Query(
        "insert",
        "mutation($t: String!) { insertNoteOne(object: {text: $t}) { text } }",
        lambda dice, _: {"t": f"note {dice.randint(1, 10**9)}"},
        "WITH i AS (INSERT INTO note (text) VALUES (%(t)s::text) RETURNING text) SELECT json_build_object('text', text)::text FROM i",
        writes=True,
    ),
)
