"""One document for tenants of one baseline: each answers by its own columns, in any order."""

from __future__ import annotations

import pytest

from dynamic_databases.models import Baseline

READ = """query($w: JSON, $o: JSON) {
  doc(where: {customFields: $w}, orderBy: {customFields: $o}) { k customFields } }"""
TEXT = """query($v: String = "7") {
  doc(where: {customFields: {x: {_eq: $v}}}) { k customFields(names: ["x"]) } }"""
NUMBER = "query($v: Int) { doc(where: {customFields: {x: {_eq: $v}}}) { k customFields } }"
ASKED = (
    (READ, {"w": {"x": {"_eq": 7}}, "o": {"y": "ASC"}}),
    (READ, {"w": {"x": {"_eq": "7"}}, "o": {"y": "ASC"}}),
    (READ, {"w": {"y": {"_isNull": False}}, "o": {"x": "DESC"}}),
    (NUMBER, {"v": 7}),
    (NUMBER, {"v": None}),
    (NUMBER, {}),
    (TEXT, {}),
    (TEXT, {"v": "7"}),
)
NO_INT = "customFields.x._eq is no Int: Int cannot represent non-integer value: '7'"
NO_TEXT = "customFields.x._eq is no String: String cannot represent a non string value: 7"
NO_FIELD = "Doc has no custom field '{}'; it has: z."
NULL = (
    "customFields.x._eq must not be null: nothing compares with NULL; "
    "write customFields.x: {_isNull: true}."
)
LEFT_OUT = (
    "_eq is given by the variable $v, which was left out: a condition needs a value; "
    "leave the condition out for all rows."
)
ONE, TWO = ([{"k": "k", "customFields": row}] for row in ({"x": 7, "y": "q"}, {"x": "7", "y": 8}))
THREE = [{"k": "k", "customFields": {"x": 9, "y": "q"}}]
TEXT_OF_TWO = [{"k": "k", "customFields": {"x": "7"}}]
TENANTS = {  # columns, their values, and what is answered
    "one": (
        "x INTEGER, y VARCHAR(9)",
        "7, 'q'",
        [ONE, NO_INT, ONE, ONE, NULL, LEFT_OUT, NO_INT, NO_INT],
    ),
    "two": (
        "x VARCHAR(9), y INTEGER",
        "'7', 8",
        [NO_TEXT, TWO, TWO, NO_TEXT, NULL, LEFT_OUT, TEXT_OF_TWO, TEXT_OF_TWO],
    ),
    "three": (  # its tables are those of `one`
        "x INTEGER, y VARCHAR(9)",
        "9, 'q'",
        [[], NO_INT, THREE, [], NULL, LEFT_OUT, NO_INT, NO_INT],
    ),
    "four": ("z INTEGER", "1", [NO_FIELD.format(name) for name in "xxyxxxxx"]),
}


@pytest.fixture
def ask(door, vendor, new_database, tenant_of):
    """Ask one of the tenants."""
    table = f"CREATE TABLE doc (id {vendor.identity}, k VARCHAR(5)"
    baseline = Baseline.capture(new_database(vendor, f"{table});", "plain"), "crm")
    tokens = {}
    for name, (columns, values, _) in TENANTS.items():
        given = ", ".join(column.split()[0] for column in columns.split(", "))
        rows = f"INSERT INTO doc (k, {given}) VALUES ('k', {values});"
        database = new_database(vendor, f"{table}, {columns}); {rows}", name)
        database.baseline = baseline
        database.save()
        _, tokens[name] = tenant_of(name, production=database)

    def ask(name: str, query: str, variables: dict, **headers: str):
        door.token = tokens[name]
        answer = door.query(f"/t/{name}/graphql", query, variables, **headers)
        return answer.error["message"] if "errors" in answer.json else answer.data["doc"]

    return ask


def test_each_tenant_answers_by_its_own_columns(ask) -> None:
    for headers in ({"x-schema": "baseline"}, {}, {"x-schema": "baseline"}):
        for name, (_, _, expected) in TENANTS.items():
            found = [ask(name, query, variables, **headers) for query, variables in ASKED]
            assert (name, found) == (name, expected)
