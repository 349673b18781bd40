"""Each way to change a row that a role may not change, or to learn of it by writing."""

from __future__ import annotations

from typing import Any

import pytest

from dynamic_databases.errors import DatabaseProblem
from schema.errors import BadUserInput, Conflict, Forbidden, OperationProblem
from tests.fixtures.databases import execute
from tests.fixtures.row_rules import SHOP, SUPPORT, access_to, built_for, run_as

REP = {"x-gateway-user-id": "3"}
NOTHING: dict[str, Any] = {"affectedRows": 0, "returning": []}
TABLES = ("region", "customer", "invoice", "item")
# What is sent as the representative 3 and its answer; no row of the database changes.
REFUSED = {
    "update by key": ('updateCustomerByPk(pkColumns: {id: 6}, _set: {name: "x"}) { id }', None),
    "update one that is seen and no more": (
        'updateCustomerByPk(pkColumns: {id: 2}, _set: {name: "x"}) { id }',
        None,
    ),
    "update by key, with two columns": (
        'updateCustomerByPk(pkColumns: {id: 6}, _set: {name: "x", email: "y"}) { id }',
        None,
    ),
    "update rows": (
        (
            'updateCustomer(where: {id: {_gt: 1}}, _set: {name: "x"}) '
            "{ affectedRows returning { id } }"
        ),
        NOTHING,
    ),
    "update many": (
        (
            'updateCustomerMany(updates: [{where: {id: {_eq: 7}}, _set: {name: "x"}}]) '
            "{ affectedRows }"
        ),
        [{"affectedRows": 0}],
    ),
    "update a child": (
        (
            'updateInvoice(where: {customerId: {_eq: 6}}, _set: {note: "x"}) { affectedRows '
            "returning { id } }"
        ),
        NOTHING,
    ),
    "save": (
        (
            'saveCustomer(pkColumns: {id: 6}, _set: {name: "x"}, _expect: {name: "y"}) '
            "{ row { id } changes { before after } }"
        ),
        None,
    ),
    "delete by key": ("deleteCustomerByPk(id: 6) { id name }", None),
    "delete by key of one with invoices": ("deleteCustomerByPk(id: 1) { id }", None),
    "delete rows": (
        "deleteInvoice(where: {total: {_eq: 666}}) { affectedRows returning { id } }",
        NOTHING,
    ),
    "delete rows of all": ("deleteCustomer(where: {}) { affectedRows returning { id } }", NOTHING),
    "upsert that does nothing": (
        (
            'insertCustomerOne(object: {id: 6, name: "x", repId: 3}, '
            "onConflict: {constraint: customerPkey}) { id name }"
        ),
        None,
    ),
    "upsert of a hidden row": (
        (
            'insertCustomerOne(object: {id: 6, name: "x", repId: 3}, '
            "onConflict: {constraint: customerPkey, updateColumns: [name, repId]}) { id name }"
        ),
        None,
    ),
    "upsert of rows": (
        (
            'insertCustomer(objects: [{id: 6, name: "x", repId: 3}], '
            "onConflict: {constraint: customerPkey, updateColumns: [name, repId]}) "
            "{ affectedRows returning { id } }"
        ),
        NOTHING,
    ),
    "upsert of one that may not be updated": (
        (
            'insertCustomerOne(object: {id: 2, name: "x", repId: 3}, '
            "onConflict: {constraint: customerPkey, updateColumns: [name]}) { id }"
        ),
        None,
    ),
    "upsert by another key": (
        (
            'insertCustomerOne(object: {id: 9, name: "x", email: "carl@x", repId: 3}, '
            "onConflict: {constraint: customerEmailKey, updateColumns: [name]}) { id }"
        ),
        None,
    ),
}
FORBIDDEN = {
    "insert": 'insertCustomerOne(object: {id: 9, name: "x", repId: 4}) { id }',
    "insert without the column": 'insertCustomerOne(object: {id: 9, name: "x"}) { id }',
    "insert of rows, the last is wrong": (
        'insertCustomer(objects: [{id: 9, name: "x", repId: 3}, {id: 10, name: "x", repId: 4}]) '
        "{ affectedRows }"
    ),
    "insert below a hidden row": "insertInvoiceOne(object: {id: 9, customerId: 6}) { id }",
    "nested insert": (
        'insertInvoiceOne(object: {id: 9, customer: {data: {id: 9, name: "x", repId: 4}}}) { id }'
    ),
    "nested insert of children": (
        'insertCustomerOne(object: {id: 9, name: "x", repId: 4, invoices: {data: [{id: 9}]}}) '
        "{ id }"
    ),
    "update out of sight": ("updateCustomerByPk(pkColumns: {id: 1}, _set: {repId: 4}) { id }"),
    "update with two columns": (
        'updateCustomerByPk(pkColumns: {id: 1}, _set: {repId: null, name: "x"}) { id }'
    ),
    "update rows out of sight": (
        "updateCustomer(where: {id: {_eq: 1}}, _set: {repId: 4}) { affectedRows }"
    ),
    "update a child to a hidden parent": (
        "updateInvoice(where: {id: {_eq: 1}}, _set: {customerId: 6}) { affectedRows }"
    ),
    "save out of sight": (
        "saveCustomer(pkColumns: {id: 1}, _set: {repId: 4}) { changes { field } }"
    ),
    "upsert out of sight": (
        'insertCustomerOne(object: {id: 1, name: "x", repId: 4}, '
        "onConflict: {constraint: customerPkey, updateColumns: [repId]}) { id }"
    ),
}
# A hidden row that a nested insert would lead to.
LED_TO = (
    'insertInvoiceOne(object: {id: 9, customer: {data: {id: 6, name: "x", repId: 3}, '
    "onConflict: {constraint: customerPkey}}}) { id customerId }"
)
DONE = {
    "insert": (
        'insertCustomerOne(object: {id: 9, name: "x", repId: 3}) { id name }',
        {"id": 9, "name": "x"},
    ),
    "insert with children": (
        (
            'insertCustomerOne(object: {id: 9, name: "x", repId: 3, invoices: {data: [{id: 9}]}}) '
            "{ id invoices { id } }"
        ),
        {"id": 9, "invoices": [{"id": 9}]},
    ),
    "update": (
        'updateCustomerByPk(pkColumns: {id: 1}, _set: {name: "x", email: "y"}) { name }',
        {"name": "x"},
    ),
    "update of what is the same": (
        "updateCustomerByPk(pkColumns: {id: 1}, _set: {repId: 3}) { repId }",
        {"repId": 3},
    ),
    "update of its key": (
        (
            'updateItem(where: {id: {_eq: 1}}, _set: {id: 8, label: "z"}) '
            "{ affectedRows returning { id label } }"
        ),
        {"affectedRows": 1, "returning": [{"id": 8, "label": "z"}]},
    ),
    "update of its key, by key": (
        'updateItemByPk(pkColumns: {id: 1}, _set: {id: 8, label: "z"}) { id label }',
        {"id": 8, "label": "z"},
    ),
    "save": (
        (
            'saveCustomer(pkColumns: {id: 1}, _set: {name: "x"}, _expect: {name: "Ada"}) '
            "{ row { name } changes { field before after } }"
        ),
        {"row": {"name": "x"}, "changes": [{"field": "name", "before": "Ada", "after": "x"}]},
    ),
    "delete": (
        "deleteItem(where: {}) { affectedRows returning { id } }",
        {"affectedRows": 2, "returning": [{"id": 1}, {"id": 2}]},
    ),
    "delete by key": ("deleteItemByPk(id: 1) { id }", {"id": 1}),
    "upsert": (
        (
            'insertCustomerOne(object: {id: 1, name: "x", repId: 3}, '
            "onConflict: {constraint: customerPkey, updateColumns: [name]}) { id name }"
        ),
        {"id": 1, "name": "x"},
    ),
    "nested insert that finds its parent": (
        (
            'insertInvoiceOne(object: {id: 9, customer: {data: {id: 1, name: "x", repId: 3}, '
            "onConflict: {constraint: customerPkey}}}) { id customerId }"
        ),
        {"id": 9, "customerId": 1},
    ),
}


@pytest.fixture
def built(shop, by_orm):
    return built_for(shop, access_to(SUPPORT), by_orm=by_orm)


@pytest.fixture
def write(shop, built):
    return lambda field, session=REP: run_as(
        shop, built, f"mutation {{ found: {field} }}", session
    )["found"]


def rows_of(database) -> dict[str, list[tuple]]:
    return {table: sorted(execute(database.url, f"SELECT * FROM {table}")) for table in TABLES}


def test_what_is_hidden_is_not_changed(shop, write) -> None:
    before = rows_of(shop)
    found = {way: write(field) for way, (field, _) in REFUSED.items()}

    assert found == {way: expected for way, (_, expected) in REFUSED.items()}
    assert rows_of(shop) == before


def test_a_row_that_may_not_be_stored_is_undone(shop, write) -> None:
    before = rows_of(shop)
    for way, field in FORBIDDEN.items():
        with pytest.raises(Forbidden, match="Your role may not store a row like this"):
            print(way, write(field))
    assert rows_of(shop) == before


def test_a_nested_insert_leads_to_no_hidden_row(shop, write) -> None:
    before = rows_of(shop)
    with pytest.raises(BadUserInput, match="can't be found by the values given"):
        write(LED_TO)
    assert rows_of(shop) == before


@pytest.mark.parametrize("way", DONE)
def test_what_is_permitted_is_done(shop, write, way: str) -> None:
    field, expected = DONE[way]

    assert write(field) == expected


def test_a_conflict_tells_nothing_of_a_hidden_row(shop, write) -> None:
    """Of one's own row it does."""
    given = '_set: {{name: "x"}}, _expect: {{name: "y"}}'
    save = f"saveCustomer(pkColumns: {{{{id: {{}}}}}}, {given}) {{{{ row {{{{ id }}}} }}}}"
    with pytest.raises(Conflict):
        write(save.format(1))
    assert write(save.format(6)) is None


def test_a_violation_tells_no_value_of_a_hidden_row(write) -> None:
    with pytest.raises((DatabaseProblem, OperationProblem)) as raised:
        write('insertCustomerOne(object: {id: 9, name: "x", email: "carl@x", repId: 3}) { id }')
    assert "secret" not in str(raised.value)
    with pytest.raises((DatabaseProblem, OperationProblem)) as raised:
        write("deleteCustomerByPk(id: 1) { id }") or write(
            "insertInvoiceOne(object: {id: 6, customerId: 1}) { id }"
        )
    assert "secret" not in str(raised.value)


def test_a_server_whose_insert_tells_no_row_hides_and_checks_alike(mariadb, new_database) -> None:
    database = new_database(mariadb, SHOP)
    built = built_for(database, access_to(SUPPORT), returning=False)
    before = rows_of(database)

    def write(field: str):
        return run_as(database, built, f"mutation {{ found: {field} }}", REP)["found"]

    for field, expected in REFUSED.values():
        assert write(field) == expected
    for field in FORBIDDEN.values():
        with pytest.raises(Forbidden):
            write(field)
    with pytest.raises(BadUserInput, match="can't be found by the values given"):
        write(LED_TO)
    assert rows_of(database) == before
