"""A write whose deadline passes before its COMMIT is sent was not done, and the answer says so."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import SQLITE

ENDLESS = """
CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);
CREATE TABLE count (n INTEGER);
CREATE VIEW endless AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
  SELECT n FROM c;
CREATE TRIGGER slow AFTER INSERT ON note WHEN new.body = 'slow' BEGIN
    INSERT INTO count SELECT count(*) FROM endless;
END;
"""
INSERT = 'mutation {{ insertNoteOne(object: {{body: "{}"}}) {{ body }} }}'


@pytest.fixture
def notes(settings, door, new_database, tenant_of):
    """A tenant on SQLite whose requests have half a second."""
    settings.GATEWAY = replace(settings.GATEWAY, deadline_ms=500)
    door.database = new_database(SQLITE, ENDLESS)
    _, door.token = tenant_of("notes", production=door.database)
    door.query("/t/notes/graphql", "{ note { body } }")
    return door


def insert(notes, body: str):
    return notes.query("/t/notes/graphql", INSERT.format(body))


def stored(notes) -> list[str]:
    return [
        one["body"] for one in notes.query("/t/notes/graphql", "{ note { body } }").data["note"]
    ]


def test_a_statement_that_takes_too_long(notes) -> None:
    """An endless trigger: the statement never ends, so no COMMIT is sent."""
    refused = insert(notes, "slow")
    assert (refused.status, refused.code) == (504, "TIMEOUT")
    wait_for(lambda: insert(notes, "next").status == 200)
    assert set(stored(notes)) == {"next"}


def test_a_lock_of_another_process(notes) -> None:
    """Its BEGIN waits for the lock: nothing was sent yet."""
    path = notes.database.opened_config()["NAME"]
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert insert(notes, "waits").code == "TIMEOUT"
    finally:
        other.execute("ROLLBACK")
        other.close()
    wait_for(lambda: insert(notes, "next").status == 200)
    assert "waits" not in stored(notes)
