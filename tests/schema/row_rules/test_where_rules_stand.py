"""Rules of every table, of tables by the API's names, and of a baseline's schema."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamic_databases.process import process_registry
from schema.access import Access, TableAccess
from schema.build.builder import build_schema
from tests.fixtures.row_rules import LIMITS, SHOP, SUPPORT, access_to, built_for, run_as
from tests.fixtures.vendors import SQLITE

REP = {"x-gateway-user-id": "3"}
EVERY = {"select": {"columns": "*", "rows": {"id": {"_lt": 6}}}}
FIRST = {"select": {"columns": "*", "rows": {"id": {"_eq": 1}}}}
LIST = "{ customer { id } invoice { id } item { id } }"


@pytest.fixture
def shop(new_database):
    return new_database(SQLITE, SHOP)


def keys(found: dict) -> dict[str, list[int]]:
    return {name: [row["id"] for row in rows] for name, rows in found.items()}


def test_a_rule_of_every_table(shop) -> None:
    built = built_for(shop, access_to({"*": EVERY, "item": FIRST}))

    assert keys(run_as(shop, built, LIST)) == {"customer": [1, 2], "invoice": [1, 2], "item": [1]}


def test_a_rule_of_every_table_closes_those_that_it_does_not_fit(shop) -> None:
    rows = {"repId": {"_eq": 3}}
    built = built_for(shop, access_to({"*": {"select": {"columns": "*", "rows": rows}}}))

    assert set(built.names.by_field) == {"customer"}
    assert sorted(table for table, _ in built.problems) == ["invoice", "item", "region"]
    assert "customers" not in built.names.by_field["customer"].relations


def test_names_of_the_api_permit_and_others_limit(new_database) -> None:
    sql = 'CREATE TABLE "OrderLine" ("LineId" INTEGER PRIMARY KEY, "Note" TEXT, "Secret" TEXT);'
    database = new_database(SQLITE, sql + "INSERT INTO \"OrderLine\" VALUES (1, 'a', 'b');")
    role = {
        "orderLine": {"select": {"columns": ["lineId", "Note"], "rows": {"LineId": {"_gt": 0}}}}
    }
    built = built_for(database, access_to(role))

    assert set(built.names.by_field["orderLine"].columns) == {"lineId", "note"}
    found = run_as(database, built, "{ orderLine { lineId note } }")
    assert found == {"orderLine": [{"lineId": 1, "note": "a"}]}
    stored = Access(frozenset({("orderLine", TableAccess(frozenset({"lineId"})))}))
    assert not built_for(database, stored).names.tables  # as before: the database's names alone


def test_the_schema_of_a_baseline_has_the_rules(shop) -> None:
    entry = process_registry().entry(shop.label)
    entry = replace(entry, baseline=entry.catalog)
    built = build_schema(entry, access_to(SUPPORT), {}, LIMITS, common=True)

    found = run_as(shop, built, LIST, REP)
    assert keys(found) == {"customer": [1, 2], "invoice": [1, 2], "item": [1, 2]}
    by_key = "{ customerByPk(id: 6) { id } node: customer(where: {id: {_eq: 6}}) { id } }"
    assert run_as(shop, built, by_key, REP) == {"customerByPk": None, "node": []}


def test_two_names_of_a_table_permit_what_both_do() -> None:
    one = access_to({"*": EVERY, "Customer": FIRST}).of("customer")

    assert one.rules.select_rows == ('{"_and":[{"id": {"_lt": 6}},{"id": {"_eq": 1}}]}')


def test_roles_with_other_rules_have_schemas_of_other_versions(shop) -> None:
    versions = {
        built_for(shop, access_to({"customer": grants})).version
        for grants in (EVERY, FIRST, {"select": {"columns": "*"}})
    }
    assert len(versions) == 3
