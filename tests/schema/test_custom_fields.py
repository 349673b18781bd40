"""`customFields`: a row's dynamic columns as JSON, read and written by name, on every vendor."""

from __future__ import annotations

import pytest

from dynamic_databases.models import Baseline
from tests.fixtures.databases import execute
from tests.fixtures.schemas import both_ways, built_of

URL = "/t/crm/graphql"
BASE = "CREATE TABLE contact (id {identity}, name VARCHAR(40), city VARCHAR(40){more});"
MORE = (
    ", cf_size INTEGER, cf_rate DECIMAL(8,2), cf_since DATE, cf_vip BOOLEAN, "
    "cf_note VARCHAR(40), cf_big BIGINT"
)
ROWS = """INSERT INTO contact (name, city, cf_size, cf_note) VALUES ('Ada', 'Wien', 7, 'x');
INSERT INTO contact (name, city) VALUES ('Bob', NULL);"""
EMPTY = {
    "cf_size": None,
    "cf_rate": None,
    "cf_since": None,
    "cf_vip": None,
    "cf_note": None,
    "cf_big": None,
}


def table(vendor, more: str = "") -> str:
    return BASE.format(identity=vendor.identity, more=more)


@pytest.fixture
def crm(door, vendor, new_database, tenant_of):
    """A tenant whose contacts have six columns that the baseline lacks."""
    plain = new_database(vendor, table(vendor), "plain")
    door.database = new_database(vendor, table(vendor, MORE) + ROWS, "custom")
    door.database.baseline = Baseline.capture(plain, "crm")
    door.database.save()
    _, door.token = tenant_of("crm", production=door.database)
    return door


def test_they_are_one_object_by_name(crm) -> None:
    found = crm.query(URL, "{ contact { name customFields } }").data["contact"]

    assert found == [
        {"name": "Ada", "customFields": EMPTY | {"cf_size": 7, "cf_note": "x"}},
        {"name": "Bob", "customFields": EMPTY},
    ]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ contactByPk(id: 1) { customFields(names: ["cfSize", "cf_note"]) } }', {}),
        (
            "query($n: [String!]) { contactByPk(id: 1) { customFields(names: $n) } }",
            {"n": ["cfSize", "cf_note"]},
        ),
        (
            'query($n: String!) { contactByPk(id: 1) { customFields(names: [$n, "cf_note"]) } }',
            {"n": "cfSize"},
        ),
    ],
)
def test_some_of_them_under_the_names_that_were_asked_for(crm, query, variables) -> None:
    """The names are structure: two requests with other names are two plans."""
    crm.query(
        URL,
        query,
        {name: ["cf_vip"] if isinstance(v, list) else "cf_vip" for name, v in variables.items()},
    )

    assert crm.query(URL, query, variables).data["contactByPk"]["customFields"] == {
        "cfSize": 7,
        "cf_note": "x",
    }


def test_both_ways_of_reading_answer_alike(crm) -> None:
    built = built_of(crm.database)

    for query in (
        "{ contact { a: customFields b: customFields(names: []) } }",
        '{ contactAggregate { nodes { customFields(names: ["cf_rate", "cfBig"]) } } }',
    ):
        for one, other in both_ways(crm.database, built, query):
            assert one == other


def test_they_are_fields_of_their_own_as_well(crm) -> None:
    query = "{ contact(where: {cfSize: {_eq: 7}}, orderBy: {cfNote: ASC}) { cfSize cfNote } }"

    assert crm.query(URL, query).data["contact"] == [{"cfSize": 7, "cfNote": "x"}]
    field = '{ __type(name: "Contact") { fields { name description } } }'
    fields = {f["name"]: f["description"] for f in crm.query(URL, field).data["__type"]["fields"]}
    assert "dynamic column" in fields["cfSize"] and "dynamic column" not in fields["city"]


GIVEN = {
    "cf_size": 9,
    "cfRate": "12.50",
    "cf_since": "2024-02-29",
    "cf_vip": True,
    "cf_note": "ü",
    "cf_big": "9007199254740993",
}
KEPT = {
    "cf_size": 9,
    "cf_rate": "12.50",
    "cf_since": "2024-02-29",
    "cf_vip": True,
    "cf_note": "ü",
    "cf_big": "9007199254740993",
}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (
            "mutation($o: ContactInsertInput!) { insertContactOne(object: $o) { customFields } }",
            {"o": {"name": "C", "customFields": GIVEN}},
        ),
        (
            (
                'mutation($f: JSON) { insertContactOne(object: {name: "C", customFields: $f}) '
                "{ customFields } }"
            ),
            {"f": GIVEN},
        ),
        (
            """mutation($s: Int) { insertContactOne(
                object: {name: "C", customFields: {cf_size: $s, cfRate: "12.50",
            cf_since: "2024-02-29", cf_vip: true, cf_note: "ü", cf_big: "9007199254740993"}})
              { customFields } }""",
            {"s": 9},
        ),
    ],
)
def test_they_are_inserted_checked_by_their_types(crm, query, variables) -> None:
    assert crm.query(URL, query, variables).data["insertContactOne"]["customFields"] == KEPT


def test_the_diff_save_writes_base_and_dynamic_columns_in_one_statement(crm, sent) -> None:
    query = """mutation($set: ContactSetInput!) { saveContact(pkColumns: {id: 1}, _set: $set,
        _expect: {customFields: {cf_size: 7}}) {
      row { name customFields(names: ["cf_size", "cf_note"]) }
        changes { field column before after } } }"""
    given = {"name": "Ada L.", "city": "Wien", "customFields": {"cf_size": 8, "cf_note": "x"}}

    with sent() as statements:
        saved = crm.query(URL, query, {"set": given}).data["saveContact"]

    assert saved["row"] == {"name": "Ada L.", "customFields": {"cf_size": 8, "cf_note": "x"}}
    assert sorted(change["field"] for change in saved["changes"]) == ["cfSize", "name"]
    (update,) = statements.updates
    assert "cf_size" in update and "cf_note" not in update and "city" not in update


def test_a_dynamic_field_that_changed_underneath_is_a_conflict(crm) -> None:
    execute(crm.database.url, "UPDATE contact SET cf_size = 70 WHERE id = 1")
    query = """mutation { saveContact(pkColumns: {id: 1}, _set: {customFields: {cf_size: 8}},
      _expect: {customFields: {cf_size: 7}}) { row { name } } }"""

    answer = crm.query(URL, query)
    assert answer.code == "CONFLICT"
    assert answer.error["extensions"]["conflicts"] == [
        {"field": "cfSize", "base": 7, "mine": 8, "theirs": 70}
    ]


def test_null_writes_null_and_what_is_left_out_stays(crm) -> None:
    query = """mutation($f: JSON) { updateContactByPk(pkColumns: {id: 1},
        _set: {customFields: $f}) {
      customFields(names: ["cf_size", "cf_note"]) } }"""

    for given, kept in [({"cf_note": "y"}, (7, "y")), ({"cf_size": None}, (None, "y"))]:
        found = crm.query(URL, query, {"f": given}).data["updateContactByPk"]["customFields"]
        assert (found["cf_size"], found["cf_note"]) == kept


@pytest.mark.parametrize(
    ("declared", "given"),
    [("JSON", "{customFields: $v}"), ("ContactSetInput!", "$v"), ("Boolean", "{cfVip: $v}")],
)
def test_each_request_writes_its_own_values(crm, declared, given) -> None:
    """Requests of one text share a plan: no value of the first is in it."""
    query = (
        f"mutation($v: {declared}) {{ updateContactByPk(pkColumns: {{id: 1}}, _set: {given}) "
        '{ customFields(names: ["cf_vip", "cf_note", "cf_size"]) } }'
    )
    for vip, note, size in ((True, "a", 1), (False, "b", 2), (True, "c", 3)):
        wanted = {"cf_vip": vip, "cf_note": note, "cf_size": size}
        value = {"JSON": wanted, "Boolean": vip}.get(declared, {"customFields": wanted})
        found = crm.query(URL, query, {"v": value}).data["updateContactByPk"]["customFields"]
        assert found["cf_vip"] is vip
        assert declared == "Boolean" or found == wanted


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cf_shoe": 1}, "no custom field 'cf_shoe'; it has: cfSize"),
        ({"city": "Graz"}, "no custom field 'city'"),
        ({"cf_size": "seven"}, "customFields.cf_size is no Int"),
        ({"cf_since": "yesterday"}, "customFields.cf_since is no Date"),
        ({"cf_vip": 1}, "customFields.cf_vip is no Boolean"),
        ({"cf_size": 1, "cfSize": 2}, "given twice"),
        ([1], "takes an object"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(crm, fields, words) -> None:
    query = (
        "mutation($f: JSON) { updateContactByPk(pkColumns: {id: 1}, "
        "_set: {customFields: $f}) { name } }"
    )

    answer = crm.query(URL, query, {"f": fields})
    assert answer.code == "BAD_USER_INPUT"
    assert words in answer.error["message"]


def test_unknown_names_are_refused_by_name(crm) -> None:
    answer = crm.query(URL, '{ contact { customFields(names: ["cf_shoe"]) } }')

    assert answer.code == "BAD_USER_INPUT"
    assert "cf_shoe" in answer.error["message"] and "cf_size" in answer.error["message"]


def test_without_a_baseline_there_are_just_columns(music) -> None:
    answer = music.query("/t/music/graphql", "{ artist { customFields } }")

    assert answer.code == "GRAPHQL_VALIDATION_FAILED"
