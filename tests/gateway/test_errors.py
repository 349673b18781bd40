"""Errors have the right code and status, say what to do, and reveal nothing internal."""

from __future__ import annotations

from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from dynamic_databases.models import Database
from tests.fixtures.databases import execute
from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import SQLITE, on_sqlite, postgresql_url

URL = "/t/music/graphql"
JSON = {"content-type": "application/json"}
NEW = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("query", "variables", "code", "words"),
    [
        ("{ track { ", None, "GRAPHQL_PARSE_FAILED", "Expected"),
        ("{ track { nope } }", None, "GRAPHQL_VALIDATION_FAILED", "nope"),
        ("{ nope { name } }", None, "GRAPHQL_VALIDATION_FAILED", "nope"),
        ('{ trackByPk(trackId: "x") { name } }', None, "GRAPHQL_VALIDATION_FAILED", "Int"),
        ("query($i: Int!) { trackByPk(trackId: $i) { name } }", {"i": "x"}, "BAD_USER_INPUT", "$i"),
        ("query($i: Int!) { trackByPk(trackId: $i) { name } }", {}, "BAD_USER_INPUT", "$i"),
        (
            "query($i: Int!) { trackByPk(trackId: $i) { name } }",
            {"i": None},
            "BAD_USER_INPUT",
            "$i",
        ),
        (
            "query($w: TrackBoolExp) { track(where: $w) { name } }",
            {"w": {"nope": 1}},
            "BAD_USER_INPUT",
            "nope",
        ),
        ("query A { __typename } query B { __typename }", None, "BAD_USER_INPUT", "operationName"),
        ("fragment F on Track { name }", None, "GRAPHQL_VALIDATION_FAILED", "operation"),
        ("{ track(limit: -1) { name } }", None, "BAD_USER_INPUT", "negative"),
        ("{ track(offset: -1) { name } }", None, "BAD_USER_INPUT", "negative"),
        ("{ track(limit: 1001) { name } }", None, "QUERY_TOO_COMPLEX", "1000"),
        (
            "{ " + " ".join(f"a{i}: genre {{ name }}" for i in range(31)) + " }",
            None,
            "QUERY_TOO_COMPLEX",
            "20 (",
        ),
        (
            "{ genre { " + " ".join(f"a{i}: name" for i in range(31)) + " } }",
            None,
            "QUERY_TOO_COMPLEX",
            "30 (",
        ),
        (
            "{ album { " + "artist { albums { " * 6 + "title" + " } }" * 6 + " } }",
            None,
            "QUERY_TOO_COMPLEX",
            "12 (",
        ),
        ("{ genre { " + "name " * 10_001 + "} }", None, "QUERY_TOO_COMPLEX", "10000"),
        ("subscription { track { name } }", None, "GRAPHQL_VALIDATION_FAILED", ""),
    ],
)
def test_documents(music, query: str, variables: dict | None, code: str, words: str) -> None:
    for accept, status in (("application/json", 200), (NEW, 400)):
        answer = music.query(URL, query, variables, accept=accept)
        assert (answer.status, answer.code) == (status, code), answer.json
        assert words in answer.error["message"]
        assert answer.error["extensions"]["requestId"] == answer.headers["x-request-id"]
        assert "data" not in answer.json


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", URL, b"{", JSON, 400),
        ("POST", URL, b"", JSON, 400),
        ("POST", URL, b"[]", JSON, 400),
        ("POST", URL, b'{"query": 5}', JSON, 400),
        ("POST", URL, b'{"query": ""}', JSON, 400),
        ("POST", URL, b'{"query": "{a}", "variables": []}', JSON, 400),
        ("POST", URL, b'{"query": "{a}", "operationName": 5}', JSON, 400),
        ("POST", URL, b'{"query": NaN}', JSON, 400),
        ("POST", URL, b"[" * 100_000, JSON, 400),
        ("POST", URL, b"\xff", JSON, 400),
        ("POST", URL, b"query=%7Ba%7D", {"content-type": "application/x-www-form-urlencoded"}, 415),
        ("POST", URL, b"{}", {"content-type": "text/plain"}, 415),
        ("POST", URL, b"{}", {}, 415),
        ("POST", URL, b"{}", {"content-type": "application/json; charset=latin-1"}, 415),
        ("POST", URL, b'{"query": "{__typename}"}', {**JSON, "accept": "text/csv"}, 406),
        ("POST", URL, b" " * 1_000_001, JSON, 413),
        ("PUT", URL, b"{}", JSON, 405),
        ("GET", URL, b"", {}, 400),
        ("GET", URL + "?query=%7B__typename%7D&variables=x", b"", {}, 400),
    ],
)
@on_sqlite
def test_http(
    music, method: str, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = music.request(method, path, body, headers)

    assert answer.status == status
    assert answer.error["message"]
    assert answer.code == "BAD_USER_INPUT"


@on_sqlite
def test_get_and_both_media_types(music) -> None:
    answer = music.request(
        "GET", URL + "?query=%7B__typename%7D", headers={"accept": f"{NEW}, application/json;q=0.5"}
    )
    assert (answer.status, answer.data, answer.headers["content-type"]) == (
        200,
        {"__typename": "Query"},
        NEW,
    )
    answer = music.request("GET", URL + "?query=%7B__typename%7D", headers={"accept": "*/*"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:hunter2@127.0.0.1:1/nowhere",
        "postgresql://postgres:hunter2@{server}/no_such_database",
        "sqlite:///missing.sqlite3",
    ],
)
def test_an_unreachable_database(door, tenant_of, postgresql, url: str, caplog) -> None:
    url = url.format(server=urlsplit(postgresql_url()).netloc.rpartition("@")[2])
    _, door.token = tenant_of("down", production=Database.objects.from_url("down", url))

    answer = door.query("/t/down/graphql", "{ __typename }")
    assert (answer.status, answer.code) == (503, "TENANT_UNAVAILABLE")
    for secret in ("hunter2", "127.0.0.1", "no_such_database", "missing", "psycopg", "sqlite"):
        assert secret not in answer.body.decode()
    assert "hunter2" not in caplog.text


def test_a_wrong_password(door, tenant_of, postgresql) -> None:
    server = urlsplit(postgresql_url()).netloc.rpartition("@")[2]
    row = Database.objects.from_url(
        "locked", f"postgresql://no_such_user:hunter2@{server}/postgres"
    )
    _, door.token = tenant_of("locked", production=row)

    answer = door.query("/t/locked/graphql", "{ __typename }")
    assert (answer.status, answer.code) == (503, "TENANT_UNAVAILABLE")
    assert "hunter2" not in answer.body.decode() and "no_such_user" not in answer.body.decode()


def test_a_secret_that_is_not_there(door, tenant_of, settings) -> None:
    settings.GATEWAY_SECRET_ENV = ("NOT_SET_*",)
    config = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "x",
        "HOST": "127.0.0.1",
        "PASSWORD": {"$env": "NOT_SET_ANYWHERE"},
    }
    _, door.token = tenant_of(
        "half", production=Database.objects.create(name="half", config=config)
    )

    answer = door.query("/t/half/graphql", "{ __typename }")
    assert (answer.status, answer.code) == (503, "TENANT_UNAVAILABLE")
    assert "NOT_SET_ANYWHERE" not in answer.body.decode()


@pytest.mark.parametrize(
    "bad",
    [
        {"TIME_ZONE": "Nowhere/City"},
        {"OPTIONS": {"connect_timeout": "soon"}},
        {"PORT": "x"},
        {"NAME": "x" * 64},
        {"OPTIONS": {"sslmode": ["require"]}},
        {"HOST": 5},
    ],
    ids=range(6),
)
def test_a_value_that_an_older_release_stored(door, tenant_of, bad: dict) -> None:
    """Its tenant is unavailable, and an operator learns which key is wrong."""
    config = {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": "127.0.0.1"}
    row = Database.objects.create(name="older", config=config)
    _, door.token = tenant_of("older", production=row)
    Database.objects.filter(pk=row.pk).update(config={**config, **bad})

    answer = door.query("/t/older/graphql", "{ __typename }")
    assert (answer.status, answer.code) == (503, "TENANT_UNAVAILABLE")
    key = next(iter(bad))
    assert key not in answer.body.decode()
    listed = StringIO()
    call_command("database", "list", stdout=listed)
    assert f"refused: {key}" in listed.getvalue()
    with pytest.raises(CommandError, match=key):
        call_command("database", "test", "older")


def test_a_column_that_went_away(music) -> None:
    assert music.query(URL, "{ artist { country } }").data
    execute(music.database.url, "ALTER TABLE artist DROP COLUMN country")

    answer = music.query(URL, "{ artist { country } }")
    assert answer.code == "SCHEMA_CHANGED"
    assert answer.error["extensions"]["changed"] == ["Artist.country"]
    assert music.query(URL, "{ artist { country } }").code == "GRAPHQL_VALIDATION_FAILED"
    assert music.query(URL, "{ artist { name } }").data


def test_answers_tell_the_schemas_version(music) -> None:
    before = music.query(URL, "{ artist { name } }").headers["x-schema-version"]
    document = music.request("GET", "/t/music/schema.graphql").headers
    assert document["x-schema-version"] == before
    execute(music.database.url, "ALTER TABLE artist ADD COLUMN born INTEGER")

    def has_changed() -> bool:
        return music.query(URL, "{ artist { name } }").headers["x-schema-version"] != before

    wait_for(has_changed, seconds=5)
    assert music.request("GET", "/t/music/schema.graphql").headers["etag"] != document["etag"]


def test_a_column_that_was_added_is_served_without_a_restart(music) -> None:
    """The check runs after requests, every GATEWAY_CATALOG_CHECK_SECONDS (0.1 s in tests)."""
    assert music.query(URL, "{ artist { name } }").data
    execute(music.database.url, "ALTER TABLE artist ADD COLUMN born INTEGER")

    def is_served() -> bool:
        return "errors" not in music.query(URL, "{ artist { born } }").json

    wait_for(is_served, seconds=5)


def test_environments_whose_tables_differ(door, new_database, tenant_of) -> None:
    live = new_database(
        SQLITE,
        (
            "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT); "
            "INSERT INTO item VALUES (1, 'live');"
        ),
        "live",
    )
    draft = new_database(
        SQLITE,
        (
            "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, extra TEXT); "
            "INSERT INTO item VALUES (1, 'draft', 'e');"
        ),
        "draft",
    )
    _, door.token = tenant_of("shop", production=live, development=draft)
    query = "{ item { name extra } }"

    assert door.query("/t/shop/development/graphql", query).data == {
        "item": [{"name": "draft", "extra": "e"}]
    }
    for path, headers in (
        ("/t/shop/graphql", {}),
        ("/graphql", {"x-tenant": "shop", "x-environment": "production"}),
    ):
        answer = door.query(path, query, **headers)
        assert answer.code == "GRAPHQL_VALIDATION_FAILED"
        assert "extra" in answer.error["message"] and "Item" in answer.error["message"]


def test_a_view_that_takes_too_long_is_ended(door, vendor, new_database, tenant_of) -> None:
    if not vendor.sleep:
        pytest.skip("SQLite can't sleep")
    sql = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1); "
        f"CREATE VIEW slow AS SELECT id, {vendor.sleep} AS s FROM t;"
    )
    database = new_database(vendor, sql)
    _, door.token = tenant_of("slow", production=database)
    assert door.query("/t/slow/graphql", "{ t { id } }").data

    answer = door.query("/t/slow/graphql", "{ slow { id s } }")
    assert (answer.status, answer.code) == (504, "TIMEOUT")
    assert door.query("/t/slow/graphql", "{ t { id } }").data
    wait_for(lambda: execute(database.url, vendor.sleeping) == [(0,)])


def test_nothing_is_left_open_when_a_database_is_removed(
    door, new_database, tenant_of, postgresql
) -> None:
    database = new_database(postgresql, "CREATE TABLE t (id INTEGER PRIMARY KEY);")
    url = database.url
    _, door.token = tenant_of("gone", production=database)
    assert door.query("/t/gone/graphql", "{ t { id } }").data
    count = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )
    assert execute(url, count)[0][0] >= 1

    database.delete()
    assert door.query("/t/gone/graphql", "{ t { id } }").code == "TENANT_UNAVAILABLE"
    assert execute(url, count) == [(0,)]
