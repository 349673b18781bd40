"""Views that the server can write are written through, by the key of their table.

An override gives a key to the others.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from dynamic_databases.catalog.types import TableName
from tests.fixtures.databases import execute
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, Vendor, present

URL = "/t/shop/graphql"
SQL = """CREATE TABLE item (id {identity}, name VARCHAR(20) NOT NULL,
  price INTEGER NOT NULL DEFAULT 1, hidden BOOLEAN NOT NULL DEFAULT false);
INSERT INTO item (name, price) VALUES ('one', 1), ('two', 2);
CREATE VIEW shown AS SELECT id, name AS title, price, hidden FROM item WHERE NOT hidden;
CREATE VIEW loud AS SELECT id, name, upper(name) AS loud FROM item;
CREATE VIEW checked AS SELECT id, name, price FROM item WHERE price < 10 {check};
CREATE VIEW summed AS SELECT name, sum(price) AS total FROM item GROUP BY name;
CREATE VIEW keyless AS SELECT name, price FROM item;"""
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


KEYED = """CREATE TABLE item (id INTEGER PRIMARY KEY, name VARCHAR(20), n INTEGER);
CREATE TABLE part (a INTEGER, b INTEGER, n INTEGER, PRIMARY KEY (a, b));
INSERT INTO item VALUES (1, 'one', 1), (2, 'two', 2); INSERT INTO part VALUES (1, 2, 3);
CREATE VIEW v_renamed AS SELECT name, id AS number FROM item WHERE n > 0;
CREATE VIEW v_of_view AS SELECT number AS place, name FROM v_renamed;
CREATE VIEW v_twice AS SELECT id AS one, id AS two FROM item;
CREATE VIEW v_whole AS SELECT b AS second, a AS first, n FROM part;
CREATE VIEW v_where AS SELECT id, n FROM item WHERE EXISTS (SELECT 1 FROM part WHERE a = item.id);
CREATE VIEW x_half AS SELECT a, n FROM part;
CREATE VIEW x_computed AS SELECT id + 1 AS id, name FROM item;
CREATE VIEW x_other AS SELECT (SELECT max(a) FROM part) AS id, name FROM item;
CREATE VIEW x_nested AS SELECT (SELECT a FROM part WHERE b = 2) AS id, name FROM item;
CREATE VIEW x_joined AS SELECT item.id, part.n FROM item JOIN part ON part.a = item.id;
CREATE VIEW x_crossed AS SELECT item.id, part.n FROM item, part;
CREATE VIEW x_grouped AS SELECT id FROM item GROUP BY id;
CREATE VIEW x_distinct AS SELECT DISTINCT id FROM item;
CREATE VIEW x_union AS SELECT id FROM item UNION ALL SELECT id FROM item;"""
KEYS_TOLD = {
    "v_renamed": ("number",),
    "v_of_view": ("place",),
    "v_twice": ("one",),
    "v_whole": ("first", "second"),
    "v_where": ("id",),
}


@pytest.fixture(params=[POSTGRESQL, MARIADB], ids=lambda vendor: vendor.name)
def telling(request) -> Vendor:
    """The vendors whose catalogs say what a view's column is selected from."""
    return present(request.param)


def test_a_view_that_selects_a_whole_key_has_it(telling, new_database) -> None:
    catalog = new_database(telling, KEYED).catalog()

    views = {table.name.name: table.primary_key for table in catalog.tables if table.is_view}
    assert {name: key for name, key in views.items() if key} == KEYS_TOLD
    assert {name for name in views if name.startswith("x_")} == set(views) - set(KEYS_TOLD)


def test_a_key_told_by_the_catalog_serves_reads_and_writes(telling, served) -> None:
    ask = served(telling, KEYED)

    query = """mutation {
      updateVOfViewByPk(pkColumns: {place: 1}, _set: {name: "uno"}) { place name }
      saveVWhole(pkColumns: {first: 1, second: 2}, _set: {n: 9}) { row { n } }
      deleteVRenamedByPk(number: 2) { name } }"""
    assert ask(query).data == {
        "updateVOfViewByPk": {"place": 1, "name": "uno"},
        "saveVWhole": {"row": {"n": 9}},
        "deleteVRenamedByPk": {"name": "two"},
    }
    assert ask("{ vRenamedByPk(number: 1) { name } item { id } }").data == {
        "vRenamedByPk": {"name": "uno"},
        "item": [{"id": 1}],
    }


def test_a_view_that_is_made_anew_is_noticed(telling, new_database, registry) -> None:
    """Its columns are the same ones; what they are selected from has changed."""
    database = new_database(telling, KEYED)
    database.catalog()
    assert not registry.has_changed(database.label)
    execute(database.url, "CREATE OR REPLACE VIEW v_where AS SELECT a AS id, n FROM part")

    assert registry.has_changed(database.label)
    view = registry.refresh(database.label).catalog.by_name[TableName("", "v_where")]
    assert view.primary_key == ()
