"""A role of two: one gives a few columns of all rows, the other all columns of one's own.

What a cell holds that neither gives can be neither read nor found out.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from dynamic_databases.errors import DatabaseProblem
from schema.build.printing import sdl
from schema.errors import BadUserInput, Conflict, OperationProblem
from tests.fixtures.databases import execute
from tests.fixtures.row_rules import MINE, MY_INVOICES, built_for, run_as, union_of

REP = {"x-gateway-user-id": "3"}
READER = {
    "region": {"select": {"columns": "*", "aggregate": True}},
    "customer": {
        "select": {"columns": ["id", "name", "regionId"], "aggregate": True},
        "update": {"columns": ["name"], "presets": {"regionId": 1}},
    },
    "invoice": {"select": {"columns": ["id", "customerId"], "aggregate": True}},
}
OWNER = {
    "customer": {
        "select": {"columns": "*", "rows": MINE, "aggregate": True},
        "insert": {"columns": "*"},
        "update": {"columns": "*"},
        "delete": {},
    },
    "invoice": {
        "select": {"columns": "*", "rows": MY_INVOICES, "aggregate": True},
        "insert": {"columns": "*"},
        "update": {"columns": "*"},
    },
}
ADA, CARL = {"id": 1, "email": "ada@x"}, {"id": 6, "email": None}
ALL = [ADA, {"id": 2, "email": "bo@x"}, CARL, {"id": 7, "email": None}]
READS: dict[str, tuple[str, Any]] = {
    "list": ("{ found: customer { id email } }", ALL),
    "by key": ("{ found: customerByPk(id: 6) { id email } }", CARL),
    "of a relation": (
        "{ found: region(where: {id: {_eq: 1}}) { customers { id email } } }",
        [{"customers": [ADA, CARL]}],
    ),
    "to one": (
        "{ found: invoice(where: {id: {_eq: 6}}) { total customer { id email } } }",
        [{"total": None, "customer": CARL}],
    ),
    "filter": ('{ found: customer(where: {email: {_eq: "carl@x"}}) { id } }', []),
    "filter that it is another": (
        '{ found: customer(where: {email: {_neq: "carl@x"}}) { id } }',
        [{"id": 1}, {"id": 2}],
    ),
    "filter, negated": (
        '{ found: customer(where: {_not: {email: {_eq: "carl@x"}}}) { id } }',
        [{"id": 1}, {"id": 2}],
    ),
    "null": ("{ found: customer(where: {email: {_isNull: true}}) { id } }", [{"id": 6}, {"id": 7}]),
    "pattern": ('{ found: customer(where: {email: {_like: "c%"}}) { id } }', []),
    "filter of a relation": (
        '{ found: region(where: {customers: {email: {_like: "carl%"}}}) { id } }',
        [],
    ),
    "filter by a related sum": (
        (
            "{ found: customer(where: {invoicesAggregate: {sum: {arguments: total, "
            'predicate: {_gt: "600"}}}}) { id } }'
        ),
        [],
    ),
    "filter by a related count of values": (
        (
            "{ found: region(where: {customersAggregate: {count: {arguments: [email], "
            "predicate: {_gt: 1}}}}) { id } }"
        ),
        [],
    ),
    "order": (
        "{ found: customer(orderBy: [{email: DESC_NULLS_LAST}, {id: DESC}]) { id } }",
        [{"id": 2}, {"id": 1}, {"id": 7}, {"id": 6}],
    ),
    "order of a relation": (
        ("{ found: invoice(orderBy: [{customer: {email: ASC_NULLS_FIRST}}, {id: DESC}]) { id } }"),
        [{"id": 7}, {"id": 6}, {"id": 1}, {"id": 2}],
    ),
    "order by a related maximum": (
        (
            "{ found: customer(orderBy: [{invoicesAggregate: {max: {total: DESC_NULLS_LAST}}}, "
            "{id: DESC}]) { id } }"
        ),
        [{"id": 2}, {"id": 1}, {"id": 7}, {"id": 6}],
    ),
    "aggregates": (
        (
            "{ found: customerAggregate { aggregate { count seen: count(columns: [email]) "
            "max { email } min { repId } } } }"
        ),
        {"aggregate": {"count": 4, "seen": 2, "max": {"email": "bo@x"}, "min": {"repId": 3}}},
    ),
    "sum": (
        "{ found: invoiceAggregate { aggregate { sum { total } } } }",
        {"aggregate": {"sum": {"total": "30"}}},
    ),
    "groups": (
        (
            "{ found: customerGroupBy(by: [repId], orderBy: [{aggregate: {count: ASC}}, "
            "{keys: {repId: ASC_NULLS_LAST}}]) { keys { repId } aggregate { count } } }"
        ),
        [
            {"keys": {"repId": 3}, "aggregate": {"count": 2}},
            {"keys": {"repId": None}, "aggregate": {"count": 2}},
        ],
    ),
    "distinct": (
        (
            "{ found: customer(distinctOn: [email], orderBy: [{email: ASC_NULLS_LAST}, "
            "{id: ASC}]) { id } }"
        ),
        [{"id": 1}, {"id": 2}, {"id": 6}],
    ),
    "nodes of an aggregate": (
        "{ found: customerAggregate(limit: 1, offset: 2) { nodes { id email } } }",
        {"nodes": [CARL]},
    ),
    "connection": (
        (
            "{ found: customerConnection(orderBy: [{email: DESC_NULLS_FIRST}], first: 2) "
            "{ totalCount edges { node { id email } } } }"
        ),
        {"totalCount": 4, "edges": [{"node": CARL}, {"node": {"id": 7, "email": None}}]},
    ),
    "related connection": (
        (
            '{ found: region { customersConnection(where: {email: {_like: "%@x"}}) '
            "{ totalCount edges { node { email } } } } }"
        ),
        [
            {"customersConnection": {"totalCount": 1, "edges": [{"node": {"email": email}}]}}
            for email in ("ada@x", "bo@x")
        ],
    ),
}
# What is sent by the representative 3 and its answer; no row of the database changes.
UNDONE: dict[str, tuple[str, Any]] = {
    "update by a hidden cell": (
        'updateCustomer(where: {email: {_eq: "carl@x"}}, _set: {name: "x"}) { affectedRows }',
        {"affectedRows": 0},
    ),
    "update a hidden cell": (
        'updateCustomerByPk(pkColumns: {id: 6}, _set: {email: "x"}) { id }',
        None,
    ),
    "update rows with hidden cells": (
        'updateCustomer(where: {id: {_gt: 2}}, _set: {email: "x"}) { affectedRows }',
        {"affectedRows": 0},
    ),
    "delete by a hidden cell": (
        'deleteCustomer(where: {email: {_like: "carl%"}}) { affectedRows }',
        {"affectedRows": 0},
    ),
    "delete what the other role sees": ("deleteCustomerByPk(id: 6) { id }", None),
    "save with what is expected of a hidden cell": (
        (
            'saveCustomer(pkColumns: {id: 6}, _set: {name: "x"}, _expect: {name: "y", '
            'email: "carl@x"}) { row { id } }'
        ),
        None,
    ),
    "upsert by a hidden cell": (
        (
            'insertCustomerOne(object: {id: 9, name: "x", email: "carl@x", repId: 3}, '
            "onConflict: {constraint: customerEmailKey, updateColumns: [name]}) { id }"
        ),
        None,
    ),
}


@pytest.fixture
def built(shop, by_orm):
    built = built_for(shop, union_of(READER, OWNER), by_orm=by_orm)
    assert built.problems == ()
    return built


@pytest.fixture
def ask(shop, built):
    return lambda query, **variables: run_as(shop, built, query, REP, variables)


@pytest.fixture
def write(ask):
    return lambda field: ask(f"mutation {{ found: {field} }}")["found"]


def rows_of(database) -> list[list[tuple]]:
    return [sorted(execute(database.url, f"SELECT * FROM {t}")) for t in ("customer", "invoice")]


def test_a_hidden_cell_is_null_wherever_it_is_read(ask) -> None:
    found = {way: ask(query)["found"] for way, (query, _) in READS.items()}

    assert found == {way: expected for way, (_, expected) in READS.items()}
    assert "carl" not in json.dumps(found)


def test_all_pages_of_a_connection_that_is_ordered_by_hidden_cells_have_all_rows(ask) -> None:
    page = """query ($after: String) { page: customerConnection(first: 1, after: $after,
      orderBy: [{email: ASC_NULLS_FIRST}]) { edges { node { id } } pageInfo { endCursor } } }"""
    ids, after = [], None
    while edges := (found := ask(page, after=after)["page"])["edges"]:
        ids += [edge["node"]["id"] for edge in edges]
        after = found["pageInfo"]["endCursor"]
    assert ids == [6, 7, 1, 2]


def test_a_global_id_leads_to_no_hidden_cell(ask) -> None:
    ids = [row["nodeId"] for row in ask("{ customer { nodeId } }")["customer"]]
    several = "query ($ids: [ID!]!) { nodes(nodeIds: $ids) { ... on Customer { id email } } }"
    assert ask(several, ids=ids)["nodes"] == ALL
    one = "query ($id: ID!) { node(nodeId: $id) { ... on Customer { id email } } }"
    assert ask(one, id=ids[2])["node"] == CARL


def test_a_table_without_a_key_is_closed_where_cells_would_be_hidden(vendor, new_database) -> None:
    database = new_database(vendor, "CREATE TABLE log (name VARCHAR(9), note VARCHAR(9));")
    some = {"log": {"select": {"columns": ["name"]}}}
    own = {"log": {"select": {"columns": "*", "rows": {"name": {"_eq": "x"}}}}}
    built = built_for(database, union_of(some, own))
    assert built.problems == (
        (
            "log",
            "inherits: without a key no cell can be hidden; give the roles' rows the same columns.",
        ),
    )
    assert not built.names.tables


def test_a_key_that_one_role_does_not_give_is_not_seen(shop, by_orm) -> None:
    """Its other columns are, and pages have every row."""
    some = {"customer": {"select": {"columns": ["name"]}}}
    built = built_for(shop, union_of(some, OWNER), by_orm=by_orm)
    assert "id" not in built.names.by_field["customer"].columns
    assert not [name for name in built.mutations if "Customer" in name]
    page = "{ page: customerConnection(first: 9) { edges { node { name email } } } }"
    edges = run_as(shop, built, page, REP)["page"]["edges"]
    assert [edge["node"]["email"] for edge in edges] == ["ada@x", "bo@x", None, None]


def test_a_column_with_hidden_cells_may_be_null(built) -> None:
    text = sdl(built.schema.graphql_schema).decode()
    (customer,) = [part for part in text.split("}") if "type Customer " in part]
    assert "name: String!" in customer
    assert "id: Int!" in customer
    assert "email: String\n" in customer


def test_what_can_not_be_seen_can_not_be_written_by(shop, write) -> None:
    before = rows_of(shop)
    found = {way: write(field) for way, (field, _) in UNDONE.items()}

    assert found == {way: expected for way, (_, expected) in UNDONE.items()}
    assert rows_of(shop) == before


def test_one_s_own_rows_are_written_as_the_one_role_permits(write) -> None:
    update = 'updateCustomer(where: {email: {_eq: "ada@x"}}, _set: {email: "new@x"}) '
    assert write(update + "{ returning { id email } }") == {
        "returning": [{"id": 1, "email": "new@x"}]
    }
    with pytest.raises(Conflict):
        write(
            'saveCustomer(pkColumns: {id: 1}, _set: {email: "x"}, _expect: {email: "y"}) '
            "{ row { id } }"
        )


def test_what_is_answered_of_a_write_has_no_hidden_cell(write) -> None:
    """A row that is given away keeps the cells that the other role gives."""
    found = write("updateCustomerByPk(pkColumns: {id: 1}, _set: {repId: 4}) { id name email }")
    assert found == {"id": 1, "name": "Ada", "email": None}
    inserted = write(
        'insertCustomer(objects: [{id: 9, name: "x", email: "x@x", repId: 4}]) '
        "{ returning { id email } }"
    )
    assert inserted == {"returning": [{"id": 9, "email": None}]}
    assert write('insertCustomerOne(object: {id: 10, name: "x", repId: 4}) { id repId }') == {
        "id": 10, "repId": None
    }  # fmt: skip


def test_a_save_of_a_row_with_hidden_cells_tells_what_its_role_sees(shop, write) -> None:
    """The reader's preset is written, and shown where the reader sees it."""
    save = 'saveCustomer(pkColumns: {id: 7}, _set: {name: "x"}) { changes { field before after } }'
    assert write(save) == {
        "changes": [
            {"field": "name", "before": "secret Dora", "after": "x"},
            {"field": "regionId", "before": 2, "after": 1},
        ]
    }


def test_columns_of_two_roles_are_not_written_together(shop) -> None:
    one, other = (
        {"customer": {"select": {"columns": "*"}, "update": {"columns": [column]}}}
        for column in ("name", "email")
    )
    built = built_for(shop, union_of(one, other))
    update = "mutation {{ updateCustomerByPk(pkColumns: {{id: 1}}, _set: {{{}}}) {{ id }} }}"
    run_as(shop, built, update.format('name: "x"'))
    with pytest.raises(BadUserInput, match="see these columns together: email, name"):
        run_as(shop, built, update.format('name: "x", email: "y"'))


@pytest.mark.parametrize(
    "field",
    [
        (
            'saveCustomer(pkColumns: {id: 6}, _set: {name: "x"}, _expect: {email: "carl@x"}) '
            "{ row { id } }"
        ),
        (
            'insertCustomerOne(object: {id: 9, name: "x", email: "carl@x"}, onConflict: '
            "{constraint: customerEmailKey, updateColumns: [name]}) { id }"
        ),
        (
            'insertCustomerOne(object: {id: 9, name: "x", email: "carl@x"}, onConflict: '
            "{constraint: customerPkey, updateColumns: [name]}) { id }"
        ),
    ],
)
def test_the_one_role_that_updates_compares_no_cell_that_it_does_not_see(shop, field) -> None:
    one = {"customer": {"select": {"columns": ["id", "name"]}, "update": {"columns": ["name"]}}}
    other = {
        "customer": {"select": {"columns": "*", "rows": MINE}, "insert": {"columns": "*"}},
    }
    built = built_for(shop, union_of(one, other))
    before = rows_of(shop)
    with pytest.raises((OperationProblem, DatabaseProblem)):
        run_as(shop, built, f"mutation {{ {field} }}", REP)
    assert rows_of(shop) == before


def test_a_nested_insert_finds_no_row_by_a_hidden_cell(shop, write) -> None:
    nested = (
        'insertInvoiceOne(object: {{id: 9, customer: {{data: {{id: 9, name: "x", email: "{}"}}, '
        "onConflict: {{constraint: customerEmailKey}}}}}}) {{ id customerId }}"
    )
    before = rows_of(shop)
    with pytest.raises((OperationProblem, DatabaseProblem)):
        write(nested.format("carl@x"))
    assert rows_of(shop) == before
    assert write(nested.format("ada@x")) == {"id": 9, "customerId": 1}
