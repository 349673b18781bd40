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


def test_the_end_of_a_version_is_no_part_of_a_key(mariadb, served) -> None:
    """The server adds it to the keys of system-versioned tables."""
    ask = served(
        mariadb,
        """CREATE TABLE price (id INT PRIMARY KEY, n INT, code INT UNIQUE,
          since TIMESTAMP(6) AS ROW START, until TIMESTAMP(6) AS ROW END,
          PERIOD FOR SYSTEM_TIME (since, until)) WITH SYSTEM VERSIONING;
        INSERT INTO price (id, n, code) VALUES (1, 1, 7);""",
    )

    query = """mutation { savePrice(pkColumns: {id: 1}, _set: {n: 2}, _expect: {n: 1}) { row { n } }
        insertPriceOne(object: {id: 3, code: 7, n: 5},
          onConflict: {constraint: priceCodeKey, updateColumns: [n]}) { id n } }"""
    assert ask(query).data == {"savePrice": {"row": {"n": 2}}, "insertPriceOne": {"id": 1, "n": 5}}
    assert ask("{ priceByPk(id: 1) { n } }").data == {"priceByPk": {"n": 5}}
