"""Fields along foreign keys, both ways: their names, and if they lead to one row or many."""

from __future__ import annotations

import pytest

from dynamic_databases.catalog.types import (
    Column,
    ForeignKey,
    Kind,
    SqlType,
    Table,
    TableName,
)
from schema.names.casing import camel_case
from schema.names.relations import named_relations, wanted_relations

pytestmark = pytest.mark.pure

INTEGER = SqlType(Kind.INTEGER, "integer")


def table(name: str, *columns: str, schema: str = "", **references: str) -> Table:
    """A table whose first column is its key; `references` are columns and their target tables."""
    columns = ("id", *columns, *(c for c in references if c != "id"))
    keys = (ForeignKey("", (c,), TableName("", t), ("id",)) for c, t in references.items())
    return Table(
        TableName(schema, name),
        tuple(Column(c, INTEGER) for c in columns),
        ("id",),
        (),
        tuple(keys),
    )


ARTIST, AUTHOR, PERSON = table("artist"), table("author"), table("person")


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        pytest.param(
            [ARTIST, table("album", artist_id="artist")],
            {"album": {"artist": False}, "artist": {"albums": True}},
            id="both-ways",
        ),
        pytest.param(
            [AUTHOR, table("book", author_id="author", editor_id="author")],
            {
                "book": {"author": False, "editor": False},
                "author": {"books": True, "booksByEditorId": True},
            },
            id="two-to-one-table",
        ),
        pytest.param(
            [PERSON, table("book", buyer_id="person", seller_id="person")],
            {
                "book": {"buyer": False, "seller": False},
                "person": {"booksByBuyerId": True, "booksBySellerId": True},
            },
            id="two-and-none-is-the-main-one",
        ),
        pytest.param(
            [table("employee", reports_to="employee")],
            {"employee": {"employee": False, "employees": True}},
            id="to-itself",
        ),
        pytest.param(
            [ARTIST, table("album", "artist", artist_id="artist")],
            {"album": {"artistByArtistId": False}, "artist": {"albums": True}},
            id="a-column-keeps-its-name",
        ),
        pytest.param(
            [PERSON, table("passport", id="person")],
            {"passport": {"person": False}, "person": {"passport": False}},
            id="a-unique-key-leads-back-to-one-row",
        ),
        pytest.param(
            [table("album", artist_id="artist")],
            {"album": {"artist": False}},
            id="a-key-that-leads-out-of-the-catalog",
        ),
        pytest.param(
            [ARTIST, table("album", schema="shop", artist_id="artist")],
            {"shop.album": {"artist": False}, "artist": {"shopAlbums": True}},
            id="a-schema-is-part-of-the-name",
        ),
    ],
)
def test_relations(tables: list[Table], expected: dict[str, dict[str, bool]]) -> None:
    fields = {t.name: {c.name: camel_case(c.name) for c in t.columns} for t in tables}
    wanted = [one for t in tables for one in wanted_relations(t, fields[t.name])]
    found = named_relations(wanted, {name: own.values() for name, own in fields.items()})

    assert {
        str(name): {r.name: r.many for r in relations}
        for name, relations in found.items()
        if relations
    } == expected
