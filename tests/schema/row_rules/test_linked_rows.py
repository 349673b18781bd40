"""A nested insert leads to a row that is there only by columns that the role may give."""

from __future__ import annotations

import pytest

from schema.access import Access, TableAccess
from schema.errors import BadUserInput, Forbidden
from tests.fixtures.databases import execute
from tests.fixtures.row_rules import access_to, built_for, run_as, union_of

CUSTOMER = {"select": {"columns": "*"}, "insert": {"columns": ["id", "name"]}}
LINKLESS = {
    "customer": CUSTOMER,
    "invoice": {"select": {"columns": "*"}, "insert": {"columns": ["id", "total"]}},
}
LINKING = {
    "customer": CUSTOMER,
    "invoice": {
        "select": {"columns": "*"},
        "insert": {"columns": ["id", "total", "customerId"], "check": {"total": {"_lt": 100}}},
    },
}
COLUMNS = frozenset({"id", "total", "name"})
# What a role may do that is made in the admin, by columns alone.
BY_COLUMNS = Access(
    frozenset({(name, TableAccess(frozenset({"*"}), COLUMNS)) for name in ("customer", "invoice")})
)
FOUND = "onConflict: {constraint: customerPkey}"
PARENT = (
    "insertInvoiceOne(object: {{id: 9, total: {total}, "
    'customer: {{data: {{id: {key}, name: "x"}}{conflict}}}}}) {{ customerId }}'
)
CHILD = (
    'insertCustomerOne(object: {{id: {key}, name: "x", '
    "invoices: {{data: [{{id: 9, total: {total}}}]}}}}{conflict}) {{ id }}"
)


@pytest.fixture
def write(shop, by_orm):
    def run(access: Access, field: str):
        built = built_for(shop, access, by_orm=by_orm)
        assert built.problems == ()
        return run_as(shop, built, f"mutation {{ found: {field} }}")["found"]

    return run


def linked(shop) -> list[tuple]:
    return execute(shop.url, "SELECT customer_id, total FROM invoice WHERE id = 9")


@pytest.mark.parametrize("nested", [PARENT, CHILD])
@pytest.mark.parametrize("access", [access_to(LINKLESS), BY_COLUMNS])
def test_a_column_that_may_not_be_given_refers_to_no_row_that_is_there(
    shop, write, access: Access, nested: str
) -> None:
    with pytest.raises(BadUserInput, match=r"Invoice\.customerId can't refer to a row"):
        write(access, nested.format(key=6, total=1, conflict=f", {FOUND}"))
    assert linked(shop) == []


@pytest.mark.parametrize("nested", [PARENT, CHILD])
def test_it_refers_to_a_row_that_is_inserted_with_it(shop, write, nested: str) -> None:
    assert write(access_to(LINKLESS), nested.format(key=8, total=1, conflict=""))
    assert [tuple(row) for row in linked(shop)] == [(8, 1)]


@pytest.mark.parametrize("nested", [PARENT, CHILD])
def test_of_several_roles_the_one_that_may_give_the_column_checks(shop, write, nested: str) -> None:
    access = union_of(LINKLESS, LINKING)
    with pytest.raises(Forbidden, match="may not store a row like this"):
        write(access, nested.format(key=6, total=100, conflict=f", {FOUND}"))
    assert linked(shop) == []

    write(access, nested.format(key=6, total=99, conflict=f", {FOUND}"))
    assert [tuple(row) for row in linked(shop)] == [(6, 99)]
