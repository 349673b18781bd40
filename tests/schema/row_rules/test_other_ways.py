"""Ways to hidden rows and cells besides documents that read or write them: each leads nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dynamic_databases.process import process_registry
from schema.answer_size import ANSWER_BYTES, DEFAULT_BYTES
from schema.build.builder import build_schema
from schema.build.cache import SchemaCache
from schema.errors import BadUserInput, Forbidden, InvalidDocument
from schema.plan.session_variables import SESSION
from tests.fixtures.row_rules import (
    LIMITS,
    MINE,
    SHOP,
    SUPPORT,
    access_to,
    built_for,
    run_as,
    union_of,
)
from tests.fixtures.vendors import SQLITE
from tests.schema.row_rules.test_writing import FORBIDDEN, REFUSED, rows_of

REP, OTHER = ({"x-gateway-user-id": user} for user in ("3", "4"))
NAMES = {"customer": {"select": {"columns": ["id", "name"]}}}
OWN = {"customer": {"select": {"columns": "*", "rows": MINE, "aggregate": True}}}
PAGE = """query ($after: String, $before: String) {
  page: customerConnection(last: 5, after: $after, before: $before) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } } }"""


@pytest.fixture
def built(shop, by_orm):
    return built_for(shop, access_to(SUPPORT), by_orm=by_orm)


def test_a_dry_run_tells_what_the_mutation_would(shop, built) -> None:
    before = rows_of(shop)

    def ask(field: str) -> Any:
        return run_as(shop, built, f"mutation {{ found: {field} }}", REP, dry_run=True)["found"]

    found = {way: ask(field) for way, (field, _) in REFUSED.items()}
    assert found == {way: expected for way, (_, expected) in REFUSED.items()}
    for field in FORBIDDEN.values():
        with pytest.raises(Forbidden, match="may not store a row like this"):
            ask(field)
    assert ask('updateCustomerByPk(pkColumns: {id: 1}, _set: {name: "x"}) { name }') == {
        "name": "x"
    }
    assert rows_of(shop) == before


def test_a_cursor_of_another_user_tells_of_no_row_around_it(shop, built) -> None:
    """Rows on its other side are hidden, and don't count."""
    page = run_as(shop, built, PAGE, REP)["page"]
    ada, bo = (edge["cursor"] for edge in page["edges"])
    found = run_as(shop, built, PAGE, OTHER, {"after": ada})["page"]
    assert [edge["node"] for edge in found["edges"]] == [{"id": 6}]
    assert found["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False}
    found = run_as(shop, built, PAGE, OTHER, {"before": bo})["page"]
    assert found == {"edges": [], "pageInfo": {"hasNextPage": True, "hasPreviousPage": False}}
    carl = run_as(shop, built, PAGE, OTHER)["page"]["edges"][0]["cursor"]
    found = run_as(shop, built, PAGE, REP, {"before": carl})["page"]
    assert [edge["node"]["id"] for edge in found["edges"]] == [1, 2]
    assert not found["pageInfo"]["hasNextPage"]


def test_a_hidden_row_is_in_no_error_of_a_database(shop, built) -> None:
    """What a database says of a key names its columns, not the values of other rows."""
    for field in (
        'insertCustomerOne(object: {id: 9, name: "x", email: "carl@x", repId: 3}) { id }',
        'insertCustomerOne(object: {id: 6, name: "x", repId: 3}) { id }',
        'updateCustomerByPk(pkColumns: {id: 1}, _set: {email: "carl@x"}) { id }',
        "updateCustomerByPk(pkColumns: {id: 1}, _set: {id: 6}) { id }",
        "insertInvoiceOne(object: {id: 9, customerId: 99}) { id }",
    ):
        with pytest.raises(Exception, match=r"constraint|refuses|taken|row") as raised:
            run_as(shop, built, f"mutation {{ {field} }}", REP)
        assert "secret" not in str(raised.value)
        assert "Carl" not in str(raised.value)


@pytest.fixture
def with_custom(shop):
    """Build schemas of a baseline that lacks `customer.email`."""

    def build(access, *, common: bool):
        entry = process_registry().entry(shop.label)
        tables = tuple(
            replace(t, columns=tuple(c for c in t.columns if c.name != "email"), unique_keys=())
            for t in entry.catalog.tables
        )
        entry = replace(entry, baseline=replace(entry.catalog, tables=tables))
        return build_schema(entry, access, {}, LIMITS, common=common)

    return build


@pytest.mark.parametrize("common", [False, True])
def test_custom_fields_have_no_hidden_cell(shop, with_custom, common: bool) -> None:
    built = with_custom(union_of(NAMES, OWN), common=common)
    found = run_as(shop, built, "{ customer { id repId customFields } }", REP)["customer"]

    assert [row["customFields"]["email"] for row in found] == ["ada@x", "bo@x", None, None]
    assert [row["repId"] for row in found] == [3, 3, None, None]
    where = "{ customer(where: {repId: {_eq: 4}}) { id } }"
    assert run_as(shop, built, where, REP) == {"customer": []}


def test_custom_fields_name_no_hidden_column(shop, with_custom) -> None:
    built = with_custom(access_to(NAMES), common=True)
    with pytest.raises(BadUserInput, match="has no custom field 'email'; it has: none"):
        run_as(shop, built, '{ customer { customFields(names: ["email"]) } }', REP)
    own = with_custom(access_to(NAMES), common=False)
    with pytest.raises(InvalidDocument, match="Cannot query field 'customFields'"):
        run_as(shop, own, "{ customer { customFields } }", REP)


@pytest.mark.parametrize("role", [access_to(SUPPORT), union_of(NAMES, OWN)])
def test_ten_thousand_users_share_what_is_kept_of_one(new_database, role) -> None:
    """The session alone tells them apart: values of a statement that is compiled once."""
    entry = process_registry().entry(new_database(SQLITE, SHOP).label)
    schemas = SchemaCache(10**9, 100, {})
    kept = []
    for user in range(10_000):
        cached = schemas.get(entry, replace(role), LIMITS)
        operation = cached.operations.compile("{ customer { id email } }", None)
        statement = operation.prepare({}).roots[0].read
        known = {SESSION: {"x-gateway-user-id": str(user)}, ANSWER_BYTES: DEFAULT_BYTES}
        assert user in statement.parameters(known)
        kept.append((len(schemas), id(operation), id(statement), schemas.operation_bytes))
    assert set(kept) == {kept[0]}
