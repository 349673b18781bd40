"""SQLite's constraints that drop a write, or the row in its way, as the table's own text says."""

from __future__ import annotations

import pytest

from tests.fixtures.databases import execute
from tests.fixtures.vendors import SQLITE

SQL = """CREATE TABLE tag (id INTEGER PRIMARY KEY ON CONFLICT {clause},
  name TEXT UNIQUE ON CONFLICT {clause}, n INT NOT NULL ON CONFLICT {clause} DEFAULT 1);
INSERT INTO tag VALUES (1, 'a', 1), (2, 'b', 2);"""
ROWS = [(1, "a", 1), (2, "b", 2)]

IGNORED = [
    ('insertTagOne(object: {id: 1, name: "c"}) { id }', None),
    ('insertTagOne(object: {id: 3, name: "a"}) { id }', None),
    ("insertTagOne(object: {id: 3, n: null}) { id }", None),
    (
        'insertTag(objects: [{id: 2, name: "c"}]) { affectedRows returning { id } }',
        {"affectedRows": 0, "returning": []},
    ),
    ('updateTagByPk(pkColumns: {id: 1}, _set: {name: "b"}) { name }', None),
    ("updateTagByPk(pkColumns: {id: 1}, _set: {n: null}) { n }", None),
    ('updateTagByPk(pkColumns: {id: 1}, _set: {name: "b", n: 7}) { n }', None),
    ("updateTagByPk(pkColumns: {id: 1}, _inc: {id: 1}) { id }", None),
    ('saveTag(pkColumns: {id: 1}, _set: {name: "b"}) { changes { after } }', None),
    ('updateTag(where: {id: {_eq: 1}}, _set: {name: "b"}) { affectedRows }', {"affectedRows": 0}),
]


@pytest.mark.parametrize(("mutation", "answer"), IGNORED)
def test_what_a_constraint_ignored_is_not_answered_as_done(
    served, door, mutation: str, answer: object
) -> None:
    ask = served(SQLITE, SQL.format(clause="IGNORE"))

    assert ask(f"mutation {{ answer: {mutation} }}").data == {"answer": answer}
    assert execute(door.database.url, "SELECT * FROM tag ORDER BY id") == ROWS


REPLACED = [
    ('insertTagOne(object: {id: 1, name: "c"}) { id name }', [(1, "c", 1), (2, "b", 2)]),
    ('insertTagOne(object: {id: 3, name: "a"}) { id name }', [(2, "b", 2), (3, "a", 1)]),
    ('updateTagByPk(pkColumns: {id: 1}, _set: {name: "b"}) { name }', [(1, "b", 1)]),
    ("updateTagByPk(pkColumns: {id: 1}, _set: {id: 2}) { id }", [(2, "a", 1)]),
    ("saveTag(pkColumns: {id: 2}, _set: {n: null}) { row { n } }", [(1, "a", 1), (2, "b", 1)]),
]


@pytest.mark.parametrize(("mutation", "rows"), REPLACED)
def test_a_row_that_replaced_another_is_answered(served, door, mutation: str, rows: list) -> None:
    ask = served(SQLITE, SQL.format(clause="REPLACE"))

    assert ask(f"mutation {{ answer: {mutation} }}").data["answer"] is not None
    assert execute(door.database.url, "SELECT * FROM tag ORDER BY id") == rows


@pytest.mark.parametrize("clause", ["ROLLBACK", "FAIL", "ABORT"])
def test_a_refused_write_takes_the_whole_document_with_it(served, door, clause: str) -> None:
    ask = served(SQLITE, SQL.format(clause=clause))
    query = """mutation { updateTagByPk(pkColumns: {id: 2}, _set: {n: 7}) { n }
        insertTag(objects: [{id: 3, name: "c"}, {id: 4, name: "a"}]) { affectedRows } }"""

    reply = ask(query)
    assert (reply.code, reply.error["extensions"]["columns"]) == ("CONSTRAINT_VIOLATION", ["name"])
    assert execute(door.database.url, "SELECT * FROM tag ORDER BY id") == ROWS


def test_an_index_of_an_expression_is_named(served) -> None:
    index = "CREATE UNIQUE INDEX folded ON tag (lower(name));"
    ask = served(SQLITE, SQL.format(clause="ABORT") + index)

    reply = ask('mutation { insertTagOne(object: {id: 3, name: "A"}) { id } }')
    assert reply.code == "CONSTRAINT_VIOLATION"
    assert (
        reply.error["message"] == "The constraint folded refuses this: a row with this key exists."
    )
