"""Writing through the real door, on every vendor; what was sent is looked at."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tests.fixtures.databases import execute
from tests.fixtures.vendors import MARIADB, MSSQL, SQLITE

URL = "/t/music/graphql"


def rows(music, sql: str) -> list[tuple]:
    return execute(music.database.url, sql)


def test_insert_one_answers_the_row_with_its_relations(music) -> None:
    query = """mutation { insertAlbumOne(
        object: {title: "Post", artistId: 2, price: 12.5, released: "1995-06-13"}) {
        albumId title price released artist { name } } }"""

    assert music.query(URL, query).data["insertAlbumOne"] == {
        "albumId": 5,
        "title": "Post",
        "price": "12.50",
        "released": "1995-06-13",
        "artist": {"name": "Björk"},
    }


def test_every_kind_of_value_comes_back_as_it_was_sent(music, vendor) -> None:
    given = {
        "name": "Quote ' \" %s 😀",
        "bytes": "-9223372036854775808",
        "rating": 0.1,
        "explicit": True,
        "recordedAt": "2024-02-29T23:59:59.125",
        "meta": {"deep": [1, {"x": None}]},
        "cover": "AP8=",
        "seconds": None,
    }
    if vendor is MSSQL:
        given["meta"] = json.dumps(given["meta"])  # which keeps JSON in texts
    fields = " ".join(given)
    query = f"mutation($o: TrackInsertInput!) {{ insertTrackOne(object: $o) {{ {fields} }} }}"

    assert music.query(URL, query, {"o": given}).data["insertTrackOne"] == given


def test_insert_with_nothing_but_defaults(door, vendor, new_database, tenant_of) -> None:
    sql = (
        f"CREATE TABLE note (id {vendor.identity}, text VARCHAR(20) DEFAULT 'new', "
        "n INTEGER DEFAULT 7);"
    )
    _, door.token = tenant_of("notes", production=new_database(vendor, sql))

    assert door.query(
        "/t/notes/graphql", "mutation { insertNoteOne(object: {}) { id text n } }"
    ).data == {"insertNoteOne": {"id": 1, "text": "new", "n": 7}}
    query = "mutation { insertNoteOne(object: {text: null, n: null}) { id text n } }"
    assert door.query("/t/notes/graphql", query).data == {
        "insertNoteOne": {"id": 2, "text": None, "n": None}
    }


def test_update_writes_only_what_differs(music, sent) -> None:
    query = (
        "mutation { updateTrackByPk(pkColumns: {trackId: 1}, _set: "
        '{name: "One", seconds: 101, rating: 4.5}) { name seconds } }'
    )

    with sent() as statements:
        data = music.query(URL, query).data
    assert data == {"updateTrackByPk": {"name": "One", "seconds": 101}}
    (update,) = statements.updates
    assert "seconds" in update and "name" not in update and "rating" not in update


def test_update_that_changes_nothing_sends_no_update(music, vendor, sent) -> None:
    meta = '"[]"' if vendor is MSSQL else "[]"  # which keeps JSON in texts
    query = (
        f"mutation {{ updateTrackByPk(pkColumns: {{trackId: 3}}, _set: "
        f'{{name: "three_%", seconds: null, meta: {meta}, cover: null}}) {{ name }} }}'
    )

    with sent() as statements:
        assert music.query(URL, query).data
    assert statements.updates == []


def test_update_minds_the_case(music) -> None:
    query = 'mutation { updateTrackByPk(pkColumns: {trackId: 1}, _set: {name: "ONE"}) { name } }'

    assert music.query(URL, query).data == {"updateTrackByPk": {"name": "ONE"}}


def test_update_of_a_key(music) -> None:
    query = """mutation { updatePlaylistTrackByPk(pkColumns: {playlist: 1, position: 2},
        _set: {position: 9, note: "z"}) {
        playlist position note } }"""

    assert music.query(URL, query).data == {
        "updatePlaylistTrackByPk": {"playlist": 1, "position": 9, "note": "z"}
    }


def test_update_of_a_missing_row_is_null(music) -> None:
    assert music.query(
        URL, 'mutation { updateTrackByPk(pkColumns: {trackId: 99}, _set: {name: "x"}) { name } }'
    ).data == {"updateTrackByPk": None}


def test_update_with_nothing_to_write_is_refused(music) -> None:
    assert (
        music.query(URL, "mutation { updateTrackByPk(pkColumns: {trackId: 1}) { name } }").code
        == "BAD_USER_INPUT"
    )


def test_delete_answers_what_was_there(music) -> None:
    query = "mutation { deletePlaylistTrackByPk(playlist: 1, position: 1) { note track { name } } }"

    assert music.query(URL, query).data == {
        "deletePlaylistTrackByPk": {"note": "x", "track": {"name": "Two"}}
    }
    assert music.query(URL, query).data == {"deletePlaylistTrackByPk": None}
    assert len(rows(music, "SELECT * FROM playlist_track")) == 2


SAVE = """mutation($s: TrackSetInput!, $e: TrackSetInput, $r: Resolve) {
  saveTrack(pkColumns: {trackId: 1}, _set: $s, _expect: $e, resolve: $r) {
    row { name seconds rating } changes { field column before after } } }"""


def test_save_tells_what_changed(music) -> None:
    answer = music.query(
        URL, SAVE, {"s": {"name": "Uno", "seconds": 100}, "e": {"name": "One", "seconds": 100}}
    )

    assert answer.data["saveTrack"] == {
        "row": {"name": "Uno", "seconds": 100, "rating": 4.5},
        "changes": [{"field": "name", "column": "name", "before": "One", "after": "Uno"}],
    }


def test_save_with_a_stale_expectation_conflicts_and_writes_nothing(music, sent) -> None:
    with sent() as statements:
        answer = music.query(
            URL, SAVE, {"s": {"name": "Mine", "seconds": 7}, "e": {"name": "Old", "seconds": 100}}
        )

    assert answer.code == "CONFLICT"
    assert answer.error["extensions"]["conflicts"] == [
        {"field": "name", "base": "Old", "mine": "Mine", "theirs": "One"}
    ]
    assert answer.json["data"] is None
    assert statements.updates == []
    assert rows(music, "SELECT name, seconds FROM track WHERE track_id = 1") == [("One", 100)]


@pytest.mark.parametrize(
    ("resolve", "name", "changed"),
    [("MINE", "Mine", ["name", "seconds"]), ("THEIRS", "One", ["seconds"])],
)
def test_save_resolves_conflicts_as_told(
    music, resolve: str, name: str, changed: list[str]
) -> None:
    variables = {
        "s": {"name": "Mine", "seconds": 7},
        "e": {"name": "Old", "seconds": 100},
        "r": resolve,
    }

    saved = music.query(URL, SAVE, variables).data["saveTrack"]
    assert saved["row"] == {"name": name, "seconds": 7, "rating": 4.5}
    assert [change["field"] for change in saved["changes"]] == changed


@pytest.mark.parametrize("case", ["other field moved", "both set the same"])
def test_save_does_not_conflict_where_nothing_is_lost(music, case: str) -> None:
    variables = {
        "other field moved": {"s": {"name": "Uno"}, "e": {"name": "One", "seconds": 1}},
        "both set the same": {"s": {"name": "One"}, "e": {"name": "Old"}},
    }[case]

    assert music.query(URL, SAVE, variables).data["saveTrack"]["row"]["seconds"] == 100


def test_two_concurrent_saves_lose_no_update(music) -> None:
    """Of twenty people who all read the same value, one wins; the rest learn of it."""
    codes: list[str] = []

    def save(number: int) -> None:
        answer = music.query(
            URL, SAVE, {"s": {"seconds": 1000 + number}, "e": {"seconds": 100}}
        ).json
        codes.append(answer["errors"][0]["extensions"]["code"] if "errors" in answer else "saved")

    threads = [threading.Thread(target=save, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["CONFLICT"] * 19 + ["saved"]


def test_a_document_is_one_transaction(music) -> None:
    query = """mutation { a: insertGenreOne(object: {name: "Folk"}) { name }
        b: updateTrackByPk(pkColumns: {trackId: 1}, _set: {name: "changed"}) { name }
        c: insertGenreOne(object: {name: "Rock"}) { name } }"""

    answer = music.query(URL, query)
    assert answer.code == "CONSTRAINT_VIOLATION"
    assert answer.error["extensions"]["columns"] == ["name"]
    assert rows(music, "SELECT count(*) FROM genre") == [(2,)]
    assert rows(music, "SELECT name FROM track WHERE track_id = 1") == [("One",)]


def test_a_later_field_sees_what_an_earlier_one_wrote(music) -> None:
    query = """mutation { insertGenreOne(object: {name: "Folk"}) { genreId }
        updateTrackByPk(pkColumns: {trackId: 6}, _set: {genreId: 3})
          { genre { name tracks { name } } } }"""

    assert music.query(URL, query).data["updateTrackByPk"] == {
        "genre": {"name": "Folk", "tracks": [{"name": "loose"}]}
    }


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ('mutation { insertAlbumOne(object: {title: "x"}) { title } }', ["artist_id"]),
        (
            'mutation { insertAlbumOne(object: {title: "x", artistId: 99}) { title } }',
            ["artist_id"],
        ),
        ("mutation { deleteArtistByPk(artistId: 1) { name } }", ["artist_id"]),
    ],
)
def test_constraints_are_named(music, vendor, query: str, columns: list[str]) -> None:
    answer = music.query(URL, query)

    assert (answer.status, answer.code) == (200, "CONSTRAINT_VIOLATION")
    if (
        vendor is not SQLITE or "NOT NULL" in answer.error["message"]
    ):  # SQLite doesn't name foreign keys
        told = answer.error["extensions"].get("columns", columns if vendor is MSSQL else None)
        assert told == columns  # a SQL Server's driver gives words alone, and not all name columns


def test_generated_columns_are_read_and_never_written(
    door, vendor, new_database, tenant_of
) -> None:
    sql = (
        f"CREATE TABLE item (id {vendor.identity}, price INTEGER, "
        "twice INTEGER GENERATED ALWAYS AS (price * 2) STORED);"
    )
    if vendor is MSSQL:
        sql = sql.replace("INTEGER GENERATED ALWAYS AS (price * 2) STORED", "AS (price * 2)")
    _, door.token = tenant_of("items", production=new_database(vendor, sql))

    assert door.query(
        "/t/items/graphql", "mutation { insertItemOne(object: {price: 4}) { twice } }"
    ).data == {"insertItemOne": {"twice": 8}}
    answer = door.query(
        "/t/items/graphql", "mutation { insertItemOne(object: {twice: 4}) { twice } }"
    )
    assert answer.code == "GRAPHQL_VALIDATION_FAILED"


def test_a_row_of_800_columns(door, vendor, new_database, tenant_of, sent) -> None:
    columns = ", ".join(f"c{i} INTEGER" for i in range(799))
    sql = (
        f"CREATE TABLE wide (id {vendor.identity}, {columns}); "
        "INSERT INTO wide (c5, c700) VALUES (5, 700);"
    )
    _, door.token = tenant_of("wide", production=new_database(vendor, sql))
    fields = " ".join(f"c{i}" for i in range(799))
    row = door.query("/t/wide/graphql", f"{{ wideByPk(id: 1) {{ {fields} }} }}").data["wideByPk"]
    assert (row["c5"], row["c700"], row["c0"], len(row)) == (5, 700, None, 799)

    with sent() as statements:
        query = (
            f"mutation {{ updateWideByPk(pkColumns: {{id: 1}}, _set: {{c5: 6, c700: 700}}) "
            f"{{ {fields} }} }}"
        )
        assert door.query("/t/wide/graphql", query).data["updateWideByPk"]["c5"] == 6
    (update,) = statements.updates
    assert update.count("=") == 2 and "c5" in update  # the column and the key
    with sent() as statements:
        door.query("/t/wide/graphql", query)
    assert statements.updates == []


def test_get_may_not_write(music) -> None:
    answer = music.request(
        "GET",
        URL + "?query=mutation%20%7B%20deleteGenreByPk(genreId%3A%201)%20%7B%20name%20%7D%20%7D",
    )

    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert rows(music, "SELECT count(*) FROM genre") == [(2,)]


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
