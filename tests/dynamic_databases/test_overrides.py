"""The override file of one database: names, keys, relations and what is hidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from dynamic_databases.catalog.overrides import parse_overrides, with_overrides
from dynamic_databases.catalog.types import Catalog, Column, Kind, SqlType, Table, TableName
from dynamic_databases.errors import InvalidConfig
from tests.fixtures.vendors import SQLITE

SQL = """CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(40), secret VARCHAR(40));
CREATE TABLE audit (id INTEGER PRIMARY KEY);
CREATE TABLE page (book_id INTEGER, writer INTEGER, title VARCHAR(40));
  INSERT INTO page VALUES (1, 7, 'One');
CREATE VIEW book AS SELECT book_id, writer, title FROM page;
INSERT INTO author VALUES (7, 'Ada', 'x');"""
FILE = {
    "names": {"author": "writer", "book.title": "heading"},
    "keys": {"book": ["book_id"]},
    "relations": [
        {"table": "book", "columns": ["writer"], "target": "author", "targetColumns": ["id"]}
    ],
    "hide": ["audit", "author.secret"],
}


@pytest.fixture
def overridden(door, vendor, new_database, tenant_of):
    """A database with an override file, which goes away at the end."""
    file = Path(settings.GATEWAY_OVERRIDES_DIR) / "books.json"
    file.write_text(json.dumps(FILE))
    database = new_database(vendor, SQL, name="books")
    _, door.token = tenant_of("books", production=database)
    yield door, database, file
    file.unlink()


def test_a_view_gets_a_key_a_relation_and_names(overridden) -> None:
    door, _, _ = overridden
    query = """{ book { heading author { name } } bookByPk(bookId: 1) { heading }
        writer { name books { heading } } }"""

    assert door.query("/t/books/graphql", query).data == {
        "book": [{"heading": "One", "author": {"name": "Ada"}}],
        "bookByPk": {"heading": "One"},
        "writer": [{"name": "Ada", "books": [{"heading": "One"}]}],
    }
    for hidden in ("{ audit { id } }", "{ writer { secret } }"):
        assert door.query("/t/books/graphql", hidden).code == "GRAPHQL_VALIDATION_FAILED"


def test_a_changed_file_is_followed(overridden, registry) -> None:
    _, database, file = overridden
    assert TableName("", "audit") not in database.catalog().by_name
    assert not registry.has_changed(database.label)

    file.write_text(json.dumps(FILE | {"hide": []}))
    assert registry.has_changed(database.label)
    assert TableName("", "audit") in registry.refresh(database.label).catalog.by_name


def test_a_bad_file_is_the_operators_to_mend(overridden, registry) -> None:
    door, database, file = overridden
    file.write_text('{"hidden": []}')
    registry.forget(database.label)

    answer = door.query("/t/books/graphql", "{ book { heading } }")
    assert answer.code == "TENANT_UNAVAILABLE"
    assert "books.json" not in answer.error["message"]
    with pytest.raises(
        InvalidConfig, match=r"books[.]json: hidden: it isn't known; known are names"
    ):
        database.catalog()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is no JSON"),
        ("[]", "it must be an object"),
        ('{"keys": {"book": "id"}}', "keys: it must be lists of columns by table"),
        ('{"names": ["x"]}', "names: it must be texts by table or table.column"),
        ('{"hide": "audit"}', "hide: it must be a list of table or table.column"),
        (
            '{"relations": [{"table": "a"}]}',
            "relations: it must be objects of columns, table, target, targetColumns",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text: str, reason: str) -> None:
    with pytest.raises(InvalidConfig, match=reason):
        parse_overrides(text, "x.json")


def test_what_is_not_there_is_told_and_nothing_fails() -> None:
    table = Table(TableName("", "a"), (Column("id", SqlType(Kind.INTEGER, "int")),))
    catalog = Catalog("sqlite", (table,))
    file = {
        "keys": {"a": ["no"], "b": ["id"]},
        "hide": ["c", "a.no"],
        "relations": [{"table": "a", "columns": ["id"], "target": "a", "targetColumns": ["id"]}],
    }

    found = with_overrides(catalog, parse_overrides(json.dumps(file), "x.json"))
    assert found.tables == catalog.tables
    assert [thing.name for thing in found.skipped] == ["a.no", "c", "a", "b", "a → a"]


def test_a_type_is_given_to_a_column_of_sqlite(door, new_database, tenant_of) -> None:
    file = Path(settings.GATEWAY_OVERRIDES_DIR) / "times.json"
    file.write_text(json.dumps({"types": {"event.id": "BIGINT", "event.ms": "BIGINT"}}))
    sql = """CREATE TABLE event (id INTEGER PRIMARY KEY, ms INTEGER);
        INSERT INTO event VALUES (1710000000000, 1710000000001);"""
    _, door.token = tenant_of("times", production=new_database(SQLITE, sql, name="times"))

    found = door.query("/t/times/graphql", "{ event { id ms } }").data
    assert found == {"event": [{"id": "1710000000000", "ms": "1710000000001"}]}
    query = """mutation { insertEventOne(object: {ms: 1710000000002}) { id }
        updateEventByPk(pkColumns: {id: 1710000000000}, _set: {ms: 5}) { ms } }"""
    assert door.query("/t/times/graphql", query).data == {
        "insertEventOne": {"id": "1710000000001"},
        "updateEventByPk": {"ms": "5"},
    }
    file.unlink()


def test_no_other_vendors_column_is_given_a_type() -> None:
    table = Table(TableName("", "a"), (Column("id", SqlType(Kind.INTEGER, "integer")),))
    overrides = parse_overrides('{"types": {"a.id": "BIGINT", "a.no": "BIGINT"}}', "x.json")

    for vendor, skipped in (("postgresql", ["a.id", "a.no"]), ("sqlite", ["a.no"])):
        found = with_overrides(Catalog(vendor, (table,)), overrides)
        assert [thing.name for thing in found.skipped] == skipped
