"""What several roles may write: each row by the rules of a role that has it, its check included."""

from __future__ import annotations

import pytest

from schema.errors import BadUserInput, Forbidden
from tests.fixtures.databases import execute
from tests.fixtures.row_rules import MINE, built_for, run_as, union_of

REP = {"x-gateway-user-id": "3"}
ALL = {"columns": "*"}
# The one changes its own customers, and keeps them; the other those of the north, in the north.
OWNER = {
    "customer": {
        "select": {**ALL, "rows": MINE},
        "insert": {**ALL, "check": MINE},
        "update": {**ALL, "check": MINE},
        "delete": {},
    }
}
NORTH = {
    "customer": {
        "select": {**ALL, "rows": {"regionId": {"_eq": 1}}},
        "insert": {"columns": ["id", "name", "regionId"], "check": {"regionId": {"_eq": 1}}},
        "update": {**ALL, "check": {"regionId": {"_eq": 1}}},
    }
}
MANY = "updateCustomer(where: {{id: {{_in: [{}]}}}}, _set: {{{}}}) {{ affectedRows }}"
ONE = "updateCustomerByPk(pkColumns: {{id: {}}}, _set: {{{}}}) {{ id }}"
SAVE = "saveCustomer(pkColumns: {{id: {}}}, _set: {{{}}}) {{ changes {{ field }} }}"
# Bo (2) is the owner's, in the south; Carl (6) is another's, in the north; Ada (1) is of both.
DONE = {
    "the owner's by its check": (2, 'regionId: 2, name: "x"'),
    "the north's by its check": (6, 'repId: 5, name: "x"'),
    "that of both by the one check": (1, 'repId: 5, name: "x"'),
    "that of both by the other check": (1, 'regionId: 2, name: "x"'),
}
REFUSED = {
    "the owner's by the check of the north": (2, 'repId: 5, regionId: 1, name: "x"'),
    "the north's by the check of the owner": (6, 'repId: 3, regionId: 2, name: "x"'),
    "that of both by neither check": (1, 'repId: 5, regionId: 2, name: "x"'),
}


@pytest.fixture
def write(shop, by_orm):
    built = built_for(shop, union_of(OWNER, NORTH), by_orm=by_orm)
    assert built.problems == ()
    return lambda field: run_as(shop, built, f"mutation {{ found: {field} }}", REP)["found"]


def rows_of(database) -> list[tuple]:
    return sorted(execute(database.url, "SELECT * FROM customer"))


def without_invoices(database) -> None:
    for table in ("item", "invoice"):
        execute(database.url, f"DELETE FROM {table}")


@pytest.mark.parametrize("update", [MANY, ONE, SAVE])
def test_a_row_is_updated_by_the_check_of_a_role_that_has_it(shop, write, update: str) -> None:
    before = rows_of(shop)
    for way, (key, values) in REFUSED.items():
        with pytest.raises(Forbidden, match="may not store a row like this"):
            print(way, write(update.format(key, values)))
    assert rows_of(shop) == before
    for key, values in DONE.values():
        assert write(update.format(key, values))
        assert rows_of(shop) != before
        for row in before:
            execute(
                shop.url,
                f"UPDATE customer SET name = '{row[1]}', rep_id = {row[3] or 'NULL'}, "
                f"region_id = {row[4]} WHERE id = {row[0]}",
            )


def test_rows_of_several_roles_are_updated_together(shop, write) -> None:
    assert write(MANY.format("1, 2, 6, 7", 'name: "x"')) == {"affectedRows": 3}
    assert [row[0] for row in rows_of(shop) if row[1] == "x"] == [1, 2, 6]
    before = rows_of(shop)
    with pytest.raises(Forbidden):
        write(MANY.format("1, 2, 6", "repId: 5"))  # Bo would be nobody's
    assert rows_of(shop) == before


def test_a_key_that_an_update_changes_is_checked_as_well(shop, write) -> None:
    without_invoices(shop)
    assert write(MANY.format("6", "id: 60, repId: 5")) == {"affectedRows": 1}
    with pytest.raises(Forbidden):
        write(MANY.format("60", "id: 61, repId: 3, regionId: 2"))
    assert write(ONE.format("60", "id: 62, repId: 5")) == {"id": 62}


def test_an_insert_satisfies_the_check_of_a_role_that_may_write_its_columns(write) -> None:
    assert write('insertCustomerOne(object: {id: 9, name: "x", repId: 3}) { id }')
    assert write('insertCustomerOne(object: {id: 10, name: "x", regionId: 1}) { id }')
    with pytest.raises(Forbidden):
        write('insertCustomerOne(object: {id: 11, name: "x", regionId: 2}) { id }')
    with pytest.raises(Forbidden):  # the north may not set whose it is
        write('insertCustomerOne(object: {id: 12, name: "x", regionId: 1, repId: 4}) { id }')


def test_one_role_alone_deletes(shop, write) -> None:
    without_invoices(shop)
    assert write("deleteCustomerByPk(id: 6) { id }") is None
    assert write("deleteCustomer(where: {}) { affectedRows }") == {"affectedRows": 2}


def test_an_upsert_by_roles_that_check_updates_differently_is_refused(write) -> None:
    upsert = 'insertCustomerOne(object: {id: 1, name: "x", repId: 3}, onConflict: {constraint: '
    with pytest.raises(BadUserInput, match="check updates differently"):
        write(upsert + "customerPkey, updateColumns: [name]}) { id }")
    assert write(upsert + "customerPkey}) { id }") is None


def test_presets_are_those_of_the_first_role_that_may_write_the_columns(shop) -> None:
    one, other = (
        {"customer": {"select": ALL, "insert": {"columns": columns, "presets": presets}}}
        for columns, presets in (
            (["id", "name"], {"repId": "X-Gateway-User-Id"}),
            (["id", "name", "repId", "regionId"], {"email": "made@x"}),
        )
    )
    built = built_for(shop, union_of(one, other))
    insert = "mutation {{ insertCustomerOne(object: {{{}}}) {{ id }} }}"
    run_as(shop, built, insert.format('id: 9, name: "x"'), REP)
    run_as(shop, built, insert.format('id: 10, name: "x", repId: 5'), REP)
    stored = {row[0]: row[2:4] for row in rows_of(shop)}
    assert stored[9] == (None, 3)
    assert stored[10] == ("made@x", 5)
