"""The baseline's schema, served alike by databases that have more columns than it, and fewer."""

from __future__ import annotations

import pytest

from dynamic_databases.models import Baseline
from dynamic_databases.process import process_registry
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.limits import Limits
from tests.fixtures.databases import execute
from tests.fixtures.schemas import both_ways

BASE = """CREATE TABLE account (id {identity}, name VARCHAR(40) NOT NULL, tier VARCHAR(10));
CREATE TABLE contact (id {identity}, account_id INTEGER
  REFERENCES account(id), name VARCHAR(40) NOT NULL, city VARCHAR(40), age INTEGER);"""
OWN = """CREATE TABLE account (id {identity}, name VARCHAR(80) NOT NULL, cf_size INTEGER);
CREATE TABLE contact (id {identity}, account_id INTEGER
  REFERENCES account(id), name VARCHAR(40) NOT NULL, age VARCHAR(10), cf_note VARCHAR(40));
CREATE TABLE extra (id {identity});
INSERT INTO account (name, cf_size) VALUES ('One', 7), ('Two', NULL);
INSERT INTO contact (account_id, name, age, cf_note)
  VALUES (1, 'Ada', 'old', 'x'), (2, 'Bob', NULL, NULL);"""


@pytest.fixture
def baseline(vendor, new_database):
    """The baseline's own database: `plain`; and the baseline captured from it."""
    plain = new_database(vendor, BASE.format(identity=vendor.identity), "plain")
    captured = Baseline.capture(plain, "crm")
    plain.baseline = captured
    plain.save()
    return plain


@pytest.fixture
def own(door, vendor, baseline, new_database, tenant_of):
    """A tenant `own`: it lacks two columns, has another contact.age, and columns of its own."""
    door.database = new_database(vendor, OWN.format(identity=vendor.identity), "own")
    door.database.baseline = baseline.baseline
    door.database.save()
    _, door.token = tenant_of("own", production=door.database)
    return door


def ask(own, query: str, variables: dict | None = None):
    return own.query("/t/own/graphql", query, variables, **{"x-schema": "baseline"})


def test_every_database_has_the_same_schema(own, baseline, tenant_of) -> None:
    _, token = tenant_of("plain", production=baseline)
    mine = own.request("GET", "/common/schema.graphql")
    theirs = own.request(
        "GET", "/common/schema.graphql", headers={"authorization": f"Bearer {token}"}
    )

    assert mine.status == 200 and mine.body == theirs.body
    text = mine.body.decode()
    assert "cfSize" not in text and "type Extra" not in text and "customFields" in text
    assert (
        "id: Int!" in text and "name: String!" not in text.split("type Contact ")[1].split("}")[0]
    )
    tag = mine.headers["etag"]
    again = own.request("GET", "/common/schema.graphql", headers={"if-none-match": tag})
    assert again.status == 304
    header = own.request("GET", "/t/own/schema.graphql", headers={"x-schema": "baseline"})
    assert header.body == mine.body


def test_what_is_lacking_is_null_with_a_note(own) -> None:
    answer = ask(own, "{ contact { name city age account { name tier } } }").json

    assert answer["data"]["contact"] == [
        {"name": "Ada", "city": None, "age": None, "account": {"name": "One", "tier": None}},
        {"name": "Bob", "city": None, "age": None, "account": {"name": "Two", "tier": None}},
    ]
    assert answer["extensions"] == {
        "missingColumns": ["contact.city", "contact.age", "account.tier"]
    }
    assert "extensions" not in ask(own, "{ contact { name } }").json


def test_what_is_beyond_is_in_custom_fields(own) -> None:
    found = ask(
        own, '{ account { customFields } contact { customFields(names: ["cfNote"]) } }'
    ).data

    assert [row["customFields"] for row in found["account"]] == [{"cf_size": 7}, {"cf_size": None}]
    assert [row["customFields"] for row in found["contact"]] == [{"cfNote": "x"}, {"cfNote": None}]
    assert ask(own, "{ account { cfSize } }").code == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ('{city: {_eq: "Wien"}}', []),
        ('{_not: {city: {_eq: "Wien"}}}', []),
        ("{city: {_isNull: true}}", ["Ada", "Bob"]),
        ("{city: {_isNull: false}}", []),
        ('{_or: [{city: {_eq: "Wien"}}, {name: {_eq: "Ada"}}]}', ["Ada"]),
        ('{account: {tier: {_isNull: true}, name: {_eq: "Two"}}}', ["Bob"]),
    ],
)
def test_an_absent_column_counts_as_null_in_filters(own, where, names) -> None:
    found = ask(
        own, f"{{ contact(where: {where}, orderBy: [{{city: DESC}}, {{name: ASC}}]) {{ name }} }}"
    )
    assert [row["name"] for row in found.data["contact"]] == names


def test_figures_of_an_absent_column_are_null(own) -> None:
    query = "{ contactAggregate { aggregate { count max { city name } } } }"

    assert ask(own, query).data["contactAggregate"]["aggregate"] == {
        "count": 2,
        "max": {"city": None, "name": "Bob"},
    }


def test_base_and_dynamic_columns_are_written_together(own) -> None:
    query = """mutation($set: AccountSetInput!) { saveAccount(pkColumns: {id: 1}, _set: $set) {
      row { name tier customFields } changes { field column } } }"""
    saved = ask(own, query, {"set": {"name": "Uno", "tier": None, "customFields": {"cf_size": 8}}})

    assert saved.data["saveAccount"]["row"] == {
        "name": "Uno",
        "tier": None,
        "customFields": {"cf_size": 8},
    }
    assert sorted(c["column"] for c in saved.data["saveAccount"]["changes"]) == ["cf_size", "name"]
    insert = (
        'mutation { insertAccountOne(object: {name: "Three", customFields: {cf_size: 3}}) '
        "{ customFields } }"
    )
    assert ask(own, insert).data["insertAccountOne"] == {"customFields": {"cf_size": 3}}


@pytest.mark.parametrize(
    "query",
    [
        'mutation { updateAccountByPk(pkColumns: {id: 1}, _set: {tier: "gold"}) { name } }',
        "{ contactGroupBy(by: [city]) { aggregate { count } } }",
        "{ contact(distinctOn: [city]) { name } }",
        "{ contactAggregate { aggregate { count(columns: [city]) } } }",
    ],
)
def test_what_an_absent_column_can_not_do_is_told_by_name(own, query) -> None:
    answer = ask(own, query)

    assert answer.code == "BAD_USER_INPUT"
    assert "lacks the column" in answer.error["message"]
    assert "of the baseline" in answer.error["message"]


def test_both_ways_of_reading_answer_alike(own) -> None:
    entry = process_registry().entry(own.database.label)
    built = build_schema(entry, FULL_ACCESS, {}, Limits(), common=True)

    for query in (
        (
            '{ contact(where: {_or: [{city: {_eq: "x"}}, {age: {_isNull: true}}]}) '
            "{ city customFields account { tier } } }"
        ),
        "{ contactAggregate { aggregate { max { city name } } nodes { city } } }",
    ):
        for one, other in both_ways(own.database, built, query):
            assert one == other


def test_a_table_that_is_lacking_is_told_by_name(own) -> None:
    execute(own.database.url, "DROP TABLE contact")
    own.database.save()

    answer = ask(own, "{ contact { name } }")
    assert answer.code == "BAD_USER_INPUT" and "lacks the table contact" in answer.error["message"]
    assert ask(own, "{ account { name } }").data == {"account": [{"name": "One"}, {"name": "Two"}]}
    assert ask(own, "{ account { contacts { name } } }").code == "BAD_USER_INPUT"


def test_without_a_baseline_there_is_none(music) -> None:
    answer = music.query("/t/music/graphql", "{ artist { name } }", **{"x-schema": "baseline"})

    assert answer.code == "BAD_USER_INPUT" and "no baseline" in answer.error["message"]
    unknown = music.query("/t/music/graphql", "{ artist { name } }", **{"x-schema": "mine"})
    assert unknown.status == 400 and "'baseline'" in unknown.error["message"]
