"""A name that means two tables or columns, as GATEWAY_NAMES can make it, permits neither."""

from __future__ import annotations

import pytest

from dynamic_databases.process import process_registry
from gateway.reports.role_check import problems_of
from schema.build.builder import build_schema
from tests.fixtures.row_rules import LIMITS, SHOP, access_to
from tests.fixtures.vendors import SQLITE

# The API calls the table `item` what the database calls another one; and so a column.
NAMES = {"item": "customer", "customer.email": "name"}
ALL = {"select": {"columns": "*"}}


@pytest.fixture
def entry(new_database):
    return process_registry().entry(new_database(SQLITE, SHOP).label)


def seen(entry, role) -> dict[str, set[str]]:
    """Return the columns that a role sees, by table."""
    names = build_schema(entry, access_to(role), NAMES, LIMITS).names
    return {str(name): set(table.field_of) for name, table in names.tables.items()}


def test_a_name_of_two_tables_permits_neither(entry) -> None:
    assert seen(entry, {"customer": ALL}) == {}
    by_all = seen(entry, {"*": ALL, "customer": {"select": {"columns": ["id"]}}})
    assert by_all["customer"] == by_all["item"] == {"id"}

    (problem,) = problems_of(entry, access_to({"customer": ALL}), NAMES)
    assert "it means two tables: write 'item' for what the API calls so" in problem.text


def test_the_other_names_of_both_tables_are_clear(entry) -> None:
    (field,) = (
        table.field
        for table in build_schema(entry, access_to({"*": ALL}), NAMES, LIMITS).names.tables.values()
        if str(table.table.name) == "customer"
    )
    assert field != "customer"
    assert set(seen(entry, {"item": ALL, field: ALL})) == {"item", "customer"}
    assert problems_of(entry, access_to({"item": ALL, field: ALL}), NAMES) == []


def test_a_name_of_two_columns_permits_neither(entry) -> None:
    role = {"region": ALL, "invoice": ALL, "*": {"select": {"columns": ["id", "name"]}}}
    assert seen(entry, role)["customer"] == {"id"}

    texts = [one.text for one in problems_of(entry, access_to(role), NAMES)]
    assert texts == []  # `*` is of every table: what one of them lacks is no problem
    field = build_schema(entry, access_to({"*": ALL}), NAMES, LIMITS).names.by_field
    own = next(name for name, table in field.items() if str(table.table.name) == "customer")
    (problem,) = problems_of(
        entry, access_to({own: {"select": {"columns": ["id", "name"]}}}), NAMES
    )
    assert "'name' means two columns: write 'email' for what the API calls so" in problem.text


@pytest.mark.parametrize(
    "grants",
    [
        {"select": {"columns": "*", "rows": {"name": {"_eq": "Ada"}}}},
        {"select": {"columns": "*"}, "insert": {"columns": "*", "presets": {"name": "x"}}},
    ],
)
def test_a_rule_of_such_a_column_closes_its_table(entry, grants) -> None:
    built = build_schema(entry, access_to({"*": grants}), NAMES, LIMITS)

    assert "customer" not in {str(name) for name in built.names.tables}
    assert any("means two columns of customer" in text for _, text in built.problems)
