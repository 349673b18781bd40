"""What a role's permission says besides rows: presets, a limit of rows, aggregates."""

from __future__ import annotations

import pytest

from schema.build.printing import sdl
from schema.errors import BadUserInput, Forbidden
from tests.fixtures.databases import execute
from tests.fixtures.row_rules import access_to, built_for, run_as
from tests.fixtures.schemas import built_of

REP = {"x-gateway-user-id": "3"}
USER = {"repId": "X-Gateway-User-Id"}
CUSTOMER = {
    "select": {"columns": ["id", "name", "repId"], "limit": 1},
    "insert": {"columns": "*", "presets": {**USER, "regionId": 2}},
    "update": {"columns": ["name"], "presets": {"email": "changed@x", **USER}},
}
INVOICE = {"select": {"columns": "*", "limit": 2}, "insert": {"columns": "*"}}


@pytest.fixture
def ask(shop, by_orm):
    built = built_for(shop, access_to({"customer": CUSTOMER, "invoice": INVOICE}), by_orm=by_orm)

    def run(query: str, **variables):
        return run_as(shop, built, query, REP, variables)

    run.url = shop.url
    return run


def stored(ask, key: int) -> tuple:
    (row,) = execute(ask.url, f"SELECT rep_id, region_id, email FROM customer WHERE id = {key}")
    return tuple(row)


def test_a_preset_is_written_and_can_not_be_given(ask) -> None:
    ask('mutation { insertCustomerOne(object: {id: 9, name: "x"}) { id } }')
    assert stored(ask, 9) == (3, 2, None)
    ask('mutation { insertCustomer(objects: [{id: 10, name: "x"}]) { affectedRows } }')
    assert stored(ask, 10) == (3, 2, None)


@pytest.mark.parametrize(
    "update",
    [
        'updateCustomerByPk(pkColumns: {id: 6}, _set: {name: "x"}) { id }',
        "updateCustomerByPk(pkColumns: {id: 6}, _set: {}) { id }",
        'updateCustomer(where: {id: {_eq: 6}}, _set: {name: "x"}) { affectedRows }',
        'updateCustomerMany(updates: {where: {id: {_eq: 6}}, _set: {name: "x"}}) { affectedRows }',
        'saveCustomer(pkColumns: {id: 6}, _set: {name: "x"}) { changes { field } }',
    ],
)
def test_a_preset_of_updates(ask, update: str) -> None:
    ask(f"mutation {{ {update} }}")
    assert stored(ask, 6) == (3, 1, "changed@x")


def test_a_save_tells_no_preset_that_is_hidden(ask) -> None:
    save = 'saveCustomer(pkColumns: {id: 6}, _set: {name: "x"}) { changes { field after } }'
    changes = ask(f"mutation {{ {save} }}")["saveCustomer"]["changes"]
    assert changes == [{"field": "name", "after": "x"}, {"field": "repId", "after": 3}]


def test_a_nested_insert_has_its_presets(ask) -> None:
    nested = 'insertInvoiceOne(object: {id: 9, customer: {data: {id: 9, name: "x"}}}) { id }'
    ask(f"mutation {{ {nested} }}")
    assert stored(ask, 9) == (3, 2, None)


def test_an_upsert_with_other_presets_in_updates_is_refused(ask) -> None:
    upsert = 'insertCustomerOne(object: {id: 6, name: "x"}, onConflict: {constraint: customerPkey, '
    with pytest.raises(BadUserInput, match="onConflict can't update here"):
        ask(f"mutation {{ {upsert} updateColumns: [name]}}) {{ id }} }}")


def test_presets_stand_in_no_input(ask, shop) -> None:
    text = sdl(built_for(shop, access_to({"customer": CUSTOMER})).schema.graphql_schema).decode()
    (inserts,) = [part for part in text.split("}") if "input CustomerInsertInput" in part]
    (updates,) = [part for part in text.split("}") if "input CustomerSetInput" in part]
    assert "name: String" in inserts
    assert "repId" not in inserts + updates


def test_a_list_has_as_many_rows_as_the_role_may_read(ask) -> None:
    assert len(ask("{ customer { id } }")["customer"]) == 1
    assert len(ask("{ customer(limit: 50) { id } }")["customer"]) == 1
    assert len(ask("query ($n: Int) { customer(limit: $n) { id } }", n=50)["customer"]) == 1
    assert len(ask("query ($n: Int) { invoice(limit: $n) { id } }", n=1)["invoice"]) == 1
    assert len(ask("query ($n: Int) { invoice(limit: $n) { id } }", n=None)["invoice"]) == 2
    assert ask("{ customer(limit: 0) { id } }")["customer"] == []


def test_a_page_has_as_many_rows_as_the_role_may_read(ask) -> None:
    """All pages one after the other have all rows."""
    page = """query ($n: Int, $c: String) { page: invoiceConnection(first: $n, after: $c)
      { edges { node { id } } pageInfo { hasNextPage endCursor } } }"""
    for first in (None, 50):
        ids, cursor = [], None
        while True:
            found = ask(page, n=first, c=cursor)["page"]
            assert len(found["edges"]) <= 2
            ids += [edge["node"]["id"] for edge in found["edges"]]
            cursor = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
        assert ids == [1, 2, 6, 7]
    last = ask("{ page: invoiceConnection(last: 50) { edges { node { id } } } }")["page"]
    assert [edge["node"]["id"] for edge in last["edges"]] == [6, 7]


def test_rows_of_a_row_are_as_many_as_the_role_may_read(ask) -> None:
    for key in (20, 21, 22):
        execute(ask.url, f"INSERT INTO invoice (id, customer_id) VALUES ({key}, 1)")
    row = """{ invoices(limit: 9) { id } page: invoicesConnection(first: 9)
      { edges { node { id } } pageInfo { hasNextPage } } }"""
    found = ask(f"{{ customerByPk(id: 1) {row} }}")["customerByPk"]
    assert [one["id"] for one in found["invoices"]] == [1, 20]
    assert [edge["node"]["id"] for edge in found["page"]["edges"]] == [1, 20]
    assert found["page"]["pageInfo"]["hasNextPage"]


def test_a_role_that_may_not_aggregate_has_no_such_field(shop, by_orm) -> None:
    role = {"customer": {"select": {"columns": "*"}}, "invoice": {"select": {"columns": "*"}}}
    text = sdl(built_for(shop, access_to(role)).schema.graphql_schema).decode()

    assert "ggregate" not in text
    assert "GroupBy" not in text
    assert "totalCount" not in text
    assert "customerAggregate" in sdl(built_of(shop).schema.graphql_schema).decode()


def test_what_a_role_lacks_is_forbidden_before_anything_is_asked(shop, by_orm) -> None:
    built = built_for(shop, access_to({"customer": CUSTOMER}), by_orm=by_orm)
    with pytest.raises(Forbidden, match="x-gateway-user-id is missing"):
        run_as(shop, built, 'mutation { insertCustomerOne(object: {id: 9, name: "x"}) { id } }')
    assert execute(shop.url, "SELECT count(*) FROM customer") == [(4,)]
