"""What is checked and answered is the row as it is stored, after triggers, before COMMIT."""

from __future__ import annotations

import pytest

from dynamic_databases.errors import ConstraintViolation
from schema.errors import Forbidden
from tests.fixtures.databases import execute
from tests.fixtures.row_rules import MINE, SHOP, SUPPORT, access_to, built_for, run_as
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE

REP = {"x-gateway-user-id": "3"}
TRIGGERS = {
    SQLITE: """CREATE TRIGGER stolen AFTER {event} ON customer BEGIN
      UPDATE customer SET rep_id = 4 WHERE id = NEW.id AND rep_id <> 4; END;""",
    MARIADB: "CREATE TRIGGER stolen BEFORE {event} ON customer FOR EACH ROW SET NEW.rep_id = 4;",
    POSTGRESQL: """CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS
      $$BEGIN NEW.rep_id = 4; RETURN NEW; END$$;
      CREATE TRIGGER stolen BEFORE {event} ON customer FOR EACH ROW EXECUTE FUNCTION steal();""",
}
WRITES = {
    "INSERT": [
        'insertCustomerOne(object: {id: 9, name: "x", repId: 3}) { id }',
        'insertCustomer(objects: [{id: 9, name: "x", repId: 3}]) { affectedRows }',
        'insertInvoiceOne(object: {id: 9, customer: {data: {id: 9, name: "x", repId: 3}}}) { id }',
    ],
    "UPDATE": [
        'updateCustomerByPk(pkColumns: {id: 1}, _set: {name: "x"}) { id }',
        'updateCustomer(where: {id: {_eq: 1}}, _set: {name: "x"}) { affectedRows }',
        'saveCustomer(pkColumns: {id: 1}, _set: {name: "x"}) { row { id } }',
    ],
}
# What a trigger writes into another table violates the primary key there. MariaDB calls all of them
# PRIMARY, which names no table.
ELSEWHERE = {
    SQLITE: """CREATE TRIGGER logged AFTER UPDATE ON customer BEGIN
      INSERT INTO region VALUES (1, 'secret'); END;""",
    POSTGRESQL: """CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS
      $$BEGIN INSERT INTO region VALUES (1, 'secret'); RETURN NEW; END$$;
      CREATE TRIGGER logged AFTER UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION log_it();""",
}
# A role that may update its rows to those of others: then they are out of sight.
GIVES = {"customer": {"select": {"columns": "*", "rows": MINE}, "update": {"columns": "*"}}}
OUT_OF_SIGHT = {
    "updateCustomerByPk(pkColumns: {id: 1}, _set: {repId: 4}) { id }": None,
    'updateCustomerByPk(pkColumns: {id: 1}, _set: {repId: 4, name: "x"}) { id }': None,
    "updateCustomer(where: {id: {_eq: 1}}, _set: {repId: 4}) { affectedRows returning { id } }": {
        "affectedRows": 1,
        "returning": [],
    },
    "saveCustomer(pkColumns: {id: 1}, _set: {repId: 4}) { row { name } changes { after } }": {
        "row": None,
        "changes": [{"after": 4}],
    },
}


@pytest.mark.parametrize("event", WRITES)
def test_a_trigger_is_checked(vendor, new_database, by_orm, event: str) -> None:
    if vendor not in TRIGGERS:
        pytest.skip("its trigger isn't written here")
    database = new_database(vendor, SHOP + TRIGGERS[vendor].format(event=event))
    built = built_for(database, access_to(SUPPORT), by_orm=by_orm)
    for write in WRITES[event]:
        with pytest.raises(Forbidden, match="may not store a row like this"):
            run_as(database, built, f"mutation {{ {write} }}", REP)
    assert execute(database.url, "SELECT count(*) FROM customer WHERE name = 'x'") == [(0,)]


def test_a_row_that_a_write_puts_out_of_sight_is_not_answered(shop, by_orm) -> None:
    built = built_for(shop, access_to(GIVES), by_orm=by_orm)
    for write, expected in OUT_OF_SIGHT.items():
        found = run_as(shop, built, f"mutation {{ found: {write} }}", REP)
        assert found == {"found": expected}
        assert execute(shop.url, "SELECT rep_id FROM customer WHERE id = 1") == [(4,)]
        execute(shop.url, "UPDATE customer SET rep_id = 3 WHERE id = 1")


def test_a_trigger_names_no_table_that_is_hidden(vendor, new_database, by_orm) -> None:
    if vendor not in ELSEWHERE:
        pytest.skip("its trigger isn't written here")
    database = new_database(vendor, SHOP + ELSEWHERE[vendor])
    built = built_for(database, access_to(GIVES), by_orm=by_orm)
    for write in WRITES["UPDATE"]:
        with pytest.raises(ConstraintViolation, match="your role may not see which") as raised:
            run_as(database, built, f"mutation {{ {write} }}", REP)
        assert raised.value.constraint is None
        assert raised.value.columns == ()
