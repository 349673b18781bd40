"""What each golden case answers: the same on every vendor, `response.json` in its folder.

Mutations are rolled back, so that each case meets the same rows. `make golden` writes the files
from SQLite's answers; read the diff.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from dynamic_databases.errors import ConstraintViolation
from dynamic_databases.models import Baseline, Database
from dynamic_databases.process import process_registry
from schema.errors import Conflict
from schema.execution.cursors import Cursors
from schema.execution.runner import Runner
from schema.limits import Limits
from schema.operations import OperationCache
from tests.cases.test_cases import CASES, FOLDER
from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import MARIADB, SQLITE, Vendor

# Cursors and global ids are of one database.
WITHOUT = {
    *("connection", "connection_of_related_before"),
    *("node_id", "node_by_id", "nodes_by_ids"),
}
DYNAMIC = ", price DECIMAL(10,2), at {timestamp}"  # columns of tracks that the baseline lacks
TABLES = """CREATE TABLE artist (artist_id {identity}, name VARCHAR(40) UNIQUE);
CREATE TABLE album ({q}AlbumId{q} {identity}, {q}Title{q} VARCHAR(160) NOT NULL,
  {q}ArtistId{q} INTEGER NOT NULL REFERENCES artist (artist_id));
CREATE TABLE track (track_id BIGINT PRIMARY KEY, album INTEGER REFERENCES album ({q}AlbumId{q}),
  {na_me} VARCHAR(200) NOT NULL{dynamic});
CREATE TABLE document (id INTEGER PRIMARY KEY, data {json});"""
ROWS = """INSERT INTO artist (name) VALUES ('Ada'), ('Björk'), (NULL), ('Coltrane');
INSERT INTO album ({q}Title{q}, {q}ArtistId{q})
  VALUES ('First', 1), ('Second', 1), ('Homogenic', 2), ('Blue', 4);
INSERT INTO track VALUES (1, 1, 'x', 0.99, '1999-01-01 10:00:00'), (2, 1, 'x', 2.50, NULL),
  (3, 2, '100% y', NULL, NULL), (5, 4, 'x', 10.00, NULL),
    (6, NULL, 'loose', 1.50, '2001-05-05 23:59:59');
INSERT INTO document VALUES
  (1, '{{"a": {{"b": [1, {{"c": "Jóga"}}]}}, "n": 12345678901234567890}}'),
  (2, '[{{"a": 1}}, 2.50]'), (3, '"text"'), (4, '7.5'), (5, NULL), (6, 'null');"""


def test_every_vendor_answers_alike(vendor: Vendor, new_database, request) -> None:
    na_me = '`na"me`' if vendor is MARIADB else '"na""me"'
    facts = {**vars(vendor), "q": vendor.quote, "na_me": na_me}
    dynamic = DYNAMIC.format(**facts)
    database = new_database(vendor, TABLES.format(**facts, dynamic=dynamic) + ROWS.format(**facts))
    plain = new_database(vendor, TABLES.format(**facts, dynamic=""))
    database.baseline = Baseline.capture(plain, "music")
    database.save()
    answers = {case: answer_of(database, case) for case in CASES if case not in WITHOUT}
    if request.config.getoption("--golden") == "write" and vendor is SQLITE:
        for case, answer in answers.items():
            (FOLDER / case / "response.json").write_text(f"{json.dumps(answer, indent=2)}\n")

    expected = {case: json.loads((FOLDER / case / "response.json").read_text()) for case in answers}
    assert answers == expected


def answer_of(database: Database, case: str) -> dict[str, Any]:
    """Return what a case answers, or the error that it is refused with."""
    given = FOLDER / case / "variables.json"
    operation = OperationCache(built_of(database), Limits(), 10).compile(
        (FOLDER / case / "query.graphql").read_text(), None
    )
    variables = operation.variables(json.loads(given.read_text()) if given.exists() else {})
    models = partial(process_registry().models, database.label)
    runner = Runner(database.label, models, Limits(), Cursors(["k"]), dry_run=True)
    try:
        with process_registry().connections.lease(database.label) as wrapper:
            answer = runner.run(wrapper, operation, operation.prepare(variables), variables)
    except (ConstraintViolation, Conflict) as error:
        return {"error": type(error).__name__}
    return {"data": {key: json.loads(text) for key, text in answer.fragments}}
