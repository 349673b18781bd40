"""Writing one row through the real door, on every vendor; what was sent is looked at."""

from __future__ import annotations

import json

import pytest

from tests.fixtures.databases import execute
from tests.fixtures.vendors import MSSQL, SQLITE

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
