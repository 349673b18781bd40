"""`docs/types.md` says what servers do: each row is made from a table with a column of its type.

That the operators, orders, groups and ends of a row work is tried by `tests/schema/round_trips`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.capabilities import Capabilities, JsonWay
from dynamic_databases.catalog.types import Catalog, Column, Table, TableName
from dynamic_databases.registry import Entry
from schema import exact_numbers
from schema.access import FULL_ACCESS
from schema.build.builder import build_schema
from schema.limits import Limits
from tests.fixtures.schemas import built_of
from tests.fixtures.vendors import MARIADB, present
from tests.schema.round_trips import mariadb, postgresql, sqlite
from tests.schema.round_trips.columns import VENDORS, ColumnType, merged
from tests.types.cases import CASES
from tests.types.document import (
    DOCUMENT,
    facts_of,
    page,
    row_of,
    rows_in,
    type_in,
)
from tests.types.spellings import SERVERS, SPELLINGS, column_types
from tests.types.test_types import mssql_type

SHOWN = 4  # values of a type that has no case of its own
NOTES = {(name, case.type): case.note for name, cases in CASES.items() for case in cases}


def columns_of(name: str) -> list[ColumnType]:
    """Return the types of a vendor's table: those of the round trips, and what is never written."""
    own = {"sqlite": sqlite, "postgresql": postgresql, "mariadb": mariadb}[name].COLUMNS
    found = []
    for column in merged(own):
        known = [one for one in own if one.type == column.type]
        is_case = (name, column.type) in NOTES
        found.append(replace(column, values=known[0].values if is_case else column.values[:SHOWN]))
    unwritten = [
        ColumnType(VENDORS[name], case.type, tuple(sql for sql, _ in case.values))
        for case in CASES[name]
        if not case.written
    ]
    return found + unwritten


COLUMNS = {name: columns_of(name) for name in VENDORS}
# Types that need the same SQL before are tables of one database.
GROUPS = [(name, before) for name, own in COLUMNS.items() for before in {c.before: 0 for c in own}]


@pytest.fixture(params=GROUPS, ids=lambda group: f"{group[0]}-{GROUPS.index(group)}")
def group(request) -> tuple[str, str]:
    return request.param


def tables_of(columns: list[ColumnType], before: str) -> Iterator[str]:
    """Yield SQL that makes a table for each type: row 1 is empty, the others hold its values."""
    yield before
    if columns[0].vendor is MARIADB:  # what strict mode refuses is in old databases
        yield "SET SESSION sql_mode = '';"
    for number, column in enumerate(columns):
        yield f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, x {column.type});"
        yield f"INSERT INTO t{number} (id) VALUES (0);"
        for i, value in enumerate(column.values, 1):
            yield f"INSERT INTO t{number} (id, x) VALUES ({i}, {value});"


def test_each_row_is_what_its_server_does(group, served, door, request) -> None:
    name, before = group
    columns = [column for column in COLUMNS[name] if column.before == before]
    ask = served(present(columns[0].vendor), "\n".join(tables_of(columns, before)))
    types = built_of(door.database).schema.graphql_schema.type_map
    found = {}
    for number, column in enumerate(columns):
        reply = ask(f"{{ t{number}(where: {{id: {{_gt: 0}}}}) {{ x }} }}")
        answers = [row["x"] for row in exact_numbers.loads(reply.body)["data"][f"t{number}"]]
        facts = facts_of(
            column.type,
            types,
            f"T{number}",
            zip(column.values, answers, strict=True),
            NOTES.get((name, column.type), ""),
            column.lacks,
        )
        found[column.type] = row_of(facts)

    rows = {type_in(row): row for row in written(request, name, found)[name]}
    assert {one: rows.get(one) for one in found} == found


def test_sql_servers_rows_are_what_its_catalog_says(request) -> None:
    """Without a server: the operators of its types; the values are tried where there is one."""
    cases = CASES["mssql"]
    tables = tuple(
        Table(
            TableName("", f"t{number}"),
            (Column("id", mssql_type("int")), Column("x", mssql_type(case.type))),
            ("id",),
        )
        for number, case in enumerate(cases)
    )
    capabilities = Capabilities("microsoft", (15,), JsonWay.EXACT, locks_rows=True, returning=True)
    entry = Entry(Alias("A"), Catalog("microsoft", tables), capabilities, None, "")
    types = build_schema(entry, FULL_ACCESS, {}, Limits()).schema.graphql_schema.type_map
    found = {
        case.type: row_of(facts_of(case.type, types, f"T{number}", case.values, case.note))
        for number, case in enumerate(cases)
    }

    assert written(request, "mssql", found)["mssql"] == list(found.values())


def written(request, name: str, found: dict[str, str]) -> dict[str, list[str]]:
    """Return the page's rows, after these were put into it where golden files are written."""
    rows = rows_in(DOCUMENT.read_text())
    if request.config.getoption("--golden") == "write":
        known = {type_in(row): row for row in rows[name]} | found
        order = [one.type for one in COLUMNS.get(name, CASES[name])]
        rows[name] = [known[one] for one in order if one in known]
        DOCUMENT.write_text(page(rows))
    return rows


@pytest.mark.pure
def test_the_page_has_every_type_once_and_nothing_else() -> None:
    text = DOCUMENT.read_text()
    rows = rows_in(text)

    assert page(rows) == text
    for name, own in rows.items():
        types = [one.type for one in COLUMNS.get(name, CASES[name])]
        assert [type_in(row) for row in own] == types


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_each_spelling_is_written_answered_and_found(served, door, server) -> None:
    types = column_types(server)
    columns = ", ".join(f"v_{name.lower()} {kind}" for name, kind in types.items())
    ask = served(present(server), f"CREATE TABLE held (id INTEGER PRIMARY KEY, {columns})")
    for spelling in (one for one in SPELLINGS if one.scalar in types):
        scalar, field = spelling.scalar, f"v{spelling.scalar.capitalize()}"
        insert = f"""mutation ($x: {scalar}) {{ insertHeldOne(object: {{id: 1, {field}: $x}},
            onConflict: {{constraint: heldPkey, updateColumns: [{field}]}}) {{ {field} }} }}"""
        find = f"query ($x: {scalar}) {{ held(where: {{{field}: {{_eq: $x}}}}) {{ id }} }}"
        for given, answer in spelling.taken:
            reply = ask(insert, {"x": given})
            assert reply.data == {"insertHeldOne": {field: answer}}, (scalar, given)
            if scalar != "JSON":
                assert ask(find, {"x": given}).data == {"held": [{"id": 1}]}, (scalar, given)
        for given in spelling.refused:
            assert ask(insert, {"x": given}).code == "BAD_USER_INPUT", (scalar, given)
