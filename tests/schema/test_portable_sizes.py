"""ORM execution asks how large values are before it reads them."""

from __future__ import annotations

import json

import pytest

from dynamic_databases.process import process_registry
from schema.access import FULL_ACCESS
from schema.answer_size import AnswerMeter
from schema.build.builder import build_schema
from schema.errors import AnswerTooLarge
from schema.operations import OperationCache
from schema.orm import OrmReader
from tests.fixtures.schemas import LIMITS
from tests.fixtures.vendors import MARIADB

MAX_BYTES = 10_000
SQL = """CREATE TABLE folder (id INTEGER PRIMARY KEY, name VARCHAR(40));
CREATE TABLE note (id INTEGER PRIMARY KEY, folder INTEGER REFERENCES folder (id), body {text});
INSERT INTO folder VALUES (1, 'one');
INSERT INTO note VALUES (1, 1, '{large}'), (2, 1, '{large}'), (3, 1, 'small');"""
QUERIES = {
    "list": "note {{ body }}",
    "by key": "noteByPk(id: 1) {{ body }}",
    "nested": "folder {{ notes {{ body }} }}",
    "figure": "noteAggregate {{ aggregate {{ max {{ body }} }} }}",
    "groups": "noteGroupBy(by: [body]) {{ keys {{ body }} aggregate {{ max {{ body }} }} }}",
}


@pytest.fixture
def ask(vendor, new_database):
    def answer(query: str, size: int) -> object:
        text = "LONGTEXT" if vendor is MARIADB else "TEXT"
        database = new_database(vendor, SQL.format(text=text, large="x" * size))
        registry = process_registry()
        built = build_schema(registry.entry(database.label), FULL_ACCESS, {}, LIMITS)
        operation = OperationCache(built, LIMITS, 1).compile(f"{{ {query.format()} }}", None)
        (root,) = operation.prepare({}).roots
        models = registry.models(database.label)
        reader = OrmReader(models, database.label, {}, LIMITS, AnswerMeter(MAX_BYTES))
        return json.loads(reader.answer(root.root.action))

    return answer


@pytest.mark.parametrize("name", QUERIES)
def test_what_is_too_large_is_not_read(ask, name: str) -> None:
    """Nothing but the sizes that were asked for is counted here."""
    with pytest.raises(AnswerTooLarge):
        ask(QUERIES[name], MAX_BYTES + 1)


@pytest.mark.parametrize("name", QUERIES)
def test_what_fits_is_read(ask, name: str) -> None:
    assert "x" * 1_000 in json.dumps(ask(QUERIES[name], 1_000))
