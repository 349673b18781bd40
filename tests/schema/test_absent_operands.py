"""An operand that is null or left out never widens what a mutation touches."""

from __future__ import annotations

import pytest

from tests.fixtures.vendors import SQLITE

SQL = """CREATE TABLE box (id INTEGER PRIMARY KEY, v TEXT);
    INSERT INTO box VALUES (1, 'a'), (2, 'b'), (3, 'c');
CREATE TABLE item (id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES box);
  INSERT INTO item VALUES (1, 1), (2, 2), (3, 3);"""
ABSENT = [
    "mutation ($x: Int) { deleteItem(where: {id: {_eq: $x}}) { affectedRows } }",
    (
        "mutation ($x: Int) { deleteItem(where: {_or: [{id: {_eq: $x}}, {id: {_eq: 1}}]}) "
        "{ affectedRows } }"
    ),
    "mutation ($x: Int) { deleteItem(where: {_not: {id: {_eq: $x}}}) { affectedRows } }",
    "mutation ($x: [Int!]) { deleteItem(where: {id: {_in: $x}}) { affectedRows } }",
    "mutation ($x: [Int!]) { deleteItem(where: {id: {_nin: $x}}) { affectedRows } }",
    "mutation ($x: Boolean) { deleteItem(where: {id: {_isNull: $x}}) { affectedRows } }",
    "mutation ($x: IntComparisonExp) { deleteItem(where: {id: $x}) { affectedRows } }",
    "mutation ($x: BoxBoolExp) { deleteItem(where: {box: $x}) { affectedRows } }",
    "mutation ($x: Int) { deleteItem(where: {box: {id: {_gt: $x}}}) { affectedRows } }",
    "mutation ($x: [BoxBoolExp!]) { deleteBox(where: {_and: $x}) { affectedRows } }",
    "mutation ($x: BoxBoolExp) { deleteBox(where: {_not: $x}) { affectedRows } }",
    (
        "mutation ($x: Int) { deleteBox(where: "
        "{itemsAggregate: {count: {predicate: {_gt: $x}}}}) { affectedRows } }"
    ),
    (
        "mutation ($x: Decimal) { deleteBox(where: {itemsAggregate: "
        "{sum: {arguments: id, predicate: {_gt: $x}}}}) { affectedRows } }"
    ),
    (
        "mutation ($x: ItemBoolExp) { deleteBox(where: {itemsAggregate: "
        "{max: {arguments: id, predicate: {_gt: 0}, filter: $x}}}) { affectedRows } }"
    ),
    "mutation ($x: Int) { updateItem(where: {id: {_eq: $x}}, _set: {boxId: 3}) { affectedRows } }",
    (
        "mutation ($x: Int) { updateItemMany(updates: "
        "[{where: {id: {_eq: $x}}, _set: {boxId: 3}}]) { affectedRows } }"
    ),
    """mutation ($x: Int) { insertBoxOne(object: {id: 1, v: "z"},
        onConflict: {constraint: boxPkey, updateColumns: [v], where: {id: {_eq: $x}}}) { id } }""",
    """mutation ($x: BoxBoolExp) { insertBoxOne(object: {id: 1, v: "z"},
        onConflict: {constraint: boxPkey, updateColumns: [v], where: $x}) { id } }""",
    "query ($x: Int) { item(where: {id: {_eq: $x}}) { id } }",
]
EVERYTHING = [
    ("BoxBoolExp", {"id": {}}),
    ("BoxBoolExp", {"_or": [{"id": {"_eq": 1}}, {"v": {}}]}),
    ("BoxBoolExp", {"_and": [{"_not": {"id": {}}}]}),
    ("ItemBoolExp", {"box": {"id": {}}}),
    ("ItemBoolExp", {"id": {"_eq": None}}),
    ("ItemBoolExp", {"id": None}),
    ("BoxBoolExp", {"itemsAggregate": {"sum": None}}),
    ("BoxBoolExp", {"itemsAggregate": {"count": {"predicate": {}}}}),
    (
        "BoxBoolExp",
        {"itemsAggregate": {"count": {"predicate": {"_gte": 0}, "filter": {"id": {}}}}},
    ),
]


@pytest.fixture
def ask(served):
    return served(SQLITE, SQL)


def everything(ask) -> object:
    return ask("{ box { id v } item { id boxId } }").data


@pytest.mark.parametrize("query", ABSENT)
def test_a_variable_that_was_left_out_is_no_condition(ask, query: str) -> None:
    before = everything(ask)

    answer = ask(query)
    assert answer.code == "BAD_USER_INPUT"
    assert "$x" in answer.error["message"]
    assert everything(ask) == before


@pytest.mark.parametrize(("declared", "where"), EVERYTHING)
def test_a_condition_without_an_operand_deletes_nothing(ask, declared: str, where: dict) -> None:
    before = everything(ask)
    table = declared.removesuffix("BoolExp")

    query = f"mutation ($w: {declared}!) {{ delete{table}(where: $w) {{ affectedRows }} }}"
    assert ask(query, {"w": where}).code == "BAD_USER_INPUT"
    assert everything(ask) == before


def test_what_is_meant_to_be_all_is_all(ask) -> None:
    query = (
        "mutation ($x: Int = 2) { a: deleteItem(where: {id: {_eq: $x}}) { affectedRows } "
        "b: deleteItem(where: {}) { affectedRows } }"
    )
    assert ask(query).data == {"a": {"affectedRows": 1}, "b": {"affectedRows": 2}}
    optional = "query ($w: BoxBoolExp) { box(where: $w) { id } }"
    assert len(ask(optional).data["box"]) == 3
