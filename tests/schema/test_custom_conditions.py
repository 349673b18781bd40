"""`customFields` in filters and orders, in a tenant's own schema and in that of its baseline."""

from __future__ import annotations

import json
import re

import pytest

from dynamic_databases.models import Baseline
from dynamic_databases.process import process_registry
from schema.access import FULL_ACCESS, Access, TableAccess
from schema.build.builder import build_schema
from schema.errors import BadUserInput
from schema.operations import OperationCache
from tests.fixtures.databases import execute
from tests.fixtures.schemas import LIMITS, both_ways

BASE = """CREATE TABLE account (id {identity}, name VARCHAR(40){of_account});
CREATE TABLE contact (id {identity}, account_id INTEGER REFERENCES account (id),
  name VARCHAR(40){of_contact});"""
OF_ACCOUNT = ", cf_tier INTEGER"
OF_CONTACT = (
    ", cf_size INTEGER, cf_rate DECIMAL(8,2), cf_since DATE, cf_vip BOOLEAN, "
    "cf_red_1 VARCHAR(40), cf_big BIGINT"
)
ROWS = """INSERT INTO account (name, cf_tier) VALUES ('One', 1), ('Two', 2);
INSERT INTO contact (account_id, name, cf_size, cf_rate, cf_since, cf_red_1, cf_big) VALUES
  (1, 'Ada', 7, 12.50, '2024-02-29', 'x', 9007199254740993),
  (2, 'Bob', 3, 1.25, '2023-01-01', 'y', 1), (2, 'Cy', 7, NULL, NULL, NULL, NULL);
UPDATE contact SET cf_vip = {true} WHERE name = 'Ada';
UPDATE contact SET cf_vip = {false} WHERE name = 'Bob';"""
SCHEMAS = {"own": {}, "common": {"x-schema": "baseline"}}


@pytest.fixture
def database(vendor, new_database):
    plain = BASE.format(identity=vendor.identity, of_account="", of_contact="")
    own = BASE.format(identity=vendor.identity, of_account=OF_ACCOUNT, of_contact=OF_CONTACT)
    true = vendor.boolean_true
    rows = ROWS.format(true=true, false={"true": "false", "1": "0"}[true])
    found = new_database(vendor, own + rows, "custom")
    found.baseline = Baseline.capture(new_database(vendor, plain, "plain"), "crm")
    found.save()
    return found


@pytest.fixture(params=SCHEMAS)
def ask(request, door, database, tenant_of):
    """Ask one of the schemas of a tenant whose tables have columns that the baseline lacks."""
    _, door.token = tenant_of("crm", production=database)

    def ask(query: str, **variables):
        return door.query("/t/crm/graphql", query, variables, **SCHEMAS[request.param])

    return ask


def names(answer) -> list[str]:
    return [row["name"] for row in answer.data["contact"]]


FILTERS = {
    '{customFields: {cf_red_1: {_eq: "x"}}}': ["Ada"],
    '{customFields: {cfRed1: {_eq: "x"}}}': ["Ada"],
    '{customFields: {cf_red_1: {_ilike: "X%"}}}': ["Ada"],
    '{customFields: {cf_size: {_gte: 3, _lt: 7}, cf_red_1: {_neq: "x"}}}': ["Bob"],
    "{customFields: {cf_size: {_in: [7, 8]}}}": ["Ada", "Cy"],
    "{customFields: {cf_size: {_in: []}}}": [],
    "{customFields: {cf_size: {_nin: [7]}}}": ["Bob"],
    '{customFields: {cf_rate: {_eq: "12.50"}}}': ["Ada"],
    "{customFields: {cf_rate: {_eq: 12.5}}}": ["Ada"],
    '{customFields: {cf_since: {_gt: "2023-12-31"}}}': ["Ada"],
    "{customFields: {cf_vip: {_eq: false}}}": ["Bob"],
    '{customFields: {cf_big: {_eq: "9007199254740993"}}}': ["Ada"],
    "{customFields: {cf_big: {_eq: 9007199254740993}}}": ["Ada"],
    "{customFields: {cf_red_1: {_isNull: true}}}": ["Cy"],
    "{customFields: {cf_red_1: {_isNull: false}}}": ["Ada", "Bob"],
    "{customFields: {}}": ["Ada", "Bob", "Cy"],
    "{_not: {customFields: {cf_size: {_eq: 7}}}}": ["Bob"],
    '{_or: [{customFields: {cf_size: {_eq: 3}}}, {name: {_eq: "Ada"}}]}': ["Ada", "Bob"],
    "{account: {customFields: {cf_tier: {_eq: 2}}}}": ["Bob", "Cy"],
}


def test_they_filter_by_the_types_of_their_columns(ask) -> None:
    found = {where: names(ask(f"{{ contact(where: {where}) {{ name }} }}")) for where in FILTERS}

    assert found == FILTERS


ORDERS = {
    "{customFields: {cf_size: DESC, cf_red_1: ASC}}": ["Ada", "Cy", "Bob"],
    "{customFields: {cf_red_1: ASC_NULLS_FIRST}}": ["Cy", "Ada", "Bob"],
    "{customFields: {cfRed1: DESC_NULLS_LAST}}": ["Bob", "Ada", "Cy"],
    "[{customFields: {cf_size: ASC}}, {name: DESC}]": ["Bob", "Cy", "Ada"],
    "[{account: {customFields: {cf_tier: DESC}}}, {name: ASC}]": ["Bob", "Cy", "Ada"],
    "[{customFields: {cf_size: null}}, {name: DESC}]": ["Cy", "Bob", "Ada"],
    "[{customFields: null}, {name: DESC}]": ["Cy", "Bob", "Ada"],
}


def test_they_order(ask) -> None:
    found = {order: names(ask(f"{{ contact(orderBy: {order}) {{ name }} }}")) for order in ORDERS}

    assert found == ORDERS


GIVEN = (
    (
        "$where: ContactBoolExp",
        "where: $where",
        {"where": {"customFields": {"cf_size": {"_gte": 7}, "cfRed1": {"_isNull": False}}}},
        ["Ada"],
    ),
    (
        "$where: ContactBoolExp",
        "where: $where",
        {"where": {"customFields": {"cf_size": {"_gte": 7}, "cfRed1": {"_isNull": True}}}},
        ["Cy"],
    ),
    (
        "$custom: JSON",
        "where: {customFields: $custom}",
        {"custom": {"cf_size": {"_in": [3]}}},
        ["Bob"],
    ),
    (
        "$custom: JSON",
        "where: {customFields: $custom}",
        {"custom": {"cf_rate": {"_gt": "10"}, "cf_vip": {"_eq": True}}},
        ["Ada"],
    ),
    (
        "$v: Int",
        "where: {customFields: {cf_size: {_eq: $v}}}",
        {"v": 3},
        ["Bob"],
    ),
    (
        "$v: [Int!]",
        "where: {customFields: {cf_size: {_in: $v}}}",
        {"v": [3]},
        ["Bob"],
    ),
    (
        "$v: Int",
        "where: {customFields: {cf_size: {_in: [3, $v]}}}",
        {"v": 7},
        ["Ada", "Bob", "Cy"],
    ),
    (
        "$v: Decimal",
        "where: {customFields: {cf_rate: {_in: [1.25, $v]}}}",
        {"v": 12.5},
        ["Ada", "Bob"],
    ),
    (
        "$v: String",
        "where: {customFields: {cf_since: {_gte: $v}}}",
        {"v": "2024-02-29"},
        ["Ada"],
    ),
    (
        "$v: Boolean",
        "where: {customFields: {cf_rate: {_isNull: $v}}}",
        {"v": True},
        ["Cy"],
    ),
    (
        "$v: IntComparisonExp",
        "where: {customFields: {cf_size: $v}}",
        {"v": {"_lt": 7}},
        ["Bob"],
    ),
    (
        "$order: [ContactOrderBy!]",
        "orderBy: $order",
        {"order": [{"customFields": {"cf_size": "DESC", "cf_red_1": "ASC"}}]},
        ["Ada", "Cy", "Bob"],
    ),
    (
        "$order: JSON",
        "orderBy: {customFields: $order}",
        {"order": {"cf_red_1": "DESC_NULLS_LAST"}},
        ["Bob", "Ada", "Cy"],
    ),
    (
        "$way: OrderBy",
        "orderBy: {customFields: {cf_red_1: $way}}",
        {"way": "ASC_NULLS_FIRST"},
        ["Cy", "Ada", "Bob"],
    ),
    ("$w: JSON", "orderBy: {customFields: $w}", {}, ["Ada", "Bob", "Cy"]),
)


def test_they_are_given_by_variables(ask) -> None:
    for head, argument, variables, found in GIVEN:
        query = f"query({head}) {{ contact({argument}) {{ name }} }}"
        assert (query, names(ask(query, **variables))) == (query, found)


def test_variables_that_differ_in_structure_are_different_plans(ask) -> None:
    """The same text again and again: what decides the plan is read from each request."""
    query = """query($w: JSON, $o: JSON) {
      contact(where: {customFields: $w}, orderBy: {customFields: $o}) { name } }"""
    for where, order, found in (
        ({"cf_red_1": {"_isNull": True}}, {"cf_size": "ASC"}, ["Cy"]),
        ({"cf_red_1": {"_isNull": False}}, {"cf_size": "ASC"}, ["Bob", "Ada"]),
        ({"cf_red_1": {"_isNull": False}}, {"cf_size": "DESC"}, ["Ada", "Bob"]),
        ({"cf_size": {"_isNull": False}}, {"name": "DESC"}, "no custom field 'name'"),
        ({"cf_size": {"_eq": 7}}, {"cf_red_1": "ASC_NULLS_FIRST"}, ["Cy", "Ada"]),
        ({"cf_size": {"_neq": 7}}, {"cf_red_1": "ASC_NULLS_FIRST"}, ["Bob"]),
    ):
        answer = ask(query, w=where, o=order)
        if isinstance(found, str):
            assert found in answer.error["message"]
        else:
            assert names(answer) == found


def test_aggregates_and_connections_take_them(ask) -> None:
    where = "where: {customFields: {cf_size: {_eq: 7}}}"
    found = ask(f"""{{ contactAggregate({where}) {{ aggregate {{ count }} }}
      contactConnection({where}) {{ totalCount }} }}""")

    assert found.data == {
        "contactAggregate": {"aggregate": {"count": 2}},
        "contactConnection": {"totalCount": 2},
    }


def test_related_rows_and_groups(ask) -> None:
    query = """{ account(where: {contacts: {customFields: {cf_size: {_lt: 7}}}}) {
        name contacts(where: {customFields: {cf_size: {_eq: 3}}}) { name } }
      some: account(where: {contactsAggregate: {count: {predicate: {_eq: 1},
        filter: {customFields: {cf_size: {_eq: 7}}}}}}) { name }
      contactGroupBy(by: [accountId], where: {customFields: {cf_size: {_eq: 7}}}) {
        keys { accountId } aggregate { count } } }"""
    found = ask(query).data

    assert found["account"] == [{"name": "Two", "contacts": [{"name": "Bob"}]}]
    assert found["some"] == [{"name": "One"}, {"name": "Two"}]
    assert [group["aggregate"]["count"] for group in found["contactGroupBy"]] == [1, 1]


def test_a_connection_pages_in_their_order(ask) -> None:
    query = """query($after: String) { contactConnection(first: 2, after: $after,
        orderBy: {customFields: {cf_red_1: DESC_NULLS_LAST}}) {
      edges { node { name } } pageInfo { endCursor } } }"""
    first = ask(query).data["contactConnection"]
    rest = ask(query, after=first["pageInfo"]["endCursor"]).data["contactConnection"]

    pages = [[edge["node"]["name"] for edge in page["edges"]] for page in (first, rest)]
    assert pages == [["Bob", "Ada"], ["Cy"]]


def test_mutations_find_their_rows_by_them(ask, database) -> None:
    updated = ask("""mutation { updateContact(where: {customFields: {cf_red_1: {_eq: "x"}}},
        _set: {name: "Ada L.", customFields: {cf_size: 8}}) { affectedRows } }""")
    assert updated.data == {"updateContact": {"affectedRows": 1}}
    deleted = ask(
        """mutation($where: ContactBoolExp!) { deleteContact(where: $where) {
        returning { name } } }""",
        where={"customFields": {"cf_red_1": {"_eq": "y"}}},
    )
    assert deleted.data == {"deleteContact": {"returning": [{"name": "Bob"}]}}

    left = execute(database.url, "SELECT name, cf_size FROM contact ORDER BY id")
    assert [tuple(row) for row in left] == [("Ada L.", 8), ("Cy", 7)]


CONDITIONS = [
    (
        {"cf_shoe": {"_eq": "x"}},
        "Contact has no custom field 'cf_shoe'; it has: cfSize, cfRate, cfSince, cfVip, cfRed1",
    ),
    ({"name": {"_eq": "x"}}, "Contact has no custom field 'name'"),
    ({"cf_size": {"_eq": "seven"}}, "customFields.cf_size._eq is no Int"),
    ({"cf_size": {"_in": [1, None]}}, "customFields.cf_size._in[1] is no [Int!]"),
    ({"cf_since": {"_gt": "yesterday"}}, "customFields.cf_since._gt is no Date"),
    ({"cf_size": {"_like": "1"}}, "customFields.cf_size takes no '_like'; it takes: _eq, _neq"),
    ({"cf_size": 7}, "customFields.cf_size takes an object of operators: _eq"),
    ({"cf_size": {"_eq": None}}, "customFields.cfSize._eq must not be null"),
    ({"cf_size": None}, "customFields.cfSize must not be null"),
    ({"cf_size": {"_eq": 1}, "cfSize": {"_eq": 2}}, "customFields.cfSize is given twice"),
    ([1], "customFields of Contact takes an object: {name: {_eq: value}, …}"),
    ({"cf_size": {"_isNull": "no"}}, "_isNull"),
    (None, "customFields must not be null"),
]
ORDERINGS = [
    ({"cf_shoe": "ASC"}, "Contact has no custom field 'cf_shoe'; it has: cfSize"),
    ({"cf_size": "UP"}, "customFields.cf_size is no OrderBy"),
    ({"cf_size": {"_eq": 1}}, "customFields.cf_size is no OrderBy"),
    ("ASC", "customFields of Contact takes an object: {name: ASC, …}"),
]


def test_what_does_not_fit_is_refused_by_name(ask) -> None:
    refused = [("where", *one) for one in CONDITIONS] + [("orderBy", *one) for one in ORDERINGS]
    for argument, value, words in refused:
        literal = re.sub(r'"(\w+)":', r"\1:", json.dumps(value))
        by_variable = f"query($c: JSON) {{ contact({argument}: {{customFields: $c}}) {{ name }} }}"
        for answer in (
            ask(f"{{ contact({argument}: {{customFields: {literal}}}) {{ name }} }}"),
            ask(by_variable, c=value),
        ):
            assert answer.code == "BAD_USER_INPUT"
            assert words in answer.error["message"]


LOST = [
    ("$v: Int", "where: {customFields: {cf_size: {_eq: $v}}}", "which was left out"),
    ("$v: JSON", "where: {customFields: $v}", "which was left out"),
    ("$v: JSON = {}", "where: {customFields: {cf_size: $v}}", "declare $v as that"),
    (
        "$v: Int = 1",
        "where: {customFields: {cf_size: {_isNull: $v}}}",
        "a variable of type Boolean",
    ),
    ("$v: Int = null", "where: {customFields: {cf_size: {_in: [1, $v]}}}", "must not be null"),
    ('$v: String = "ASC"', "orderBy: {customFields: {cf_size: $v}}", "declare $v as that"),
]


def test_a_variable_that_can_not_stand_there_is_refused(ask) -> None:
    for declared, argument, words in LOST:
        answer = ask(f"query({declared}) {{ contact({argument}) {{ name }} }}")
        assert answer.code == "BAD_USER_INPUT"
        assert words in answer.error["message"]


def test_a_mutation_refuses_what_compares_with_nothing(ask) -> None:
    for where in ("{customFields: {}}", "{customFields: {cf_size: {}}}"):
        answer = ask(f"mutation {{ deleteContact(where: {where}) {{ affectedRows }} }}")
        assert answer.code == "BAD_USER_INPUT"
        assert "compares with nothing, so that all rows would be" in answer.error["message"]


@pytest.mark.parametrize("common", [False, True])
def test_both_ways_of_reading_answer_alike(database, common) -> None:
    entry = process_registry().entry(database.label)
    built = build_schema(entry, FULL_ACCESS, {}, LIMITS, common=common)

    for query in (
        """{ contact(where: {customFields: {cf_size: {_gte: 3}, cf_rate: {_lt: "12.51"}}},
          orderBy: [{customFields: {cf_since: DESC}}]) { name customFields } }""",
        """{ account(orderBy: {customFields: {cf_tier: DESC}}) { name
          contacts(where: {account: {customFields: {cf_tier: {_in: [1, 2]}}}},
            orderBy: {account: {customFields: {cf_tier: ASC}}}) { name } } }""",
        """{ contactAggregate(where: {customFields: {cf_vip: {_isNull: false}}}) {
          aggregate { count max { name } } nodes { name } } }""",
    ):
        for one, other in both_ways(database, built, query):
            assert one == other


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize(
    "argument", ["where: {customFields: {%s: {_eq: 7}}}", "orderBy: {customFields: {%s: ASC}}"]
)
def test_a_column_that_a_role_may_not_see_is_unknown(database, common, argument) -> None:
    contact = TableAccess(frozenset({"id", "name", "cf_red_1"}), frozenset({"cf_size"}))
    access = Access(frozenset({("contact", contact)}))
    built = build_schema(
        process_registry().entry(database.label), access, {}, LIMITS, common=common
    )
    refusals = set()
    for column in ("cf_size", "cf_shoe"):
        query = f"{{ contact({argument % column}) {{ name }} }}"
        operation = OperationCache(built, LIMITS, 10).compile(query, None)
        with pytest.raises(BadUserInput) as refused:
            operation.prepare({})
        refusals.add(str(refused.value).replace(column, "it"))

    assert refusals == {"Contact has no custom field 'it'; it has: cfRed1."}
