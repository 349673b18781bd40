"""Views that the server can write are written through, by a key from the override file."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from tests.fixtures.databases import execute
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, Vendor

URL = "/t/shop/graphql"
SQL = """CREATE TABLE item (id {identity}, name VARCHAR(20) NOT NULL,
  price INTEGER NOT NULL DEFAULT 1, hidden BOOLEAN NOT NULL DEFAULT false);
INSERT INTO item (name, price) VALUES ('one', 1), ('two', 2);
CREATE VIEW shown AS SELECT id, name AS title, price, hidden FROM item WHERE NOT hidden;
CREATE VIEW loud AS SELECT id, name, upper(name) AS loud FROM item;
CREATE VIEW checked AS SELECT id, name, price FROM item WHERE price < 10 {check};
CREATE VIEW summed AS SELECT name, sum(price) AS total FROM item GROUP BY name;
CREATE VIEW keyless AS SELECT id, name FROM item;"""
PAIR = """
CREATE VIEW pair AS SELECT a.id, a.name, b.name AS other FROM item a JOIN item b ON b.id = a.id;
CREATE FUNCTION pair_of() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  IF NEW.name = 'no' THEN RETURN NULL; END IF;
  UPDATE item SET name = NEW.name WHERE id = OLD.id; RETURN NEW; END$$;
CREATE TRIGGER t INSTEAD OF UPDATE ON pair FOR EACH ROW EXECUTE FUNCTION pair_of();
CREATE VIEW ruled AS SELECT id, name FROM item;
CREATE RULE r AS ON DELETE TO ruled DO INSTEAD UPDATE item SET hidden = true WHERE id = OLD.id;"""
KEYS = """{"shown": ["id"], "checked": ["id"], "loud": ["id"], "summed": ["name"], "pair": ["id"],
  "ruled": ["id"]}"""


@pytest.fixture
def shop(vendor: Vendor, new_database, tenant_of, door):
    file = Path(settings.GATEWAY_OVERRIDES_DIR) / "shop.json"
    file.write_text(f'{{"keys": {KEYS}}}')
    check = "" if vendor is SQLITE else "WITH CHECK OPTION"
    sql = SQL.format(**vars(vendor), check=check) + (PAIR if vendor is POSTGRESQL else "")
    door.database = new_database(vendor, sql, name="shop")
    _, door.token = tenant_of("shop", production=door.database)
    yield door
    file.unlink()


@pytest.fixture
def writable(shop, vendor: Vendor):
    """The same, where the server can tell what a write through a view did."""
    if vendor not in (POSTGRESQL, MARIADB):
        pytest.skip("views are read there")
    return shop


def test_rows_are_written_through_a_view(writable) -> None:
    query = """mutation {
      made: insertShownOne(object: {id: 7, title: "new", price: 3, hidden: false}) { id title }
      many: insertShown(objects: [{id: 8, title: "more", hidden: false}]) {
        affectedRows returning { id price } }
      changed: updateShownByPk(pkColumns: {id: 1}, _set: {title: "uno", price: 5}) { title price }
      rows: updateShown(where: {price: {_eq: 2}}, _inc: {price: 1}) { returning { id price } }
      saved: saveShown(pkColumns: {id: 2}, _set: {title: "due"}, _expect: {title: "two"}) {
        row { title } changes { field } }
      gone: deleteShownByPk(id: 7) { title }
      none: updateShownByPk(pkColumns: {id: 99}, _set: {title: "x"}) { title } }"""

    assert writable.query(URL, query).data == {
        "made": {"id": 7, "title": "new"},
        "many": {"affectedRows": 1, "returning": [{"id": 8, "price": 1}]},
        "changed": {"title": "uno", "price": 5},
        "rows": {"returning": [{"id": 2, "price": 3}]},
        "saved": {"row": {"title": "due"}, "changes": [{"field": "title"}]},
        "gone": {"title": "new"},
        "none": None,
    }
    rows = execute(writable.database.url, "SELECT id, name, price FROM item ORDER BY id")
    assert [tuple(row) for row in rows] == [(1, "uno", 5), (2, "due", 3), (8, "more", 1)]


@pytest.mark.parametrize(
    "mutation",
    [
        'insertCheckedOne(object: {id: 9, name: "x", price: 10}) { id }',
        "updateCheckedByPk(pkColumns: {id: 1}, _set: {price: 10}) { id }",
        "updateChecked(where: {}, _set: {price: 10}) { affectedRows }",
        "updateShownByPk(pkColumns: {id: 1}, _set: {hidden: true}) { id }",
        "updateShown(where: {}, _set: {hidden: true}) { returning { id } }",
        'insertShownOne(object: {id: 9, title: "x", hidden: true}) { id }',
    ],
)
def test_a_row_that_the_view_would_not_show_is_refused(writable, mutation: str) -> None:
    before = execute(writable.database.url, "SELECT * FROM item ORDER BY id")
    reply = writable.query(URL, f"mutation {{ {mutation} }}")

    assert reply.code == "CONSTRAINT_VIOLATION"
    assert len(reply.error["message"]) > 20
    assert execute(writable.database.url, "SELECT * FROM item ORDER BY id") == before


def test_what_cannot_be_written_is_not_offered(shop, vendor: Vendor) -> None:
    query = "{ __schema { mutationType { fields { name } } } }"
    fields = shop.query(URL, query).data["__schema"]["mutationType"]["fields"]
    names = {field["name"] for field in fields}
    is_written = vendor in (POSTGRESQL, MARIADB)

    assert "updateItemByPk" in names
    assert ("updateShownByPk" in names) is is_written
    assert ("deleteChecked" in names) is is_written
    assert not {name for name in names if "Summed" in name or "Keyless" in name or "Ruled" in name}
    assert ("updatePairByPk" in names) is (vendor is POSTGRESQL)
    assert "deletePairByPk" not in names and "insertPairOne" not in names


def test_a_computed_column_is_no_input(writable) -> None:
    query = 'mutation { updateLoudByPk(pkColumns: {id: 1}, _set: {%s: "a"}) { loud } }'

    assert writable.query(URL, query % "name").data["updateLoudByPk"] == {"loud": "A"}
    assert writable.query(URL, query % "loud").code == "GRAPHQL_VALIDATION_FAILED"


def test_what_a_trigger_instead_of_an_update_did_not_do_is_null(shop, vendor: Vendor) -> None:
    if vendor is not POSTGRESQL:
        pytest.skip("other servers don't tell what such a trigger did")
    query = """mutation { done: updatePairByPk(pkColumns: {id: 1}, _set: {name: "a"}) { other }
      left: updatePairByPk(pkColumns: {id: 2}, _set: {name: "no"}) { other }
      rows: updatePair(where: {}, _set: {name: "no"}) { affectedRows } }"""

    assert shop.query(URL, query).data == {
        "done": {"other": "a"},
        "left": None,
        "rows": {"affectedRows": 0},
    }
