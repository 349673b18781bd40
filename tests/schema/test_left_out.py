"""What is null, empty or left out in orders and changes, and orders of several columns."""

from __future__ import annotations

import pytest

SQL = """CREATE TABLE box (id INTEGER PRIMARY KEY, v VARCHAR(9), w VARCHAR(9));
INSERT INTO box VALUES (1, 'a', 'x'), (2, 'b', 'x'), (3, 'c', 'y');
CREATE TABLE item (id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES box(id));
INSERT INTO item VALUES (1, 1), (2, 2), (3, 3);"""
ORDERS = {
    "box(orderBy: [{v: null}, {w: DESC}])": [3, 1, 2],
    "box(orderBy: [{w: DESC, v: DESC}])": [3, 2, 1],
    "box(orderBy: {v: DESC, w: ASC})": [3, 2, 1],
    "box(orderBy: [{itemsAggregate: null, v: DESC}])": [3, 2, 1],
    "box(orderBy: [{itemsAggregate: {count: null, max: {id: null}}}, {v: DESC}])": [3, 2, 1],
    "box(orderBy: [{itemsAggregate: {max: {id: DESC}, count: ASC}}])": [3, 2, 1],
    "item(orderBy: [{box: null}, {id: DESC}])": [3, 2, 1],
    "item(orderBy: [{box: {w: DESC, v: DESC}}])": [3, 2, 1],
    "item(orderBy: [{box: {v: null}}])": [1, 2, 3],
    "box(orderBy: null)": [1, 2, 3],
}
UNCHANGED = {
    "updateBoxByPk(pkColumns: {id: 1}, _set: {}) { id v }": {"id": 1, "v": "a"},
    "updateBoxByPk(pkColumns: {id: 9}, _set: {}) { id v }": None,
    "saveBox(pkColumns: {id: 1}, _set: {}) { row { v } changes { field } }": {
        "row": {"v": "a"},
        "changes": [],
    },
    'saveBox(pkColumns: {id: 1}, _set: {}, _expect: {v: "z"}) { changes { field } }': {
        "changes": []
    },
    "saveBox(pkColumns: {id: 9}, _set: {}) { changes { field } }": None,
    "updateBox(where: {}, _set: {}) { affectedRows returning { id } }": {
        "affectedRows": 0,
        "returning": [],
    },
    "updateBoxMany(updates: [{where: {}, _set: {}}]) { affectedRows }": [{"affectedRows": 0}],
}


@pytest.fixture
def ask(served, vendor):
    return served(vendor, SQL)


def test_orders(ask) -> None:
    for field, expected in ORDERS.items():
        (found,) = ask(f"{{ {field} {{ id }} }}").data.values()
        assert [row["id"] for row in found] == expected, field


def test_orders_of_variables(ask) -> None:
    query = "query ($o: [BoxOrderBy!] = [{w: DESC, v: DESC}]) { box(orderBy: $o) { id } }"
    for given, expected in [
        ({}, [3, 2, 1]),
        ({"o": {"w": "DESC", "v": "ASC"}}, [3, 1, 2]),
        ({"o": [{"v": "ASC", "w": "DESC"}]}, [1, 2, 3]),
        ({"o": [{"v": None, "w": "DESC"}]}, [3, 1, 2]),
    ]:
        assert [row["id"] for row in ask(query, given).data["box"]] == expected, given
    one = "query ($d: OrderBy) { box(orderBy: [{v: $d}]) { id } }"
    for given in ({}, {"d": None}):
        assert [row["id"] for row in ask(one, given).data["box"]] == [1, 2, 3]


def test_orders_of_groups(ask) -> None:
    query = """{ boxGroupBy(by: [w], orderBy: [{keys: {w: null}, aggregate: {count: %s}}])
        { keys { w } } }"""
    for direction, expected in (("null", ["x", "y"]), ("ASC", ["y", "x"])):
        found = ask(query % direction).data["boxGroupBy"]
        assert [group["keys"]["w"] for group in found] == expected


def test_nothing_to_change(ask) -> None:
    for field, expected in UNCHANGED.items():
        (found,) = ask(f"mutation {{ {field} }}").data.values()
        assert found == expected, field
    assert [row["v"] for row in ask("{ box { v } }").data["box"]] == ["a", "b", "c"]


@pytest.mark.parametrize("arguments", ["", "_set: null", "_set: null, _inc: null"])
def test_a_change_must_be_given(ask, arguments: str) -> None:
    reply = ask(f"mutation {{ updateBox(where: {{}}, {arguments}) {{ affectedRows }} }}")

    assert reply.code == "BAD_USER_INPUT"
    assert "nothing to write" in reply.error["message"]
