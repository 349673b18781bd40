"""SQLite's tables are read again only where the text that made them changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_databases.catalog import sqlite
from dynamic_databases.catalog.assemble import assemble
from dynamic_databases.catalog.remembered import TableColumns, key_of, new_memory
from dynamic_databases.catalog.types import Catalog, Column, Kind, SqlType, TableName

TABLES = """
CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', size DECIMAL(8, 2));
CREATE TABLE b (one INT, two INT, a_id INT REFERENCES a, PRIMARY KEY (two, one)) WITHOUT ROWID;
CREATE VIEW v AS SELECT name, size FROM a;
CREATE VIRTUAL TABLE words USING fts5(title, body);
"""
CHANGES = (
    "ALTER TABLE a ADD COLUMN {column} {type}",
    "ALTER TABLE a RENAME COLUMN {column} TO {other}",
    "ALTER TABLE a DROP COLUMN {column}",
    "ALTER TABLE b ADD COLUMN {column} {type} REFERENCES a (id)",
    "ALTER TABLE b RENAME COLUMN two TO {other}",
    "ALTER TABLE b RENAME COLUMN {column} TO two",
    "ALTER TABLE b RENAME TO {other}",
    "ALTER TABLE {column} RENAME TO b",
    "CREATE UNIQUE INDEX i ON a (name)",
    "DROP INDEX i",
    "CREATE TABLE {column} (id INTEGER PRIMARY KEY, {other} {type} AS (id + 1))",
    "DROP TABLE {column}",
    "DROP VIEW v; CREATE VIEW v AS SELECT * FROM a",
    "DROP TABLE words; CREATE VIRTUAL TABLE words USING fts5({column})",
)
change = st.builds(
    lambda text, column, other, kind: text.format(column=column, other=other, type=kind),
    st.sampled_from(CHANGES),
    st.sampled_from("pqr"),
    st.sampled_from("pqr"),
    st.sampled_from(("INT", "TEXT", "DECIMAL(4, 1)")),
)


@pytest.fixture
def database(tmp_path):
    """A connection to a database with the tables above."""
    with closing(sqlite3.connect(tmp_path / "x.sqlite3", isolation_level=None)) as connection:
        connection.executescript(TABLES)
        yield connection


def read(connection: sqlite3.Connection) -> Catalog:
    return assemble(sqlite.read(connection.cursor()), lambda _name: None)


def names(connection: sqlite3.Connection, table: str) -> list[str]:
    return [column.name for column in read(connection).by_name[TableName("", table)].columns]


@given(st.lists(change, max_size=12))
def test_a_catalog_is_what_it_is_without_the_memory(changes) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(TABLES)
        for text in changes:
            with suppress(sqlite3.OperationalError):
                connection.executescript(text)
            found = read(connection)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sqlite, "_remembered", new_memory())
                assert found == read(connection), text


def test_only_a_changed_table_is_asked_for(database) -> None:
    read(database)
    database.execute("ALTER TABLE a ADD COLUMN cf INT")
    asked: list[str] = []
    database.set_trace_callback(asked.append)

    assert "cf" in names(database, "a")
    (columns,) = (text for text in asked if "table_xinfo" in text and "type = 'table'" in text)
    assert "IN ('a', 'words')" in columns  # whose columns no text tells


def test_a_change_during_the_read_is_not_remembered_with_the_former_text(
    database, tmp_path
) -> None:
    database.execute("ALTER TABLE a RENAME COLUMN name TO former")
    with closing(sqlite3.connect(tmp_path / "x.sqlite3", isolation_level=None)) as other:

        def rename(text: str) -> None:
            if "table_xinfo" in text:
                database.set_trace_callback(None)
                other.execute("ALTER TABLE a RENAME COLUMN former TO later")

        database.set_trace_callback(rename)
        read(database)
        assert "later" in names(database, "a")
        other.execute("ALTER TABLE a RENAME COLUMN later TO former")

    assert "former" in names(database, "a")


def test_what_was_used_longest_ago_is_forgotten() -> None:
    columns = TableColumns((Column("c", SqlType(Kind.TEXT, "TEXT")),) * 2)
    remembered, keys = new_memory(max_columns=4), [key_of(text) for text in "xyz"]
    for key in keys[:2]:
        remembered.put(key, columns)
    assert remembered.get(keys[0])
    remembered.put(keys[2], columns)

    assert [remembered.get(key) for key in keys] == [columns, None, columns]
