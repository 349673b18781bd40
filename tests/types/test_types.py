"""The type matrix, cell by cell: what a column holds → JSON, on both ways, and back."""

from __future__ import annotations

import json
import re

import pytest

from dynamic_databases.catalog import mssql
from dynamic_databases.catalog.types import SqlType
from schema.types.vocabulary import scalar
from tests.fixtures.databases import execute
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import POSTGRESQL, VENDORS, present
from tests.types.cases import CASES

TYPES = """CREATE TYPE mood AS ENUM ('ok', 'so so'); CREATE DOMAIN cents AS BIGINT;
    CREATE TYPE pair AS (a INTEGER, b TEXT);"""
BY_NAME = {vendor.name: vendor for vendor in VENDORS}
LIVE = [(name, case) for name in CASES if name in BY_NAME for case in CASES[name]]


@pytest.fixture(params=LIVE, ids=lambda pair: f"{pair[0]}-{pair[1].type}")
def column(request, new_database):
    """A case, and its database: row 1 is empty, the others hold its values."""
    name, case = request.param
    vendor = present(BY_NAME[name])
    rows = [
        f"INSERT INTO sample (id, x) VALUES ({i}, {sql});"
        for i, (sql, _) in enumerate(case.values, 2)
    ]
    empty = "INSERT INTO sample (id) VALUES (1);"
    ddl = f"CREATE TABLE sample (id INTEGER PRIMARY KEY, x {case.type});"
    types = TYPES if vendor is POSTGRESQL else ""
    if name == "mariadb":  # values that strict mode refuses are in old databases all the same
        rows = ["SET SESSION sql_mode = '';", *rows]
    return case, new_database(vendor, "\n".join([types, ddl, empty, *rows]))


def kept(answers: list) -> list:
    return [row["x"] for row in answers]


def numbers(value: object) -> object:
    """Numbers that `both_ways` kept as texts, as numbers again."""
    if isinstance(value, list):
        return [numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    is_number = isinstance(value, str) and value.startswith("number ")
    return json.loads(value.removeprefix("number ")) if is_number else value


def test_values_are_carried(column) -> None:
    case, database = column
    query = "{ sample(where: {id: {_gt: 1}}) { x } }"

    ((exact, portable),) = both_ways(database, built_of(database), query)
    assert exact == portable
    assert numbers(kept(exact)) == [value for _, value in case.values]


def test_the_scalar(column) -> None:
    case, database = column
    types = built_of(database).schema.graphql_schema.type_map
    found = str(types["Sample"].fields["x"].type).rstrip("!")

    is_enum = case.scalar == "enum"
    assert (
        found in types and types[found].to_kwargs()["values"] if is_enum else found == case.scalar
    )


def test_what_is_carried_is_taken_back(column, door, tenant_of) -> None:
    case, database = column
    if not case.written:
        pytest.skip("the database alone writes it")
    _, door.token = tenant_of("types", production=database)
    set_input = built_of(database).schema.graphql_schema.type_map["SampleSetInput"].fields["x"].type
    query = (
        f"mutation($x: {set_input}) {{ updateSampleByPk(pkColumns: {{id: 1}}, "
        f"_set: {{x: $x}}) {{ x }} }}"
    )

    for _, value in case.values:
        answer = door.query("/t/types/graphql", query, {"x": value})
        assert answer.data == {"updateSampleByPk": {"x": value}}
    assert execute(database.url, "SELECT count(*) FROM sample WHERE id = 1") == [(1,)]


def mssql_type(text: str) -> SqlType:
    """Return the type that SQL Server's catalog tells of a column, as SQL writes it."""
    name, _, rest = text.partition("(")
    name = "timestamp" if name == "rowversion" else name
    facts = [int(number) for number in re.findall(r"\d+", rest)]
    return mssql.sql_type(name, -1 if "max" in rest else 8, *facts)


def test_every_type_of_sql_server_has_its_scalar() -> None:
    for case in CASES["mssql"]:
        assert scalar(mssql_type(case.type).kind).name == case.scalar, case.type
