"""Requests of unusual size work, or are refused by a limit that is named."""

from __future__ import annotations

import pytest

from dynamic_databases.errors import TooDeep
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from schema.limits import Limits
from schema.operations import OperationCache
from schema.orm import OrmReader
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import MARIADB, MSSQL, SQLITE

URL = "/t/music/graphql"


def series(vendor, count: int) -> str:
    """A table of the numbers 1 to count, called s(n)."""
    if vendor is SQLITE:
        return (
            f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) "
            "SELECT n FROM s) s"
        )
    if vendor is MARIADB:
        return f"(SELECT seq AS n FROM seq_1_to_{count}) s"
    return f"generate_series(1, {count}) s(n)"


def test_a_list_under_a_thousand_parents(music, vendor) -> None:
    for sql in (
        f"INSERT INTO artist (name) SELECT 'a' FROM {series(vendor, 1000)}",
        "INSERT INTO album (artist_id, title) SELECT artist_id, 't' FROM artist",
    ):
        execute(music.database.url, sql)

    query = "{ artist(limit: 1000) { albums { title } albumsAggregate { aggregate { count } } } }"
    found = music.query(URL, query).data["artist"]
    assert len(found) == 1000
    assert all(
        len(row["albums"]) == row["albumsAggregate"]["aggregate"]["count"] >= 1 for row in found
    )


def test_a_where_of_five_hundred_conditions(music) -> None:
    where = {"_or": [{"name": {"_eq": f"no {i}"}} for i in range(499)] + [{"name": {"_eq": "One"}}]}
    query = "query($w: TrackBoolExp) { track(where: $w) { name } }"

    assert music.query(URL, query, {"w": where}).data == {"track": [{"name": "One"}]}


@pytest.mark.parametrize("conjunction", ["_and", "_not"])
def test_conditions_inside_each_other(music, conjunction: str) -> None:
    where: dict = {"name": {"_eq": "One"}}
    for _ in range(30):
        where = {conjunction: where} if conjunction == "_not" else {conjunction: [where]}
    query = "query($w: TrackBoolExp) { track(where: $w) { name } }"
    assert music.query(URL, query, {"w": where}).data == {"track": [{"name": "One"}]}

    for _ in range(100):
        where = {conjunction: where} if conjunction == "_not" else {conjunction: [where]}
    reply = music.query(URL, query, {"w": where})
    literal = music.query(URL, f"{{ track(where: {'{_not: ' * 100}{{}}{'}' * 100}) {{ name }} }}")
    for refused in (reply, literal):
        assert refused.code == "QUERY_TOO_COMPLEX"
        assert "the maximum of 64 (GATEWAY_MAX_INPUT_DEPTH)" in refused.error["message"]


def test_relations_inside_each_other(music) -> None:
    query = "query($w: TrackBoolExp) { track(where: $w, limit: 1) { name } }"

    def nested(depth: int) -> dict:
        return {"album": {"tracks": nested(depth - 1)}} if depth else {"name": {"_eq": "One"}}

    assert music.query(URL, query, {"w": nested(2)}).data == {"track": [{"name": "One"}]}
    # PostgreSQL may plan for longer than the deadline, SQLite's parser has an end.
    reply = music.query(URL, query, {"w": nested(25)})
    answered = "errors" not in reply.json
    assert answered or reply.code in ("TIMEOUT", "QUERY_TOO_COMPLEX")


def test_relations_inside_each_other_by_the_orm(library) -> None:
    assert b'"One"' in answer_by_orm(library, 3)


def test_more_relations_than_sqlite_can_parse_are_refused_in_words(new_database) -> None:
    library = new_database(SQLITE, library_sql(SQLITE))
    with pytest.raises(TooDeep, match="nests deeper"):
        answer_by_orm(library, 30)


def answer_by_orm(library: Database, levels: int) -> bytes:
    """Ask for tracks by a condition that goes to the album and back, `levels` times."""
    where = '{name: {_eq: "One"}}'
    for _ in range(levels):
        where = f"{{album: {{tracks: {where}}}}}"
    built = built_of(library)
    limits = Limits(max_depth=200, max_input_depth=200)
    query = f"{{ track(where: {where}) {{ name }} }}"
    (root,) = OperationCache(built, limits, 1).compile(query, None).plan({}).roots
    models = process_registry().models(library.label)
    with process_registry().connections.lease(library.label):
        return OrmReader(models, library.label, {}, limits).answer(root.action)


def test_a_list_of_five_thousand_values(music, vendor) -> None:
    query = (
        "query($k: [Int!], $n: [String!]) { a: track(where: {trackId: {_in: $k}}) { name } "
        "b: trackAggregate(where: {name: {_nin: $n}}) { aggregate { count } } }"
    )
    given = {"k": list(range(3, 5003)), "n": [f"name {i}" for i in range(5000)]}

    answer = music.query(URL, query, given)
    if vendor is MSSQL and "errors" in answer.json:  # by the ORM, which binds each value
        assert answer.code == "QUERY_TOO_COMPLEX" and "2000" in answer.error["message"]
        return
    found = answer.data
    assert len(found["a"]) == 4
    assert found["b"]["aggregate"]["count"] == 6


def test_three_hundred_aliases_are_refused_by_name(music) -> None:
    fields = " ".join(f"f{i}: name" for i in range(300))
    reply = music.query(URL, f"{{ track {{ {fields} }} }}")

    assert reply.code == "QUERY_TOO_COMPLEX"
    assert "300 aliases" in reply.error["message"]
    assert "GATEWAY_MAX_ALIASES" in reply.error["message"]


def test_a_thousand_rows_are_inserted_at_once(music) -> None:
    query = "mutation($o: [GenreInsertInput!]!) { insertGenre(objects: $o) { affectedRows } }"
    given = {"o": [{"name": f"genre {i}"} for i in range(1000)]}

    assert music.query(URL, query, given).data == {"insertGenre": {"affectedRows": 1000}}
