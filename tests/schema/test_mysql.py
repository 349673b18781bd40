"""What MariaDB does in a way of its own."""

from __future__ import annotations

import pytest

from tests.fixtures.databases import library_sql
from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import MARIADB

URL = "/t/maria/graphql"


@pytest.fixture
def maria(door, mariadb, new_database, tenant_of):
    door.database = new_database(mariadb, library_sql(MARIADB))
    _, door.token = tenant_of("maria", production=door.database)
    return door


LARGE = """CREATE TABLE box (id INTEGER PRIMARY KEY);
    CREATE TABLE page (id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES box(id), text LONGTEXT);
INSERT INTO box VALUES (1), (2); INSERT INTO page SELECT seq, 1, REPEAT('x', 4000000)
  FROM seq_1_to_5; INSERT INTO page VALUES (9, 2, 'short');"""


@pytest.mark.parametrize(
    "query",
    [
        "{ page { text } }",
        "{ box { pages { text } } }",
        "{ boxConnection { edges { node { pages { text } } } } }",
    ],
)
def test_an_answer_beyond_a_packet_is_refused_never_cut(
    door, mariadb, new_database, tenant_of, query: str
) -> None:
    _, door.token = tenant_of("maria", production=new_database(mariadb, LARGE))

    assert door.query(URL, query).code == "QUERY_TOO_COMPLEX"
    found = door.query(URL, "{ boxByPk(id: 2) { pages { text } } }").data
    assert found == {"boxByPk": {"pages": [{"text": "short"}]}}


def test_a_conflict_with_another_key_is_no_upsert(maria) -> None:
    query = """mutation { insertGenreOne(object: {genreId: 77, name: "Rock"},
        onConflict: {constraint: genrePkey, updateColumns: [name]}) { genreId } }"""

    answer = maria.query(URL, query)
    assert answer.code == "CONSTRAINT_VIOLATION"
    assert "Another unique constraint" in answer.error["message"]
    assert maria.query(URL, "{ genreAggregate { aggregate { count } } }").data == {
        "genreAggregate": {"aggregate": {"count": 2}}
    }


@pytest.mark.parametrize(
    "query",
    [
        (
            "{ artist(orderBy: {artistId: ASC}) "
            "{ albums(distinctOn: [artistId], orderBy: [{artistId: ASC}, {title: DESC}]) "
            "{ title } } }"
        ),
        (
            "{ artist(orderBy: {artistId: ASC}) "
            "{ albumsAggregate(limit: 1) { aggregate { count } } } }"
        ),
    ],
)
def test_what_needs_outer_columns_in_a_derived_table_goes_the_portable_way(
    maria, query: str
) -> None:
    found = maria.query(URL, query).data["artist"]

    titles = [[album["title"] for album in row["albums"]] for row in found if "albums" in row]
    counts = [
        row["albumsAggregate"]["aggregate"]["count"] for row in found if "albumsAggregate" in row
    ]
    assert titles in ([], [["Second"], ["Homogenic"], ["Blue %s Train"]])
    assert counts in ([], [1, 1, 1])


def test_two_keys_whose_names_say_what_they_are(maria) -> None:
    query = "mutation($o: GenreInsertInput!) { insertGenreOne(object: $o) { name } }"

    for given, constraint, columns in (
        ({"name": "Rock"}, "name", ["name"]),
        ({"genreId": 1, "name": "Folk"}, "PRIMARY", ["genre_id"]),
    ):
        answer = maria.query(URL, query, {"o": given})
        facts = answer.error["extensions"]
        assert (answer.code, facts["constraint"], facts["columns"]) == (
            "CONSTRAINT_VIOLATION",
            constraint,
            columns,
        )


def test_an_enum_of_a_column_is_one_of_graphql(mariadb, new_database) -> None:
    database = new_database(
        mariadb, "CREATE TABLE shirt (id INTEGER PRIMARY KEY, size ENUM('small', 'x large'));"
    )

    types = built_of(database).schema.graphql_schema.type_map
    assert str(types["Shirt"].fields["size"].type) == "ShirtSize"
    assert set(types["ShirtSize"].values) == {"small", "x_large"}


def test_a_row_that_holds_the_value_already_is_matched_and_counted(maria) -> None:
    query = """mutation { updateGenre(where: {genreId: {_eq: 1}}, _set: {name: "Rock"}) {
        affectedRows returning { name } } }"""

    assert maria.query(URL, query).data["updateGenre"] == {
        "affectedRows": 1,
        "returning": [{"name": "Rock"}],
    }
