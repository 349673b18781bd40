"""A table of 800 columns on every vendor: lists, one whole row, inserts, the diff-save."""

from __future__ import annotations

import pytest

from tests.fixtures.schemas import both_ways, built_of

URL = "/t/wide/graphql"
KINDS = {
    "VARCHAR(5)": ("'text'", "text", "other"),
    "INTEGER": ("7", 7, 8),
    "DECIMAL(10,2)": ("1.5", "1.50", "2.25"),
    "DATE": ("'2024-01-02'", "2024-01-02", "2024-01-03"),
}
COLUMNS = [(f"c{i}", kind) for i, kind in zip(range(799), list(KINDS) * 200, strict=False)]


@pytest.fixture
def wide(vendor, new_database):
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS)
    values = ", ".join(KINDS[kind][0] for _, kind in COLUMNS)
    rows = " ".join(f"INSERT INTO contact VALUES ({i}, {values});" for i in range(1, 51))
    return new_database(vendor, f"CREATE TABLE contact (id INTEGER PRIMARY KEY, {columns}); {rows}")


def test_fifty_rows_of_sixty_columns_and_one_of_all(wide) -> None:
    schema = built_of(wide)
    some = " ".join(name for name, _ in COLUMNS[::13][:60])
    ((exact, portable),) = both_ways(wide, schema, f"{{ contact(limit: 50) {{ {some} }} }}")
    assert exact == portable
    assert (len(exact), len(exact[0])) == (50, 60)

    every = " ".join(name for name, _ in COLUMNS)
    ((exact, portable),) = both_ways(wide, schema, f"{{ contactByPk(id: 9) {{ id {every} }} }}")
    assert exact == portable
    assert len(exact) == 800


def test_a_whole_row_is_inserted_and_saved(wide, door, tenant_of) -> None:
    _, door.token = tenant_of("wide", production=wide)
    given = {name: KINDS[kind][1] for name, kind in COLUMNS}
    every = " ".join(name for name, _ in COLUMNS)
    insert = (
        f"mutation($o: ContactInsertInput!) {{ insertContactOne(object: $o) {{ id {every} }} }}"
    )
    found = door.query(URL, insert, {"o": {"id": 99, **given}}).data["insertContactOne"]
    assert found == {"id": 99, **given}

    changed = given | {name: KINDS[kind][2] for name, kind in COLUMNS[100:104]}
    save = """mutation($s: ContactSetInput!, $e: ContactSetInput)
        { saveContact(pkColumns: {id: 99}, _set: $s, _expect: $e) {
        changes { field before after } } }"""
    saved = door.query(URL, save, {"s": changed, "e": given}).data["saveContact"]["changes"]
    assert [change["field"] for change in saved] == ["c100", "c101", "c102", "c103"]
    assert saved[0] == {"field": "c100", "before": "text", "after": "other"}


def test_a_row_beyond_the_vendors_limit_of_arguments(wide, door, tenant_of) -> None:
    """One UPDATE may set all 799 columns."""
    _, door.token = tenant_of("wide", production=wide)
    update = (
        "mutation($s: ContactSetInput!) { updateContactByPk(pkColumns: {id: 1}, _set: $s) "
        "{ c0 c798 } }"
    )
    every = {name: KINDS[kind][2] for name, kind in COLUMNS}

    answer = door.query(URL, update, {"s": every})
    assert answer.data == {"updateContactByPk": {"c0": "other", "c798": KINDS[COLUMNS[798][1]][2]}}
