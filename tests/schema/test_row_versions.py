"""A row's version, such as SQL Server's rowversion, is a lock that a save expects.

SQLite stands for the server: a trigger gives the row another version with each write.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from dynamic_databases.catalog.types import Catalog
from dynamic_databases.process import process_registry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.errors import Conflict
from schema.execution.cursors import Cursors
from schema.execution.runner import Runner
from schema.limits import Limits
from schema.operations import OperationCache
from tests.fixtures.vendors import SQLITE

SQL = """CREATE TABLE note (id INTEGER PRIMARY KEY, a TEXT, b TEXT, v BLOB NOT NULL);
CREATE TRIGGER another AFTER UPDATE OF a, b ON note BEGIN
  UPDATE note SET v = CAST(v || x'00' AS BLOB) WHERE id = new.id; END;
INSERT INTO note VALUES (1, 'one', 'two', x'01');"""
FIRST, SECOND = "AQ==", "AQA="  # the versions before and after a write
SAVE = 'mutation {{ saveNote(pkColumns: {{id: 1}}, _set: {{a: "mine"}}, {}) {{ row {{ a v }} }} }}'


def with_version(catalog: Catalog) -> Catalog:
    """Return the catalog with `v` as what SQL Server calls a rowversion."""
    tables = [
        replace(
            table,
            columns=tuple(
                replace(column, generated=True, is_version=True) if column.name == "v" else column
                for column in table.columns
            ),
        )
        for table in catalog.tables
    ]
    return replace(catalog, tables=tuple(tables))


@pytest.fixture
def ask(new_database):
    database = new_database(SQLITE, SQL)
    entry = process_registry().entry(database.label)
    built = build_schema(
        replace(entry, catalog=with_version(entry.catalog)), FULL_ACCESS, {}, Limits()
    )
    models = partial(process_registry().models, database.label)
    runner = Runner(database.label, models, Limits(), Cursors(["k"]))

    def run(document: str) -> dict[str, Any]:
        operation = OperationCache(built, Limits(), 10).compile(document, None)
        values = operation.variables({})
        with process_registry().connections.lease(database.label) as wrapper:
            answer = runner.run(wrapper, operation, operation.prepare(values), values)
        return {key: json.loads(text) for key, text in answer.fragments}

    return run


def test_the_version_that_was_read_lets_a_save_pass(ask) -> None:
    saved = ask(SAVE.format(f'_expect: {{v: "{FIRST}"}}'))

    assert saved == {"saveNote": {"row": {"a": "mine", "v": SECOND}}}


def test_another_write_of_the_row_is_a_conflict_whatever_it_wrote(ask) -> None:
    ask('mutation { updateNoteByPk(pkColumns: {id: 1}, _set: {b: "theirs"}) { id } }')

    with pytest.raises(Conflict) as caught:
        ask(SAVE.format(f'_expect: {{v: "{FIRST}"}}'))
    assert caught.value.extensions["conflicts"] == [
        {"field": "a", "base": None, "mine": "mine", "theirs": "one"}
    ]
    assert ask("{ noteByPk(id: 1) { a v } }") == {"noteByPk": {"a": "one", "v": SECOND}}


@pytest.mark.parametrize(("resolve", "a"), [("MINE", "mine"), ("THEIRS", "one")])
def test_a_conflict_of_versions_is_resolved(ask, resolve: str, a: str) -> None:
    ask('mutation { updateNoteByPk(pkColumns: {id: 1}, _set: {b: "theirs"}) { id } }')
    saved = ask(SAVE.format(f'_expect: {{v: "{FIRST}"}}, resolve: {resolve}'))

    assert saved["saveNote"]["row"]["a"] == a


def test_a_version_is_no_input_elsewhere(ask) -> None:
    fields = ask('{ __type(name: "NoteSetInput") { inputFields { name } } }')["__type"]
    expected = ask('{ __type(name: "NoteExpectInput") { inputFields { name } } }')["__type"]

    assert "v" not in [field["name"] for field in fields["inputFields"]]
    assert "v" in [field["name"] for field in expected["inputFields"]]
