"""What the vendors' readers see."""

from __future__ import annotations

import pytest

from dynamic_databases.catalog.serialization import catalog_from_json
from dynamic_databases.catalog.types import Catalog, Kind, TableName
from tests.fixtures.databases import execute, library_sql
from tests.fixtures.vendors import MARIADB, MSSQL, POSTGRESQL, SQLITE


def test_tables_columns_and_keys(library, vendor) -> None:
    found = library.catalog()

    assert [str(table.name) for table in found.tables] == [
        "album",
        "artist",
        "genre",
        "playlist_track",
        "track",
    ]
    track = found.by_name[TableName("", "track")]
    assert {c.name: c.type.kind for c in track.columns} == {
        "track_id": Kind.INTEGER,
        "album_id": Kind.INTEGER,
        "genre_id": Kind.INTEGER,
        "name": Kind.TEXT,
        "seconds": Kind.INTEGER,
        "bytes": Kind.BIGINT,
        "rating": Kind.FLOAT,
        "explicit": Kind.BOOLEAN,
        "recorded_at": Kind.LOCAL_DATETIME,
        "meta": Kind.TEXT if vendor is MSSQL else Kind.JSON,
        "cover": Kind.BINARY,
    }
    assert track.primary_key == ("track_id",)
    assert track.by_name["track_id"].identity and not track.by_name["track_id"].nullable
    assert not track.by_name["explicit"].nullable and track.by_name["seconds"].nullable
    assert {(k.columns, str(k.target), k.target_columns) for k in track.foreign_keys} == {
        (("album_id",), "album", ("album_id",)),
        (("genre_id",), "genre", ("genre_id",)),
    }
    assert found.by_name[TableName("", "playlist_track")].primary_key == ("playlist", "position")
    assert [key.columns for key in found.by_name[TableName("", "genre")].unique_keys] == [("name",)]
    price = found.by_name[TableName("", "album")].by_name["price"].type
    assert (price.kind, price.precision, price.scale) == (Kind.DECIMAL, 8, 2)


def test_views_generated_columns_and_defaults(vendor, new_database) -> None:
    twice = "AS (n * 2)" if vendor is MSSQL else "INTEGER GENERATED ALWAYS AS (n * 2) STORED"
    database = new_database(
        vendor,
        f"""CREATE TABLE item (id {vendor.identity}, n INTEGER DEFAULT 7, twice {twice});
        CREATE VIEW items AS SELECT id, n FROM item;""",
    )
    found = database.catalog()

    item = found.by_name[TableName("", "item")]
    assert item.by_name["n"].default.strip("()") == "7"
    assert item.by_name["twice"].generated
    view = found.by_name[TableName("", "items")]
    key = ("id",) if vendor in (POSTGRESQL, MARIADB) else ()
    assert view.is_view and view.primary_key == key


def test_a_constant_number_of_queries(vendor, new_database, sent, registry) -> None:
    # No other test's table has this text: what is remembered by its text isn't read.
    few = new_database(vendor, "CREATE TABLE t0 (id INTEGER PRIMARY KEY, of_few INTEGER);")
    many = new_database(
        vendor,
        "".join(
            (
                f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b INTEGER "
                f"REFERENCES t{max(i - 1, 0)}(id));"
            )
            for i in range(60)
        ),
    )
    counts = []
    for database in (few, many):
        with sent() as statements:
            assert registry.refresh(database.label)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert len(many.catalog().tables) == 60


def test_equal_catalogs_have_one_fingerprint(vendor, new_database) -> None:
    first, second = (new_database(vendor, library_sql(vendor)) for _ in range(2))
    execute(second.url, "INSERT INTO genre (name) VALUES ('Folk')")
    assert first.catalog().fingerprint == second.catalog().fingerprint

    execute(second.url, "ALTER TABLE genre ADD COLUMN x INTEGER")
    second.save()
    assert first.catalog().fingerprint != second.catalog().fingerprint


def test_a_catalog_survives_json(library) -> None:
    found = library.catalog()

    again = catalog_from_json(found.to_json())
    assert again == Catalog(found.vendor, found.tables)
    assert again.fingerprint == found.fingerprint


def test_the_change_token_tells_of_ddl_not_of_rows(library, registry) -> None:
    library.catalog()
    execute(library.url, "INSERT INTO genre (name) VALUES ('Folk')")
    assert not registry.has_changed(library.label)

    execute(library.url, "ALTER TABLE genre ADD COLUMN x INTEGER")
    assert registry.has_changed(library.label)
    assert "x" in registry.refresh(library.label).catalog.by_name[TableName("", "genre")].by_name
    assert not registry.has_changed(library.label)


def test_a_broken_view_is_left_out_with_a_reason(new_database) -> None:
    database = new_database(
        SQLITE,
        (
            "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY); "
            "CREATE VIEW v AS SELECT * FROM b; CREATE VIEW w AS SELECT * FROM a;"
        ),
    )
    execute(database.url, "PRAGMA legacy_alter_table = ON")
    execute(database.url, "DROP TABLE b")
    found = database.catalog()

    assert [str(t.name) for t in found.tables] == ["a", "w"]
    (skipped,) = found.skipped
    assert skipped.name == "v" and "can't be read" in skipped.reason


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("", Kind.OTHER),
        ("int", Kind.INTEGER),
        ("UNSIGNED BIG INT", Kind.BIGINT),
        ("NVARCHAR(40)", Kind.TEXT),
        ("FLOATING POINT", Kind.OTHER),
        ("double precision", Kind.FLOAT),
        ("numeric", Kind.DECIMAL),
        ("TIMESTAMP", Kind.LOCAL_DATETIME),
        ("blob", Kind.BINARY),
    ],
)
def test_sqlites_free_words(new_database, declared: str, kind: Kind) -> None:
    database = new_database(SQLITE, f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {declared});")

    assert database.catalog().tables[0].by_name["x"].type.kind is kind


def test_postgresqls_own(postgresql, new_database) -> None:
    database = new_database(
        postgresql,
        """CREATE SCHEMA sales; CREATE TYPE mood AS ENUM ('ok', 'bad');
            CREATE DOMAIN cents AS BIGINT CHECK (VALUE >= 0);
        CREATE TABLE sales.orders (id INT GENERATED ALWAYS AS IDENTITY
          PRIMARY KEY, m mood, c cents, a TEXT[], n NUMERIC(38, 20));
        COMMENT ON TABLE sales.orders IS 'What was ordered';
          COMMENT ON COLUMN sales.orders.c IS 'Price';
        CREATE TABLE part (d DATE NOT NULL, n INT) PARTITION BY RANGE (d);
          CREATE TABLE part_2024 PARTITION OF part FOR VALUES
          FROM ('2024-01-01') TO ('2025-01-01');
        CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one;""",
    )
    found = database.catalog()

    assert [str(t.name) for t in found.tables] == ["mv", "part", "sales.orders"]
    orders = found.by_name[TableName("sales", "orders")]
    assert (orders.comment, orders.by_name["c"].comment) == ("What was ordered", "Price")
    kinds = {c.name: c.type.kind for c in orders.columns}
    assert kinds == {
        "id": Kind.INTEGER,
        "m": Kind.ENUM,
        "c": Kind.BIGINT,
        "a": Kind.ARRAY,
        "n": Kind.DECIMAL,
    }
    assert orders.by_name["id"].identity
    assert orders.by_name["m"].type.labels == ("ok", "bad")
    assert (orders.by_name["n"].type.precision, orders.by_name["n"].type.scale) == (38, 20)
