"""`manage.py database check`: every table and relation of a database is asked."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.fixtures.databases import execute, library_sql
from tests.fixtures.vendors import POSTGRESQL, SQLITE, present
from tests.samples.databases import SAMPLES, sample_sql


def checked(name: str) -> dict:
    out = StringIO()
    call_command("database", "check", name, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_answer_every_kind_of_query(vendor, new_database, sample: str) -> None:
    new_database(vendor, sample_sql(sample, vendor), name=sample)

    report = checked(sample)
    assert len(report["tables"]) == len(SAMPLES[sample])
    relations = 2 * sum(len(foreign) for *_, foreign in SAMPLES[sample])
    answered = [what for table in report["tables"] for what in table["answered"]]
    assert sum(what.startswith("nested ") for what in answered) == relations
    for what in ("list", "aggregate", "by key"):
        assert answered.count(what) == len(SAMPLES[sample])


def test_it_says_what_was_asked_in_words(library) -> None:
    out = StringIO()
    call_command("database", "check", library.name, stdout=out)

    lines = out.getvalue().splitlines()
    assert "album: list, aggregate, nested artist, nested tracks, by key answered" in lines
    assert lines[-1] == "5 tables served, 0 names not, 0 failures"


def test_what_fails_is_named_and_the_command_fails(new_database) -> None:
    database = new_database(SQLITE, library_sql(SQLITE))
    execute(
        database.url,
        (
            "CREATE VIEW broken AS SELECT abs(-9223372036854775808 + genre_id - genre_id) AS "
            "x FROM genre"
        ),
    )

    with pytest.raises(CommandError, match="1 kinds of query failed"):
        checked(database.name)


def test_what_is_not_served_is_told(new_database) -> None:
    database = new_database(
        SQLITE, "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE t (x TEXT);"
    )
    execute(database.url, "CREATE VIEW v AS SELECT * FROM a")
    execute(database.url, "PRAGMA writable_schema = ON")
    execute(database.url, "ALTER TABLE a RENAME TO b")

    report = checked(database.name)
    notes = {table["name"]: table["notes"] for table in report["tables"]}
    assert notes["t"] == ["it has no key: nothing is by key"]
    assert notes["b"] == ["it has no row: nothing was asked by key"]


def test_a_database_that_is_away_is_told_at_once(new_database) -> None:
    database = new_database(SQLITE, library_sql(SQLITE))
    config = dict(database.config)
    database.config = config | {"NAME": config["NAME"] + ".away"}
    database.save()

    with pytest.raises(CommandError, match="can't be reached"):
        checked(database.name)


def test_cells_that_no_type_carries_are_told(new_database) -> None:
    database = new_database(
        SQLITE,
        """CREATE TABLE event (id INTEGER PRIMARY KEY, ms INTEGER, day DATE NOT NULL, doc JSON);
        INSERT INTO event VALUES (1, 1710000000000, 'someday', '{'), (2, 5, '2024-01-02', '{}');""",
    )
    out = StringIO()

    with pytest.raises(CommandError, match="2 kinds of query failed"):
        call_command("database", "check", database.name, stdout=out)
    text = out.getvalue()
    for told in (
        "FAILED list: event.day holds a value that Date can't carry",
        "FAILED cells of day: 1 of its first 100,000 rows",
        "1 of its first 100,000 rows hold in ms what INTEGER is not answered as",
        "1 of its first 100,000 rows hold in doc what JSON is not answered as",
    ):
        assert told in text


@pytest.mark.parametrize(
    ("made", "vendor"),
    [("TIMESTAMP NOT NULL DEFAULT 'infinity'", POSTGRESQL), ("NUMERIC DEFAULT 'NaN'", POSTGRESQL)],
)
def test_cells_that_may_be_null_fail_nothing(new_database, made: str, vendor) -> None:
    ddl = f"CREATE TABLE held (id INT PRIMARY KEY, x {made}); INSERT INTO held VALUES (1);"

    (table,) = checked(new_database(present(vendor), ddl).name)["tables"]
    assert not table["failed"]
    assert "null is answered" in table["notes"][0]
