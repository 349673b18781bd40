"""Writes of all rows that match count and answer what the same statement in SQL would write."""

from __future__ import annotations

import pytest

from tests.fixtures.databases import execute
from tests.fixtures.vendors import POSTGRESQL, SQLITE, present

RETURNING = ["", "returning { id }", "returning { id parent { id } }"]


@pytest.mark.parametrize("returning", RETURNING)
def test_rows_that_go_with_others_of_the_same_delete_count(
    postgresql, served, returning: str
) -> None:
    """A foreign key deletes them as well, yet DELETE matches them all."""
    ask = served(
        postgresql,
        """CREATE TABLE part (id INT PRIMARY KEY, parent INT REFERENCES part ON DELETE CASCADE);
        INSERT INTO part VALUES (1, NULL), (2, 1), (3, 2);""",
    )

    chosen = returning.replace("parent {", "part {")
    answer = ask(f"mutation {{ deletePart(where: {{}}) {{ affectedRows {chosen} }} }}").data
    assert answer["deletePart"]["affectedRows"] == 3
    assert [row["id"] for row in answer["deletePart"].get("returning", [])] in ([], [1, 2, 3])


@pytest.mark.parametrize("write", ['updateBase(where: {}, _set: {name: "x"})', "deleteBase"])
def test_a_row_of_another_table_with_the_same_key_is_left_alone(
    postgresql, served, door, write: str
) -> None:
    """A table that inherits may hold a key that its parent holds, too."""
    ask = served(
        postgresql,
        """CREATE TABLE base (id INT PRIMARY KEY, name TEXT);
        CREATE TABLE derived (PRIMARY KEY (id)) INHERITS (base);
        INSERT INTO base VALUES (1, 'parent'); INSERT INTO derived VALUES (1, 'child');""",
    )

    where = 'where: {name: {_eq: "parent"}}'
    write = write.replace("where: {}", where) if "where" in write else f"{write}({where})"
    assert ask(f"mutation {{ answer: {write} {{ affectedRows }} }}").data == {
        "answer": {"affectedRows": 1}
    }
    assert execute(door.database.url, "SELECT id, name FROM derived") == [(1, "child")]


def test_rows_whose_key_is_null_are_written(served) -> None:
    ask = served(
        SQLITE,
        """CREATE TABLE note (id TEXT PRIMARY KEY, n INT);
        INSERT INTO note VALUES (NULL, 1), (NULL, 2), ('x', 3);""",
    )

    query = "mutation { updateNote(where: {n: {_lt: 3}}, _inc: {n: 10}) { affectedRows } }"
    assert ask(query).data == {"updateNote": {"affectedRows": 2}}
    refused = ask(
        "mutation { updateNote(where: {n: {_eq: 11}}, _set: {n: 0}) { returning { n } } }"
    )
    assert refused.code == "CONSTRAINT_VIOLATION"
    assert "key is NULL" in refused.error["message"]
    query = "mutation { deleteNote(where: {n: {_gt: 3}}) { affectedRows returning { id n } } }"
    assert ask(query).data["deleteNote"] == {
        "affectedRows": 2,
        "returning": [{"id": None, "n": 11}, {"id": None, "n": 12}],
    }
    assert ask("{ note { id n } }").data == {"note": [{"id": "x", "n": 3}]}


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRESQL], ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("returning", ["", "returning { id }", "returning { id note { id } }"])
def test_too_many_rows_are_left_as_they_were(served, vendor, returning: str) -> None:
    ask = served(
        present(vendor),
        """CREATE TABLE note (id INTEGER PRIMARY KEY, of INTEGER REFERENCES note (id));
        INSERT INTO note (id) VALUES (1), (2), (3);""",
    )

    reply = ask(f"mutation {{ deleteNote(where: {{}}, atMost: 2) {{ affectedRows {returning} }} }}")
    assert (reply.code, reply.error["extensions"]["matched"]) == ("TOO_MANY_ROWS", 3)
    assert ask("{ noteAggregate { aggregate { count } } }").data["noteAggregate"] == {
        "aggregate": {"count": 3}
    }


# What a rule does, how many rows it leaves to the table, and the sum of n afterwards.
RULES = [
    ("DO INSTEAD NOTHING", 0, 3),
    ("WHERE OLD.id = 1 DO INSTEAD NOTHING", 1, 8),
    ("DO ALSO UPDATE other SET n = n + 1", 2, 14),
]


@pytest.mark.parametrize(("rule", "count", "total"), RULES)
def test_rows_that_a_rule_leaves_to_the_table_count(
    postgresql, served, rule: str, count: int, total: int
) -> None:
    condition, _, does = rule.rpartition("DO ")
    ask = served(
        postgresql,
        f"""CREATE TABLE note (id INT PRIMARY KEY, n INT); INSERT INTO note VALUES (1, 1), (2, 2);
        CREATE TABLE other (n INT);
        CREATE RULE r AS ON UPDATE TO note {condition} DO {does};""",
    )

    query = "mutation { updateNote(where: {}, _set: {n: 7}) { affectedRows } }"
    assert ask(query).data == {"updateNote": {"affectedRows": count}}
    assert ask("{ noteAggregate { aggregate { sum { n } } } }").data["noteAggregate"] == {
        "aggregate": {"sum": {"n": str(total)}}
    }
