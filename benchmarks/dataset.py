"""The data, always the same: a music shop, and contacts with custom columns."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

BASE_COLUMNS, CUSTOM_COLUMNS = 50, 750


@dataclass(frozen=True)
class Size:
    """How many rows of each."""

    artists: int = 10_000
    contacts: int = 20_000

    @property
    def albums(self) -> int:
        return self.artists * 3

    @property
    def tracks(self) -> int:
        return self.albums * 10


SCHEMA = """
CREATE TABLE genre (genre_id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);
CREATE TABLE media_type (media_type_id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);
CREATE TABLE artist (artist_id INTEGER PRIMARY KEY, name VARCHAR(120) NOT NULL);
CREATE TABLE album (album_id INTEGER PRIMARY KEY, title VARCHAR(160) NOT NULL,
  artist_id INTEGER NOT NULL REFERENCES artist(artist_id));
CREATE TABLE track (track_id INTEGER PRIMARY KEY, name VARCHAR(200) NOT NULL, album_id INTEGER
  REFERENCES album(album_id),
  media_type_id INTEGER REFERENCES media_type(media_type_id), genre_id INTEGER
    REFERENCES genre(genre_id), composer VARCHAR(200),
  milliseconds INTEGER NOT NULL, bytes INTEGER, unit_price DECIMAL(10,2) NOT NULL);
CREATE TABLE invoice_line (invoice_line_id INTEGER PRIMARY KEY, track_id INTEGER NOT NULL
  REFERENCES track(track_id),
  unit_price DECIMAL(10,2) NOT NULL, quantity INTEGER NOT NULL);
CREATE TABLE note (note_id {identity}, text VARCHAR(200) NOT NULL);
"""
INDEXES = """
CREATE INDEX album_artist ON album(artist_id);
CREATE INDEX track_album ON track(album_id);
CREATE INDEX track_genre ON track(genre_id);
CREATE INDEX track_milliseconds ON track(milliseconds);
CREATE INDEX invoice_line_track ON invoice_line(track_id);
"""


def contact_columns() -> list[tuple[str, str]]:
    """Return the columns of a contact: 50 base ones and 750 custom ones."""
    kinds = ("VARCHAR(80)", "INTEGER", "DATE", "BOOLEAN")
    base = [("contact_id", "INTEGER PRIMARY KEY")] + [
        (f"base_{i}", kinds[i % 4]) for i in range(1, BASE_COLUMNS)
    ]
    return base + [(f"cf_{i}", kinds[i % 4]) for i in range(CUSTOM_COLUMNS)]


def rows(size: Size) -> Iterator[tuple[str, Iterator[tuple[object, ...]]]]:
    """Yield each table's name with its rows, parents first."""
    dice = random.Random(1)
    yield "genre", ((i, f"Genre {i}") for i in range(1, 26))
    yield "media_type", ((i, f"Media {i}") for i in range(1, 6))
    yield "artist", ((i, f"Artist {i}") for i in range(1, size.artists + 1))
    yield "album", ((i, f"Album {i}", (i - 1) // 3 + 1) for i in range(1, size.albums + 1))
    yield (
        "track",
        (
            (
                i,
                f"Track {i}",
                (i - 1) // 10 + 1,
                i % 5 + 1,
                i % 25 + 1,
                f"Composer {i % 900}" if i % 4 else None,
                dice.randint(60_000, 600_000),
                dice.randint(10**6, 10**7),
                "0.99" if i % 3 else "1.29",
            )
            for i in range(1, size.tracks + 1)
        ),
    )
    yield (
        "invoice_line",
        ((i, dice.randint(1, size.tracks), "0.99", i % 3 + 1) for i in range(1, size.artists + 1)),
    )
    columns = contact_columns()
    yield (
        "contact",
        (
            (i, *(_value(dice, kind) for _, kind in columns[1:]))
            for i in range(1, size.contacts + 1)
        ),
    )


def _value(dice: random.Random, kind: str) -> object:
    if dice.random() < 0.5:
        return None
    if kind == "INTEGER":
        return dice.randint(0, 1000)
    if kind == "BOOLEAN":
        return dice.random() < 0.5
    return (
        f"20{dice.randint(10, 25)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}"
        if kind == "DATE"
        else f"text {dice.randint(0, 999)}"
    )


def make_sqlite(path: Path, size: Size) -> str:
    """Make the SQLite database unless it is there; return its URL."""
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        connection = sqlite3.connect(draft)
        connection.executescript(_ddl("INTEGER PRIMARY KEY"))
        for table, values in rows(size):
            first = next(values)
            marks = ", ".join("?" * len(first))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", first)
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
        connection.executescript(INDEXES + "ANALYZE;")
        connection.commit()
        connection.close()
        draft.rename(path)
    return f"sqlite:///{path}"


def make_postgresql(server_url: str, name: str, size: Size) -> str:
    """Make the PostgreSQL database unless it is there; return its URL."""
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    with psycopg.connect(server_url, autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _undo_writes(url)
            return url
        server.execute(f'CREATE DATABASE "{name}_draft"')
    draft = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}_draft"))
    with psycopg.connect(draft) as connection:
        connection.execute(_ddl("SERIAL PRIMARY KEY"))
        for table, values in rows(size):
            with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        connection.execute(INDEXES)
    with psycopg.connect(draft, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}_draft" RENAME TO "{name}"')
    return url


def _undo_writes(url: str) -> None:
    """Bring back what an earlier run's updates and inserts changed."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE track SET name = 'Track ' || track_id WHERE name <> 'Track ' || track_id"
        )
        connection.execute("TRUNCATE note")
        connection.execute("VACUUM ANALYZE track")


def _ddl(identity: str) -> str:
    columns = ", ".join(f"{name} {kind}" for name, kind in contact_columns())
    return f"{SCHEMA.format(identity=identity)} CREATE TABLE contact ({columns});"
