"""A role's answer is the one of `admin` on a copy without the rows that the role may not see."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, reject, seed, settings

from dynamic_databases.errors import TimedOut
from dynamic_databases.models import Database
from schema.built_schema import BuiltSchema
from schema.errors import OperationProblem
from schema.global_ids import SCOPE, scope_of
from schema.plan.session_variables import SESSION
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.row_rules import access_to, built_for
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import MARIADB, MSSQL, POSTGRESQL
from tests.schema.test_two_ways import queries

DOCUMENTS = int(os.environ.get("GATEWAY_TEST_ROW_RULES", "15"))
SLOW = settings(
    max_examples=DOCUMENTS,
    phases=(Phase.generate,),  # rules and documents are small: no time goes into smaller ones
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
KEYS = {
    "genre": ("genre_id",),
    "artist": ("artist_id",),
    "album": ("album_id",),
    "track": ("track_id",),
    "playlist_track": ("playlist", "position"),
}
# A rule and the same in SQL.
ONE_ALBUM = "SELECT 1 FROM album a WHERE a.artist_id = artist.artist_id"
ITS_ALBUM = "SELECT 1 FROM album a WHERE a.album_id = track.album_id"
RULES: dict[str, list[tuple[dict[str, Any], str]]] = {
    "genre": [
        ({"name": {"_eq": "X-Gateway-Genre"}}, "name = 'Rock'"),
        (
            {"tracks": {"seconds": {"_gt": 305}}},
            "EXISTS (SELECT 1 FROM track t WHERE t.genre_id = genre.genre_id AND t.seconds > 305)",
        ),
    ],
    "artist": [
        ({"country": {"_isNull": False}}, "country IS NOT NULL"),
        ({"country": {"_in": ["X-Gateway-Country", "US"]}}, "country IN ('AT', 'US')"),
        ({"albums": {}}, f"EXISTS ({ONE_ALBUM})"),
        (
            {"albumsAggregate": {"count": {"predicate": {"_gt": 1}}}},
            "(SELECT count(*) FROM album a WHERE a.artist_id = artist.artist_id) > 1",
        ),
    ],
    "album": [
        ({"price": {"_gte": "X-Gateway-Price"}}, "price >= 9.9"),
        ({"released": {"_lt": "1998-01-01"}}, "released < '1998-01-01'"),
        (
            {"artist": {"name": {"_neq": "Ada"}}},
            "EXISTS (SELECT 1 FROM artist r WHERE r.artist_id = album.artist_id AND name <> 'Ada')",
        ),
    ],
    "track": [
        ({"seconds": {"_lte": 305}}, "seconds <= 305"),
        ({"explicit": {"_eq": "X-Gateway-Explicit"}}, "NOT explicit"),
        ({"trackId": {"_nin": "X-Gateway-Tracks"}}, "track_id NOT IN (2, 4)"),
        ({"album": {}}, f"EXISTS ({ITS_ALBUM})"),
        (
            {"album": {"artist": {"country": {"_eq": "AT"}}}},
            (
                f"EXISTS ({ITS_ALBUM} AND EXISTS (SELECT 1 FROM artist r"
                " WHERE r.artist_id = a.artist_id AND r.country = 'AT'))"
            ),
        ),
    ],
    "playlist_track": [
        ({"playlist": {"_eq": 1}}, "playlist = 1"),
        (
            {"track": {"explicit": {"_eq": False}}},
            (
                "EXISTS (SELECT 1 FROM track t WHERE t.track_id = playlist_track.track_id"
                " AND NOT t.explicit)"
            ),
        ),
    ],
}
SESSIONS = {
    "x-gateway-genre": "Rock",
    "x-gateway-country": "AT",
    "x-gateway-price": "9.90",
    "x-gateway-explicit": "false",
    "x-gateway-tracks": "[2, 4]",
}  # fmt: skip


def chosen_rule(choose: random.Random, table: str, depth: int = 2) -> tuple[dict[str, Any], str]:
    """Return a rule and its SQL."""
    kind = choose.choice(["leaf", "leaf", "not", "and", "or"]) if depth else "leaf"
    if kind == "leaf":
        return choose.choice(RULES[table])
    one, one_sql = chosen_rule(choose, table, depth - 1)
    if kind == "not":
        return {"_not": one}, f"NOT ({one_sql})"
    other, other_sql = chosen_rule(choose, table, depth - 1)
    return {f"_{kind}": [one, other]}, f"({one_sql}) {kind.upper()} ({other_sql})"


def without_hidden(database: Database, vendor, rules: dict[str, str]) -> None:
    """Delete the rows that satisfy no rule: all are found before the first is deleted."""
    hidden = {
        table: execute(
            database.url,
            f"SELECT {', '.join(KEYS[table])} FROM {table} WHERE NOT COALESCE(({rule}), FALSE)",
        )
        for table, rule in rules.items()
    }
    for table, rows in hidden.items():
        for row in rows:
            key = " AND ".join(f"{c} = {v}" for c, v in zip(KEYS[table], row, strict=True))
            change(database, vendor, f"DELETE FROM {table} WHERE {key}")


def change(database: Database, vendor, sql: str) -> None:
    """Run a statement that no foreign key refuses."""
    start = {
        POSTGRESQL: "SET session_replication_role = replica; ",
        MARIADB: "SET foreign_key_checks = 0; ",
    }.get(vendor, "")
    execute(database.url, start + sql)


def answers(*given: Any) -> Any:
    try:
        return without_cursors(both_ways(*given))
    except OperationProblem as error:
        return str(error)


def without_cursors(value: Any) -> Any:
    """Return an answer without its cursors: they belong to the order, which has the rules in it."""
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if "ursor" not in k} | {
            k: without_cursors(v) for k, v in value.items() if isinstance(v, dict | list)
        }
    return [without_cursors(one) for one in value] if isinstance(value, list | tuple) else value


def check_documents(
    whole: Database, role: BuiltSchema, copy: Database, number: int, rules: object
) -> None:
    """See that a role's answers of random documents are those of `admin` on the copy."""
    admin = built_of(copy)
    known = {SCOPE: scope_of(whole.label), SESSION: SESSIONS}

    @SLOW
    @seed(number)
    @given(query=queries())
    def check(query) -> None:
        text, variables = query
        try:
            found = answers(whole, role, text, variables, known)
            expected = answers(copy, admin, text, variables, known)
        except TimedOut:  # a document may be too much for a busy machine
            reject()
        assert found == expected, rules

    check()


@pytest.mark.parametrize("number", range(int(os.environ.get("GATEWAY_TEST_ROW_RULE_SETS", "3"))))
def test_any_query_with_any_rules(vendor, new_database, number: int) -> None:
    if vendor is MSSQL:
        pytest.skip("the copy's SQL isn't SQL Server's")
    choose = random.Random(number)
    tables = choose.sample(list(RULES), choose.randint(2, 5))
    rules = {table: chosen_rule(choose, table) for table in tables}
    whole, copy = (new_database(vendor, library_sql(vendor)) for _ in range(2))
    without_hidden(copy, vendor, {table: sql for table, (_, sql) in rules.items()})
    select = {"columns": "*", "aggregate": True}
    role = built_for(
        whole,
        access_to(
            {table: {"select": select | {"rows": rules.get(table, ({},))[0]}} for table in RULES}
        ),
    )
    assert role.problems == ()
    check_documents(whole, role, copy, number, rules)
