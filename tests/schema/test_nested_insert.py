"""Inserts with the rows that go with them, to any depth."""

from __future__ import annotations

import pytest

from tests.fixtures.databases import execute

URL = "/t/music/graphql"


def rows(music, sql: str) -> list[tuple]:
    return execute(music.database.url, sql)


def test_what_a_row_refers_to_is_inserted_before_it(music) -> None:
    query = """mutation { insertTrackOne(object: {name: "Deep", explicit: false,
        genre: {data: {name: "Ambient"}},
          album: {data: {title: "New", artist: {data: {name: "Eno"}}}}}) {
        name genre { name } album { title artist { name artistId } } } }"""

    assert music.query(URL, query).data["insertTrackOne"] == {
        "name": "Deep",
        "genre": {"name": "Ambient"},
        "album": {"title": "New", "artist": {"name": "Eno", "artistId": 4}},
    }


def test_what_refers_to_a_row_is_inserted_after_it(music) -> None:
    query = """mutation { insertArtist(objects: [{name: "A", albums: {data: [
        {title: "A1", tracks: {data: [{name: "x", explicit: true},
          {name: "y", explicit: false, playlistTracks: {
          data: [{playlist: 7, position: 1}]}}]}},
        {title: "A2"}]}}, {name: "B"}]) {
        affectedRows returning { name albums
          { title tracks { name playlistTracks { playlist } } } } } }"""

    assert music.query(URL, query).data["insertArtist"] == {
        "affectedRows": 7,
        "returning": [
            {
                "name": "A",
                "albums": [
                    {
                        "title": "A1",
                        "tracks": [
                            {"name": "x", "playlistTracks": []},
                            {"name": "y", "playlistTracks": [{"playlist": 7}]},
                        ],
                    },
                    {"title": "A2", "tracks": []},
                ],
            },
            {"name": "B", "albums": []},
        ],
    }


def test_variables_in_nested_rows(music) -> None:
    query = """mutation($album: AlbumInsertInput!, $tracks: TrackArrRelInsertInput) {
        insertArtistOne(object: {name: "V",
          albums: {data: [$album, {title: "W", tracks: $tracks}]}}) {
        albums { title tracks { name } } } }"""
    given = {
        "album": {"title": "T", "tracks": {"data": []}},
        "tracks": {"data": [{"name": "t", "explicit": True}]},
    }

    assert music.query(URL, query, given).data["insertArtistOne"]["albums"] == [
        {"title": "T", "tracks": []},
        {"title": "W", "tracks": [{"name": "t"}]},
    ]


def test_a_parent_that_is_there_is_taken(music) -> None:
    query = """mutation { insertTrackOne(object: {name: "n", explicit: true,
        genre: {data: {name: "Rock"}, onConflict: {constraint: genreNameKey}}})
          { genre { genreId name } } }"""

    assert music.query(URL, query).data["insertTrackOne"] == {
        "genre": {"genreId": 1, "name": "Rock"}
    }
    assert rows(music, "SELECT count(*) FROM genre") == [(2,)]


def test_an_error_far_down_leaves_nothing(music) -> None:
    query = """mutation { insertArtistOne(object: {name: "A", albums: {data: [{title: "t", tracks: {
        data: [{name: "x", explicit: true, genreId: 99}]}}]}}) { name } }"""

    assert music.query(URL, query).code == "CONSTRAINT_VIOLATION"
    assert rows(music, "SELECT count(*) FROM artist") == [(3,)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            (
                'insertAlbumOne(object: {title: "t", artistId: 1, '
                'artist: {data: {name: "x"}}}) { title }'
            ),
            "Album.artistId is given by the nested insert",
        ),
        (
            (
                'insertArtistOne(object: {name: "n", '
                'albums: {data: [{title: "t", artistId: 2}]}}) { name }'
            ),
            "Album.artistId is given by the nested insert",
        ),
    ],
)
def test_a_link_is_given_once(music, given: str, message: str) -> None:
    reply = music.query(URL, f"mutation {{ {given} }}")

    assert reply.code == "BAD_USER_INPUT"
    assert message in reply.error["message"]


def test_a_link_that_is_null_is_none(music) -> None:
    query = (
        'mutation { insertTrackOne(object: {name: "n", explicit: true, genre: null}) '
        "{ genre { name } } }"
    )

    assert music.query(URL, query).data == {"insertTrackOne": {"genre": None}}


def test_composite_keys_and_one_to_one(door, vendor, new_database, tenant_of) -> None:
    sql = """CREATE TABLE town (land VARCHAR(2) NOT NULL, code INTEGER NOT NULL,
        name VARCHAR(20), PRIMARY KEY (land, code));
    CREATE TABLE mayor (land VARCHAR(2) NOT NULL, code INTEGER NOT NULL, name VARCHAR(20) NOT NULL,
      PRIMARY KEY (land, code), FOREIGN KEY (land, code) REFERENCES town(land, code));"""
    _, door.token = tenant_of("towns", production=new_database(vendor, sql))
    query = """mutation { insertTownOne(object: {land: "AT", code: 1010, name: "Wien",
        mayor: {data: {name: "M"}}}) {
        name mayor { name town { code } } } }"""

    assert door.query("/t/towns/graphql", query).data["insertTownOne"] == {
        "name": "Wien",
        "mayor": {"name": "M", "town": {"code": 1010}},
    }
    back = """mutation { insertMayorOne(
        object: {name: "N", town: {data: {land: "IT", code: 5}}}) { land code town { land } } }"""
    assert door.query("/t/towns/graphql", back).data["insertMayorOne"] == {
        "land": "IT",
        "code": 5,
        "town": {"land": "IT"},
    }
