"""A row whose key is changed is answered under the key that the server made of it."""

from __future__ import annotations

import json

import pytest

from tests.fixtures.vendors import MARIADB, MSSQL, SQLITE

MOMENTS = {SQLITE: "DATETIME", MARIADB: "DATETIME(0)"}


@pytest.fixture
def ask(vendor, served):
    if vendor is MSSQL:
        pytest.skip("golden SQL holds it: no server is at hand")
    moment = MOMENTS.get(vendor, "TIMESTAMP(0)")
    return served(
        vendor,
        f"""CREATE TABLE step (id INTEGER PRIMARY KEY, n INTEGER);
        INSERT INTO step VALUES (1, 1), (2, 2), (3, 3);
        CREATE TABLE part (a INTEGER, b INTEGER, n INTEGER, PRIMARY KEY (a, b));
        INSERT INTO part VALUES (1, 1, 1), (1, 2, 2);
        CREATE TABLE price (id DECIMAL(5,2) PRIMARY KEY, n INTEGER);
        INSERT INTO price VALUES (1.5, 1);
        CREATE TABLE visit (id {moment} PRIMARY KEY, n INTEGER);
        INSERT INTO visit VALUES ('2024-03-31 02:30:00', 1);
        CREATE TABLE code (id CHAR(4) PRIMARY KEY, n INTEGER);
        INSERT INTO code VALUES ('ab', 1);""",
    )


CHANGES = {
    "updateStepByPk(pkColumns: {id: 1}, _inc: {id: 10}) { id n }": {"id": 11, "n": 1},
    "updateStepByPk(pkColumns: {id: 1}, _inc: {id: 10, n: 1}) { id n }": {"id": 11, "n": 2},
    "updateStepByPk(pkColumns: {id: 1}, _inc: {id: 0}) { id n }": {"id": 1, "n": 1},
    "updateStepByPk(pkColumns: {id: 1}, _set: {id: 1, n: 5}) { id n }": {"id": 1, "n": 5},
    "updateStepByPk(pkColumns: {id: 9}, _inc: {id: 10}) { id n }": None,
    "updateStep(where: {id: {_gt: 1}}, _inc: {id: 10}) { returning { id n } }": {
        "returning": [{"id": 12, "n": 2}, {"id": 13, "n": 3}]
    },
    """saveStep(pkColumns: {id: 1}, _set: {id: 7}, _expect: {id: 1}) {
        changes { after } row { n } }""": {
        "changes": [{"after": 7}],
        "row": {"n": 1},
    },
    """saveStep(pkColumns: {id: 1}, _set: {id: 7, n: 5}, _expect: {id: 9}, resolve: THEIRS) {
        changes { field } row { id n } }""": {
        "changes": [{"field": "n"}],
        "row": {"id": 1, "n": 5},
    },
    "updatePartByPk(pkColumns: {a: 1, b: 2}, _inc: {b: 1}, _set: {n: 7}) { a b n }": {
        "a": 1,
        "b": 3,
        "n": 7,
    },
    "updatePart(where: {b: {_eq: 2}}, _set: {a: 2}) { returning { a b } }": {
        "returning": [{"a": 2, "b": 2}]
    },
    'updatePriceByPk(pkColumns: {id: "1.5"}, _set: {id: "2.505"}) { id }': {"id": "2.51"},
    'updatePriceByPk(pkColumns: {id: "1.5"}, _inc: {id: "1.006"}) { id }': {"id": "2.51"},
    'updatePrice(where: {}, _set: {id: "2.505"}) { returning { id } }': {
        "returning": [{"id": "2.51"}]
    },
    """updateVisitByPk(pkColumns: {id: "2024-03-31T02:30:00"},
        _set: {id: "2024-03-31T02:30:05.250"}) { id }""": {"id": "2024-03-31T02:30:05"},
    """saveVisit(pkColumns: {id: "2024-03-31T02:30:00"},
        _set: {id: "2024-03-31T02:30:05.250"}) { row { id } changes { after } }""": {
        "row": {"id": "2024-03-31T02:30:05"},
        "changes": [{"after": "2024-03-31T02:30:05"}],
    },
    'updateCodeByPk(pkColumns: {id: "ab"}, _set: {id: "cd "}) { n }': {"n": 1},
    'updateCode(where: {}, _set: {id: "cd "}) { returning { n } }': {"returning": [{"n": 1}]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_row_is_answered_under_its_new_key(ask, vendor, change: str) -> None:
    found = json.dumps(ask(f"mutation {{ answer: {change} }}").data["answer"])
    if vendor is SQLITE:  # which keeps a key as it is written
        found = found.replace("02:30:05.25", "02:30:05")

    assert json.loads(found) == CHANGES[change]
