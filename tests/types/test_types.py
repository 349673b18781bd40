"""The type matrix, cell by cell: what a column holds → JSON, on both ways, and back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dynamic_databases.catalog import mssql
from dynamic_databases.catalog.types import Column
from schema.types.vocabulary import scalar
from tests.fixtures.databases import execute
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import POSTGRESQL, VENDORS, present
from tests.types.cases import CASES, TITLES, Case

DOCUMENT = Path(__file__).parents[2] / "docs" / "types.md"
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


def test_every_type_of_sql_server_has_its_scalar() -> None:
    for case in CASES["mssql"]:
        name, _, rest = case.type.partition("(")
        name = "timestamp" if name == "rowversion" else name
        facts = [int(number) for number in re.findall(r"\d+", rest)]
        found = mssql.sql_type(name, -1 if "max" in rest else 8, *facts)
        assert scalar(Column("x", found).type.kind).name == case.scalar, case.type


_HEAD = """# Column types

Made from `tests/types/cases.py`, where every cell is tried on a real server (`make golden` writes
it). Values are carried as JSON and taken back in the same spelling; NULL is `null` for every
type. Where a value is beyond what its scalar carries, its cell is `null` and the rest of the list
is as it should be. Types that GraphQL has no scalar for are carried as text, and the field's
description says so.

PostgreSQL says which types it compares and sorts, by its operator classes. Types with an order
take `_eq _neq _in _nin _gt _gte _lt _lte`, and are sorted, grouped, counted distinct and keys:
ranges, `inet`, `bit`, `bytea`, `ltree`, `jsonb`, arrays and composites of such types, and domains
over them. Types with equality alone (`xid`, `hstore`) take the first four. What can't be compared
(`json`, `xml`, `point` and what is made of them) takes `_isNull`. A text that a type refuses is
BAD_USER_INPUT. `min` and `max` are where the server has them, such as of `inet` and enums.
"""


def matrix() -> str:
    """Return docs/types.md."""
    parts = [_HEAD]
    for name, cases in CASES.items():
        parts.append(
            f"\n## {TITLES[name]}\n\n| column type | GraphQL | SQL → JSON | |\n"
            "| --- | --- | --- | --- |\n"
        )
        parts += [row_of(case) for case in cases]
    return "".join(parts)


def row_of(case: Case) -> str:
    shown = [f"`{sql}` → `{json.dumps(value, ensure_ascii=False)}`" for sql, value in case.values]
    cells = [f"`{case.type}`", case.scalar, ", ".join(shown), case.note]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def test_the_document_is_what_the_table_says(request) -> None:
    if request.config.getoption("--golden") == "write":
        DOCUMENT.write_text(matrix())

    assert DOCUMENT.read_text() == matrix()
