"""A SQLite file is opened without trust in what it holds."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest
from django.db import connections
from django.db.models.functions import ExtractYear
from django.db.utils import OperationalError

from dynamic_databases.connections.state import end_after_use
from dynamic_databases.process import process_registry
from schema.sql.sqlite_values import OURS
from tests.fixtures.vendors import SQLITE

SQL = """
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT, at DATETIME, size REAL,
  first AS (json_extract(text, '$[0]')));
INSERT INTO note (text, at, size) VALUES ('["a"]', '2024-05-01 10:00:00', 1), ('["b"]', NULL, 4);
CREATE VIEW first_letters AS SELECT json_group_array(first) AS letters,
  sign(min(size)) AS s FROM note;
"""
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"


@pytest.fixture
def note(new_database):
    return new_database(SQLITE, SQL)


def test_sqlites_own_functions_are_for_views_and_columns(note) -> None:
    model = note.get_model("first_letters")
    assert model.objects.values_list("letters", "s").get() == ('["a","b"]', 1)
    assert list(note.get_model("note").objects.values_list("first", flat=True)) == ["a", "b"]


def test_lookups_of_dates_work_and_pythons_re_is_not_there(note) -> None:
    rows = note.get_model("note").objects.using(note.label)
    assert rows.filter(at__year=2024).count() == 1
    assert list(rows.annotate(y=ExtractYear("at")).values_list("y", flat=True)) == [2024, None]
    with pytest.raises(OperationalError, match="no such function"):
        rows.filter(text__regex="a").count()


def test_only_functions_that_are_needed_are_registered(note) -> None:
    connections[note.label].ensure_connection()
    found = connections[note.label].connection.execute(
        "SELECT name FROM pragma_function_list WHERE name LIKE 'django%' OR name LIKE 'gateway%'"
        " OR name IN ('regexp', 'repeat', 'lpad', 'md5', 'stddev_pop', 'rand')"
    )
    names = {name for (name,) in found}
    assert names
    assert all(name.startswith(("django_", OURS)) for name in names)


def test_a_function_of_dates_refuses_what_is_too_long_to_be_one(note) -> None:
    connections[note.label].ensure_connection()
    connection = connections[note.label].connection
    ask = "SELECT django_datetime_extract('year', ?, NULL, NULL)"
    assert connection.execute(ask, ["2024-05-01 10:00:00"]).fetchall() == [(2024,)]
    began = time.monotonic()
    assert connection.execute(ask, ["-" * 20_000_000]).fetchall() == [(None,)]
    assert time.monotonic() - began < 5


def test_an_ended_connection_ends_what_begins_afterwards(note) -> None:
    """Without the handler it would run for ever: `interrupt` ends only what runs at that moment."""
    with process_registry().connections.lease(note.label) as wrapper:
        wrapper.connection.interrupt()
        end_after_use(wrapper)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            wrapper.connection.execute(ENDLESS)


def test_a_statement_that_runs_ends_once_its_connection_is_given_up(note) -> None:
    with process_registry().connections.lease(note.label) as wrapper:
        timer = threading.Timer(0.2, end_after_use, [wrapper])
        timer.start()
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            wrapper.connection.execute(ENDLESS)
        timer.join()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("zeroblob(900000000)", "too big"),
        ("hex(zeroblob(20000000))", "too big"),
        ("'x' LIKE printf('%.*c', 2000, '%')", "too complex"),
    ],
)
def test_values_and_patterns_are_bounded(note, text, reason) -> None:
    connections[note.label].ensure_connection()
    with pytest.raises(sqlite3.Error, match=reason):
        connections[note.label].connection.execute(f"SELECT length({text})").fetchone()


def test_nothing_can_be_attached(note, tmp_path) -> None:
    connections[note.label].ensure_connection()
    with pytest.raises(sqlite3.OperationalError, match="too many attached"):
        connections[note.label].connection.execute("ATTACH ? AS x", [str(tmp_path / "x.sqlite3")])
