"""Writes ask the server for no more than they need, and say what its policies made of them."""

from __future__ import annotations

import pytest

from tests.fixtures.databases import execute

TABLE = """CREATE TABLE doc (id INT PRIMARY KEY, name TEXT, n INT);
  INSERT INTO doc VALUES (1, 'a', 1), (2, 'b', 2);"""
POLICED = f"{TABLE} ALTER TABLE doc ENABLE ROW LEVEL SECURITY; GRANT ALL ON doc TO {{user}};"


def test_what_a_policy_refuses_is_not_answered_as_done(served_to_user) -> None:
    ask = served_to_user(
        POLICED
        + """CREATE POLICY seen ON doc FOR SELECT USING (true);
        CREATE POLICY changed ON doc FOR UPDATE USING (id = 2);"""
    )
    query = """mutation { deleteDocByPk(id: 1) { id }
        deleteDoc(where: {}) { affectedRows returning { id } }
        one: updateDocByPk(pkColumns: {id: 1}, _set: {name: "x"}) { id }
        two: updateDocByPk(pkColumns: {id: 2}, _set: {name: "x"}) { name }
        saveDoc(pkColumns: {id: 1}, _set: {name: "x"}) { row { id } } }"""

    assert ask(query).data == {
        "deleteDocByPk": None,
        "deleteDoc": {"affectedRows": 0, "returning": []},
        "one": None,
        "two": {"name": "x"},
        "saveDoc": None,
    }


@pytest.mark.parametrize("returning", ["", "returning { id }", "returning { id docs { id } }"])
def test_rows_that_may_be_deleted_but_not_updated_are_deleted(
    served_to_user, returning: str
) -> None:
    ask = served_to_user(
        POLICED
        + """ALTER TABLE doc ADD of INT REFERENCES doc (id);
        CREATE POLICY seen ON doc FOR SELECT USING (true);
        CREATE POLICY gone ON doc FOR DELETE USING (id = 2);"""
    )

    query = f"mutation {{ deleteDoc(where: {{}}) {{ affectedRows {returning} }} }}"
    answer = ask(query).data["deleteDoc"]
    assert answer["affectedRows"] == 1
    assert [row["id"] for row in answer.get("returning", [{"id": 2}])] == [2]
    assert ask("{ doc { id } }").data == {"doc": [{"id": 1}]}


def test_a_row_that_a_policy_refuses_is_said_to_be_refused_by_it(served_to_user) -> None:
    ask = served_to_user(POLICED + "CREATE POLICY small ON doc USING (n < 10);")

    for mutation in (
        "insertDocOne(object: {id: 3, n: 11}) { id }",
        "updateDocByPk(pkColumns: {id: 1}, _set: {n: 11}) { id }",
        "updateDoc(where: {}, _set: {n: 11}) { affectedRows }",
    ):
        reply = ask(f"mutation {{ {mutation} }}")
        assert reply.code == "FORBIDDEN"
        assert "row-level security" in reply.error["message"]


# What is granted, and mutations that need no more.
GRANTED = [
    ("SELECT, DELETE", "deleteDocByPk(id: 1) { name }", {"name": "a"}),
    ("SELECT, DELETE", "deleteDoc(where: {n: {_eq: 1}}) { affectedRows }", {"affectedRows": 1}),
    (
        "SELECT, DELETE",
        'deleteDoc(where: {name: {_eq: "b"}}) { returning { n } }',
        {"returning": [{"n": 2}]},
    ),
    (
        "SELECT (id, name), UPDATE (name)",
        'updateDocByPk(pkColumns: {id: 1}, _set: {name: "x"}) { id name }',
        {"id": 1, "name": "x"},
    ),
    (
        "SELECT (id, name), UPDATE (name)",
        'saveDoc(pkColumns: {id: 1}, _set: {name: "x"}, _expect: {name: "a"}) { row { name } }',
        {"row": {"name": "x"}},
    ),
    (
        "SELECT (id, name), UPDATE (name)",
        'updateDoc(where: {name: {_eq: "b"}}, _set: {name: "x"}) { returning { id } }',
        {"returning": [{"id": 2}]},
    ),
    (
        "SELECT, UPDATE (name)",
        'updateDocByPk(pkColumns: {id: 1}, _set: {name: "x", n: 1}) { n }',  # n stays as it is
        {"n": 1},
    ),
    (
        "SELECT (id, name), INSERT (id, name)",
        'insertDocOne(object: {id: 3, name: "c"}) { id }',
        {"id": 3},
    ),
    (
        "SELECT, INSERT",
        """insertDocOne(object: {id: 1},
        onConflict: {constraint: docPkey, updateColumns: []}) { id }""",
        None,
    ),
    (
        "SELECT (id, name), INSERT (id, name), UPDATE (name)",
        """insertDocOne(object: {id: 1, name: "x"},
        onConflict: {constraint: docPkey, updateColumns: [name]}) { name }""",
        {"name": "x"},
    ),
]


@pytest.mark.parametrize(("rights", "mutation", "answer"), GRANTED)
def test_a_write_needs_no_other_rights(
    served_to_user, rights: str, mutation: str, answer: object
) -> None:
    ask = served_to_user(f"{TABLE} GRANT {rights} ON doc TO {{user}};")

    assert ask(f"mutation {{ answer: {mutation} }}").data == {"answer": answer}


def test_a_write_without_the_right_is_forbidden_and_does_nothing(served_to_user, door) -> None:
    ask = served_to_user(f"{TABLE} GRANT SELECT, UPDATE (name) ON doc TO {{user}};")

    for mutation in (
        "updateDocByPk(pkColumns: {id: 1}, _set: {n: 7}) { id }",
        'updateDocByPk(pkColumns: {id: 1}, _set: {name: "x", n: 7}) { id }',
        "updateDoc(where: {}, _inc: {n: 1}) { affectedRows }",
        "deleteDocByPk(id: 1) { id }",
        "deleteDoc(where: {}) { affectedRows }",
        "insertDocOne(object: {id: 3}) { id }",
    ):
        assert ask(f"mutation {{ {mutation} }}").code == "FORBIDDEN"
    rows = execute(door.database.url, "SELECT * FROM doc ORDER BY id")
    assert rows == [(1, "a", 1), (2, "b", 2)]
