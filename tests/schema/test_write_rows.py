"""Writing several rows through the real door: limits, dry runs, conflicts on keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.databases import execute
from tests.fixtures.vendors import MARIADB, SQLITE

URL = "/t/music/graphql"


def rows(music, sql: str) -> list[tuple]:
    return execute(music.database.url, sql)


def test_inserting_rows_answers_them_in_their_order(music) -> None:
    query = (
        "mutation($o: [GenreInsertInput!]!) { insertGenre(objects: $o) "
        "{ affectedRows returning { genreId name tracks { name } } } }"
    )

    assert music.query(URL, query, {"o": [{"name": "Folk"}, {"name": "Ambient"}]}).data[
        "insertGenre"
    ] == {
        "affectedRows": 2,
        "returning": [
            {"genreId": 3, "name": "Folk", "tracks": []},
            {"genreId": 4, "name": "Ambient", "tracks": []},
        ],
    }
    assert music.query(URL, query, {"o": []}).data["insertGenre"] == {
        "affectedRows": 0,
        "returning": [],
    }


def test_rows_are_inserted_all_or_none(music) -> None:
    query = 'mutation { insertGenre(objects: [{name: "Folk"}, {name: "Rock"}]) { affectedRows } }'

    assert music.query(URL, query).code == "CONSTRAINT_VIOLATION"
    assert rows(music, "SELECT count(*) FROM genre") == [(2,)]


def test_updating_what_matches(music) -> None:
    query = """mutation { updateTrack(where: {album: {artist: {name: {_eq: "Ada"}}}},
        _set: {rating: 2.5}, _inc: {seconds: 10, bytes: "1"}) {
        affectedRows returning { name seconds bytes rating } } }"""

    answer = music.query(URL, query).data["updateTrack"]
    assert answer["affectedRows"] == 3
    assert sorted(answer["returning"], key=lambda row: row["name"]) == [
        {"name": "One", "seconds": 110, "bytes": "9007199254740994", "rating": 2.5},
        {"name": "Two", "seconds": 210, "bytes": None, "rating": 2.5},
        {"name": "three_%", "seconds": None, "bytes": "6", "rating": 2.5},
    ]


def test_updating_everything_takes_an_empty_where(music) -> None:
    assert music.query(
        URL, "mutation { updateTrack(where: {}, _set: {rating: null}) { affectedRows } }"
    ).data == {"updateTrack": {"affectedRows": 6}}


def test_several_updates(music) -> None:
    query = """mutation { updateTrackMany(updates: [{where: {trackId: {_eq: 1}}, _set: {name: "a"}},
        {where: {name: {_eq: "a"}}, _inc: {seconds: 1}}])
          { affectedRows returning { name seconds } } }"""

    assert music.query(URL, query).data["updateTrackMany"] == [
        {"affectedRows": 1, "returning": [{"name": "a", "seconds": 100}]},
        {"affectedRows": 1, "returning": [{"name": "a", "seconds": 101}]},
    ]


def test_deleting_what_matches(music) -> None:
    query = (
        'mutation { deletePlaylistTrack(where: {track: {name: {_in: ["One", "Two"]}}}) '
        "{ affectedRows returning { note track { name } } } }"
    )

    answer = music.query(URL, query).data["deletePlaylistTrack"]
    assert answer["affectedRows"] == 2
    assert sorted(str(row["note"]) for row in answer["returning"]) == ["None", "x"]
    assert rows(music, "SELECT playlist, position FROM playlist_track") == [(2, 1)]


@pytest.mark.parametrize(
    "field",
    [
        "updateTrack(where: {}, atMost: 5, _set: {rating: 1})",
        "deletePlaylistTrack(where: {}, atMost: 2)",
    ],
)
def test_no_more_rows_than_at_most(music, field: str) -> None:
    answer = music.query(URL, f"mutation {{ {field} {{ affectedRows }} }}")

    assert (answer.status, answer.code) == (200, "TOO_MANY_ROWS")
    assert "atMost" in answer.error["message"]
    assert rows(music, "SELECT count(*) FROM playlist_track") == [(3,)]
    assert rows(music, "SELECT count(*) FROM track WHERE rating = 1") == [(0,)]


def test_adding_by_key_writes_no_row_where_nothing_is_added(music, vendor) -> None:
    query = (
        "mutation($n: Int) { updateTrackByPk(pkColumns: {trackId: 1}, _inc: {seconds: $n}) "
        "{ seconds } }"
    )

    def state() -> object:
        """The transaction that wrote the row last; SQLite's and MariaDB's counters of changes."""
        if vendor is SQLITE:
            return Path(music.database.url.removeprefix("sqlite:///")).read_bytes()[24:28]
        if vendor is MARIADB:
            return rows(music, "SHOW GLOBAL STATUS LIKE 'Handler_update'")
        return rows(music, "SELECT xmin::text FROM track WHERE track_id = 1")

    before = state()
    assert music.query(URL, query, {"n": 0}).data == {"updateTrackByPk": {"seconds": 100}}
    assert state() == before
    assert music.query(URL, query, {"n": -5}).data == {"updateTrackByPk": {"seconds": 95}}
    assert state() != before


def test_a_field_stands_in_set_or_in_inc(music) -> None:
    query = (
        "mutation { updateTrackByPk(pkColumns: {trackId: 1}, _set: {seconds: 1}, "
        "_inc: {seconds: 1}) { seconds } }"
    )

    assert "seconds stands in _set and in _inc" in music.query(URL, query).error["message"]


def test_a_dry_run_answers_as_if_done_and_leaves_nothing(music) -> None:
    query = (
        'mutation { insertGenreOne(object: {name: "Folk"}) { name } '
        "deletePlaylistTrack(where: {}) { affectedRows } }"
    )

    answer = music.query(URL, query, **{"x-dry-run": "true"})
    assert answer.data == {
        "insertGenreOne": {"name": "Folk"},
        "deletePlaylistTrack": {"affectedRows": 3},
    }
    assert rows(music, "SELECT count(*) FROM genre") == [(2,)]
    assert rows(music, "SELECT count(*) FROM playlist_track") == [(3,)]
    assert music.query(URL, query, **{"x-dry-run": "perhaps"}).status == 400


UPSERT = """mutation($o: [AlbumInsertInput!]!, $c: AlbumOnConflict) {
    insertAlbum(objects: $o, onConflict: $c) { affectedRows returning { albumId title price } } }"""


FIRST = {"albumId": 1, "artistId": 1, "title": "Changed", "price": "1.00"}


@pytest.mark.parametrize(
    ("on_conflict", "returned", "stored"),
    [
        (
            {"updateColumns": ["title"]},
            [{"albumId": 1, "title": "Changed", "price": "9.90"}],
            "Changed",
        ),
        ({"updateColumns": []}, [], "First"),
        ({}, [], "First"),
        (
            {"updateColumns": ["title"], "where": {"artist": {"name": {"_eq": "nobody"}}}},
            [],
            "First",
        ),
        (
            {"updateColumns": ["title"], "where": {"price": {"_gt": 9}}},
            [{"albumId": 1, "title": "Changed", "price": "9.90"}],
            "Changed",
        ),
    ],
)
def test_a_conflict_updates_or_leaves_the_row(
    music, on_conflict: dict, returned: list, stored: str
) -> None:
    answer = music.query(
        URL, UPSERT, {"o": [FIRST], "c": {"constraint": "albumPkey", **on_conflict}}
    ).data["insertAlbum"]

    assert answer == {"affectedRows": len(returned), "returning": returned}
    assert rows(music, "SELECT title FROM album WHERE album_id = 1") == [(stored,)]


def test_a_conflict_on_another_unique_key(music) -> None:
    query = """mutation($c: GenreOnConflict!) { insertGenreOne(
        object: {genreId: 9, name: "Rock"}, onConflict: $c) { genreId name } }"""

    assert music.query(URL, query, {"c": {"constraint": "genreNameKey"}}).data == {
        "insertGenreOne": None
    }
    changed = {"constraint": "genreNameKey", "updateColumns": ["name"]}
    assert music.query(URL, query, {"c": changed}).data == {
        "insertGenreOne": {"genreId": 1, "name": "Rock"}
    }
    assert (
        music.query(URL, query, {"c": {"constraint": "genrePkey"}}).code == "CONSTRAINT_VIOLATION"
    )
