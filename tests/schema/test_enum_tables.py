"""Tables whose rows are the values of an enum, by the override file and by a baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from dynamic_databases.catalog.diff import differences
from dynamic_databases.catalog.enum_tables import (
    MAX_VALUES,
    digest_of,
    find_enum_tables,
    rows_query,
    with_enums,
)
from dynamic_databases.catalog.serialization import catalog_from_json
from dynamic_databases.catalog.types import Catalog, Column, Kind, SqlType, Table, TableName
from dynamic_databases.models import Baseline
from tests.fixtures.databases import execute
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import POSTGRESQL

SQL = """CREATE TABLE status (code VARCHAR(20) PRIMARY KEY, description VARCHAR(80));
CREATE TABLE bare (name VARCHAR(20) PRIMARY KEY);
CREATE TABLE vacant (name VARCHAR(20) PRIMARY KEY);
CREATE TABLE odd (name VARCHAR(20) PRIMARY KEY);
CREATE TABLE counted (id INTEGER PRIMARY KEY, name VARCHAR(20));
CREATE TABLE task (id INTEGER PRIMARY KEY, status VARCHAR(20) NOT NULL REFERENCES status(code),
  was VARCHAR(20) REFERENCES status(code), bare VARCHAR(20) REFERENCES bare(name),
  vacant VARCHAR(20) REFERENCES vacant(name), odd VARCHAR(20) REFERENCES odd(name));
INSERT INTO status VALUES ('OPEN', 'to be done'), ('done', NULL), ('_3rd', 'the third');
INSERT INTO bare VALUES ('A');
INSERT INTO odd VALUES ('fine'), ('not fine');
INSERT INTO task (id, status, was, bare, odd)
  VALUES (1, 'OPEN', NULL, 'A', 'not fine'), (2, 'done', 'OPEN', NULL, NULL);"""
ENUMS = ["status", "bare", "vacant", "odd", "counted", "lost"]


@pytest.fixture
def file():
    found = Path(settings.GATEWAY_OVERRIDES_DIR) / "tasks.json"
    found.write_text(json.dumps({"enums": ENUMS}))
    yield found
    found.unlink()


@pytest.fixture
def tasks(door, vendor, new_database, tenant_of, file):
    door.database = new_database(vendor, SQL, name="tasks")
    _, door.token = tenant_of("tasks", production=door.database)
    return door


def ask(tasks, query: str, variables: dict | None = None):
    return tasks.query("/t/tasks/graphql", query, variables)


def test_the_schema_has_the_rows_as_values(tasks) -> None:
    printed = str(built_of(tasks.database).schema)

    assert (
        'enum StatusEnum {\n  """to be done"""\n  OPEN\n\n  """the third"""\n  _3rd\n  done\n}'
        in printed
    )
    assert "enum BareEnum {\n  A\n}" in printed
    row = printed.split("type Task ")[1].split("\n}", maxsplit=1)[0]
    assert "status: StatusEnum!" in row and "was: StatusEnum\n" in row
    assert "vacant: String" in row and "odd: String" in row
    assert "code: String!" in printed.split("type Status ")[1]
    comparison = printed.split("input StatusEnumComparisonExp {")[1].split("\n}", maxsplit=1)[0]
    for operator in ("_eq: StatusEnum", "_neq", "_in: [StatusEnum!]", "_nin", "_isNull"):
        assert operator in comparison
    assert "_like" not in comparison


def test_values_are_read_filtered_ordered_and_written(tasks) -> None:
    query = """query ($s: StatusEnum = done) {
        task(where: {status: {_in: [OPEN, done]}}, orderBy: [{status: DESC}]) { id status was }
        given: task(where: {status: {_eq: $s}}) { id status statusByStatus: bare }
        taskGroupBy(by: [status]) { keys { status } aggregate { count min { status } } } }"""
    for exact, portable in both_ways(tasks.database, built_of(tasks.database), query):
        assert exact == portable

    data = ask(tasks, query).data
    assert {row["id"]: (row["status"], row["was"]) for row in data["task"]} == {
        1: ("OPEN", None),
        2: ("done", "OPEN"),
    }
    assert [row["id"] for row in data["given"]] == [2]
    written = """mutation ($o: TaskInsertInput!) {
        insertTaskOne(object: $o) { status was }
        updateTaskByPk(pkColumns: {id: 2}, _set: {was: _3rd}) { was }
        saveTask(pkColumns: {id: 1}, _set: {status: done}, _expect: {status: OPEN})
          { changes { field before after } } }"""
    assert ask(tasks, written, {"o": {"id": 3, "status": "_3rd"}}).data == {
        "insertTaskOne": {"status": "_3rd", "was": None},
        "updateTaskByPk": {"was": "_3rd"},
        "saveTask": {"changes": [{"field": "status", "before": "OPEN", "after": "done"}]},
    }
    refused = ask(tasks, "{ task(where: {status: {_eq: CLOSED}}) { id } }")
    assert refused.code == "GRAPHQL_VALIDATION_FAILED"


def test_what_can_be_no_enum_is_told_to_the_operator(tasks) -> None:
    skipped = {one.name: one.reason for one in tasks.database.catalog().skipped}

    prefix = "it is no enum, as its override wants it: "
    assert skipped == {
        "vacant": f"{prefix}it has no rows",
        "odd": f"{prefix}GraphQL has no name 'not fine'",
        "counted": f"{prefix}its key is not one column of texts",
        "lost": f"{prefix}it isn't there",
    }


def test_the_schema_follows_the_rows(tasks, registry) -> None:
    label = tasks.database.label
    before = tasks.database.catalog()
    assert not registry.has_changed(label)

    execute(tasks.database.url, "INSERT INTO status VALUES ('LATE', NULL)")
    assert registry.has_changed(label)
    after = registry.refresh(label).catalog
    assert not registry.has_changed(label)
    assert "LATE" in str(built_of(tasks.database).schema)
    assert [str(one) for one in differences(before, after)] == [
        "~ values task.status: OPEN, _3rd, done → LATE, OPEN, _3rd, done",
        "~ values task.was: OPEN, _3rd, done → LATE, OPEN, _3rd, done",
    ]
    execute(tasks.database.url, "UPDATE status SET description = 'too late' WHERE code = 'LATE'")
    assert registry.has_changed(label)


def test_a_row_that_is_newer_than_the_schema_is_answered(tasks) -> None:
    query = "{ task(where: {id: {_eq: 2}}) { status } }"
    assert ask(tasks, query).data == {"task": [{"status": "done"}]}

    execute(tasks.database.url, "INSERT INTO status VALUES ('NEW', NULL)")
    execute(tasks.database.url, "UPDATE task SET status = 'NEW' WHERE id = 2")
    assert ask(tasks, query).data == {"task": [{"status": "NEW"}]}


def test_databases_of_a_baseline_have_its_enums(
    tasks, vendor, registry, new_database, tenant_of
) -> None:
    baseline = Baseline.capture(tasks.database, "tasks")
    own = new_database(vendor, SQL, name="own")
    own.baseline = baseline
    own.save()
    execute(own.url, "DELETE FROM status WHERE code = '_3rd'")
    _, tasks.token = tenant_of("own", production=own)

    assert catalog_from_json(tasks.database.catalog().to_json()) == tasks.database.catalog()
    assert registry.entry(own.label).catalog.enums == tuple(sorted(ENUMS))
    for headers in ({}, {"x-schema": "baseline"}):
        query = "{ task(where: {status: {_eq: OPEN}}) { id status } }"
        reply = tasks.query("/t/own/graphql", query, None, **headers)
        assert reply.data == {"task": [{"id": 1, "status": "OPEN"}]}


LOCKED = """CREATE FUNCTION denied() RETURNS varchar LANGUAGE plpgsql AS
  $$ BEGIN RAISE insufficient_privilege; END $$;
CREATE VIEW locked AS SELECT denied() AS name;"""


def test_a_table_that_may_not_be_read_stops_nothing(tasks, vendor, registry, file) -> None:
    if vendor is not POSTGRESQL:
        pytest.skip("a view refuses to be read on PostgreSQL")
    execute(tasks.database.url, LOCKED)
    enums = {"enums": ["status", "locked"], "keys": {"locked": ["name"]}}
    file.write_text(json.dumps(enums))
    label = tasks.database.label

    catalog = registry.refresh(label).catalog
    assert not registry.has_changed(label)
    assert not any(column.type.enum for table in catalog.tables for column in table.columns)
    reason = "it is no enum, as its override wants it: its rows can't be read"
    assert {one.name: one.reason for one in catalog.skipped} == dict.fromkeys(
        ("status", "locked"), reason
    )


@pytest.mark.pure
def test_rows_of_one_query_per_vendor() -> None:
    key = Column("co]de", SqlType(Kind.TEXT, "varchar(20)"), nullable=False)
    text = Column("comment", SqlType(Kind.TEXT, "varchar(80)"))
    tables = [
        Table(TableName("dbo", "status"), (key, text), ("co]de",)),
        Table(TableName("", "bare"), (key,), ("co]de",)),
    ]
    found, skipped = find_enum_tables(Catalog("microsoft", tuple(tables)), ["dbo.status", "bare"])

    assert not skipped
    assert rows_query(found, "microsoft") == (
        "SELECT n, v, d FROM (SELECT TOP 1001 0 AS n, CAST([co]]de] AS nvarchar(4000)) AS v, "
        "CAST([comment] AS nvarchar(4000)) AS d FROM [dbo].[status]) e0 UNION ALL "
        "SELECT n, v, d FROM (SELECT TOP 1001 1 AS n, CAST([co]]de] AS nvarchar(4000)) AS v, "
        "CAST(NULL AS nvarchar(4000)) AS d FROM [bare]) e1"
    )


@pytest.mark.pure
def test_too_many_rows_are_no_enum() -> None:
    key = Column("code", SqlType(Kind.TEXT, "text"), nullable=False)
    catalog = Catalog("sqlite", (Table(TableName("", "status"), (key,), ("code",)),))
    tables, _ = find_enum_tables(catalog, ["status"])
    rows = [(0, f"V{number}", None) for number in range(MAX_VALUES + 1)]

    (skipped,) = with_enums(catalog, ["status"], tables, rows).skipped
    assert skipped.reason.endswith("it has more than 1000 rows")
    assert digest_of(rows) == digest_of([*rows[1:], (0, "other", None)])
    assert digest_of(rows[:2]) != digest_of(rows[:3])
