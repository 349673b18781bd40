"""Enums are read, written and ordered by the database's own labels and order."""

from __future__ import annotations

import pytest

from tests.fixtures.vendors import MARIADB, POSTGRESQL, Vendor, present

LABELS = ("'true'", "'false'", "'a b'", "'a,b'", "'last'")
NAMES = ["true_true", "false_false", "a_b_a_b", "a_b_a_b_0", "last"]
TABLES = {
    POSTGRESQL: (
        "CREATE TYPE label AS ENUM ({0}); CREATE TABLE flag (id INTEGER PRIMARY KEY, x label);"
    ),
    MARIADB: "CREATE TABLE flag (id INTEGER PRIMARY KEY, x ENUM({0}));",
}


@pytest.fixture(params=TABLES, ids=lambda vendor: vendor.name)
def flags(request, served):
    vendor: Vendor = present(request.param)
    rows = ", ".join(f"({i}, {label})" for i, label in enumerate(LABELS, 1))
    sql = TABLES[vendor].format(", ".join(LABELS)) + f"INSERT INTO flag VALUES {rows};"
    return served(vendor, sql)


def test_each_label_is_read_filtered_and_written_by_its_name(flags) -> None:
    rows = flags("{ flag { id x } }").data["flag"]
    assert len({row["x"] for row in rows}) == len(LABELS)
    assert (rows[0]["x"], rows[1]["x"], rows[4]["x"]) == ("true_true", "false_false", "last")

    for row in rows:
        found = flags(f"{{ flag(where: {{x: {{_eq: {row['x']}}}}}) {{ id }} }}").data["flag"]
        assert found == [{"id": row["id"]}]
        query = (
            f"mutation {{ updateFlagByPk(pkColumns: {{id: 1}}, _set: {{x: {row['x']}}}) {{ x }} }}"
        )
        assert flags(query).data == {"updateFlagByPk": {"x": row["x"]}}


STATES = ("new", "active", "done", "aborted")
PAGED = {
    POSTGRESQL: """CREATE TYPE state AS ENUM ({0});
        CREATE TABLE task (id INTEGER PRIMARY KEY, state state);
        CREATE TABLE note (id INTEGER PRIMARY KEY, task_id INTEGER REFERENCES task);""",
    MARIADB: """CREATE TABLE task (id INTEGER PRIMARY KEY, state ENUM({0}));
        CREATE TABLE note (id INTEGER PRIMARY KEY, task_id INTEGER REFERENCES task(id));""",
}


@pytest.mark.parametrize("vendor", PAGED, ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("direction", ["ASC", "DESC", "ASC_NULLS_FIRST"])
@pytest.mark.parametrize("field", ["task", "note"])
def test_pages_ordered_by_an_enum_hold_each_row_once(served, vendor, field, direction) -> None:
    labels = ", ".join(f"'{state}'" for state in STATES)
    states = [*(f"'{state}'" for state in STATES for _ in range(3)), "NULL", "NULL"]
    tasks = ", ".join(f"({i}, {state})" for i, state in enumerate(states))
    notes = ", ".join(f"({i}, {i})" for i in range(len(states)))
    rows = f"INSERT INTO task VALUES {tasks}; INSERT INTO note VALUES {notes};"
    ask = served(present(vendor), PAGED[vendor].format(labels) + rows)
    order = f"{{state: {direction}}}" if field == "task" else f"{{task: {{state: {direction}}}}}"

    (wanted,) = ask(f"{{ {field}(orderBy: [{order}]) {{ id }} }}").data.values()
    assert pages(ask, f"{field}Connection", order) == [row["id"] for row in wanted]
    named = [state.strip("'") for state in states]
    order_of = [
        (*STATES, "NULL").index(named[row["id"]]) for row in wanted if named[row["id"]] != "NULL"
    ]
    assert order_of == sorted(order_of, reverse=direction == "DESC")


def pages(ask, field: str, order: str) -> list[int]:
    """Return the ids of all pages of three rows."""
    query = f"""query($c: String) {{ {field}(first: 3, after: $c, orderBy: [{order}]) {{
        edges {{ node {{ id }} }} pageInfo {{ endCursor hasNextPage }} }} }}"""
    found: list[int] = []
    cursor, has_next = None, True
    while has_next and len(found) < 50:
        page = ask(query, {"c": cursor}).data[field]
        found += [edge["node"]["id"] for edge in page["edges"]]
        cursor, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


KEYS = (
    ("ENUM('z', 'a', 'm')", ["z", "a", "m"]),
    ("SET('z', 'a', 'm')", ["z", "a", "z,a", "m", "z,m"]),
    ("BIT(9)", ["000000010", "000000101", "100000000"]),
)


@pytest.mark.parametrize(("column", "texts"), KEYS)
def test_a_key_that_is_kept_as_a_number_pages_and_is_written(
    mariadb, served, column: str, texts: list[str]
) -> None:
    is_bits = column.startswith("BIT")
    values = ", ".join(
        f"(b'{t}', {i})" if is_bits else f"('{t}', {i})" for i, t in enumerate(texts)
    )
    ask = served(
        mariadb,
        f"CREATE TABLE part (k {column} PRIMARY KEY, id INT); INSERT INTO part VALUES {values};",
    )

    assert pages(ask, "partConnection", "{k: ASC}" if column.startswith("ENUM") else "") == [
        *range(len(texts))
    ]
    query = "mutation { updatePart(where: {}, _inc: {id: 10}) { affectedRows returning { k id } } }"
    assert ask(query).data["updatePart"]["returning"] == [
        {"k": text, "id": i + 10} for i, text in enumerate(texts)
    ]
