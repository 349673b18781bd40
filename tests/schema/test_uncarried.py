"""A cell of a required field whose value no type carries is an error; the rest stays."""

from __future__ import annotations

import json

import pytest

from schema.uncarried import MARK, MARK_OF_DATES, MARKS, marks_of
from tests.fixtures.databases import execute
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, Vendor, present

TABLES = """CREATE TABLE owner (id INTEGER PRIMARY KEY, name VARCHAR(9) NOT NULL);
CREATE TABLE lent (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES owner (id),
  until {date} NOT NULL, note VARCHAR(9));
INSERT INTO owner VALUES (1, 'Ada'), (2, 'Bob');
INSERT INTO lent VALUES (1, 1, {lost}, 'a'), (2, 2, '2024-01-02', 'b');"""
LOST = [
    (SQLITE, "DATE", "'someday'"),
    (POSTGRESQL, "DATE", "'infinity'"),
    (MARIADB, "DATE", "'0000-00-00'"),
]


@pytest.fixture(params=LOST, ids=lambda one: one[0].name)
def ask(request, served):
    """A door to a table one of whose two rows holds a date that is none."""
    vendor, date, lost = request.param
    before = "SET SESSION sql_mode = '';" if vendor is MARIADB else ""
    return served(present(vendor), before + TABLES.format(date=date, lost=lost))


READS = [
    ("{ lent { until } owner { name } }", ["lent", 0, "until"], None),
    (
        "{ gone: lentByPk(id: 1) { end: until } lentByPk(id: 2) { until } }",
        ["gone", "end"],
        {"gone": None, "lentByPk": {"until": "2024-01-02"}},
    ),
    ("{ lentConnection { edges { node { until } } } }", None, None),
    ("{ owner(limit: 1) { lents { until } } }", ["owner", 0, "lents", 0, "until"], None),
    ("{ owner { lentsConnection { edges { node { until } } } } }", None, None),
    ("{ lentAggregate { nodes { until } } }", ["lentAggregate", "nodes", 0, "until"], None),
]


@pytest.mark.parametrize(("query", "path", "data"), READS)
def test_the_error_names_the_cell(ask, query: str, path: list | None, data: object) -> None:
    reply = ask(query)

    assert (reply.status, reply.code) == (200, "INTERNAL_SERVER_ERROR")
    assert "lent.until holds a value that Date can't carry" in reply.error["message"]
    assert "`nullable`" in reply.error["message"]
    assert reply.json["data"] == data
    assert path in (None, reply.error["path"])


def test_of_several_nodes_the_others_stay(ask) -> None:
    ids = [row["nodeId"] for row in ask("{ lent { nodeId } }").data["lent"]]
    query = "query ($ids: [ID!]!) { nodes(nodeIds: $ids) { ... on Lent { until } } }"

    reply = ask(query, {"ids": ids})
    assert reply.json["data"] == {"nodes": [None, {"until": "2024-01-02"}]}
    assert reply.error["path"] == ["nodes", 0, "until"]


def test_what_is_not_asked_for_spoils_nothing(ask) -> None:
    query = "query ($all: Boolean!) { lent { id until @include(if: $all) } }"

    assert ask(query, {"all": False}).data == {"lent": [{"id": 1}, {"id": 2}]}
    assert ask(query, {"all": True}).json["data"] is None


def test_a_write_is_done_though_its_row_can_not_be_answered(ask, door) -> None:
    query = 'mutation { updateLentByPk(pkColumns: {id: 1}, _set: {note: "c"}) { note until } }'

    reply = ask(query)
    assert reply.json["data"] == {"updateLentByPk": None}
    assert reply.error["path"] == ["updateLentByPk", "until"]
    assert execute(door.database.url, "SELECT note FROM lent WHERE id = 1") == [("c",)]


def test_changes_show_null(ask) -> None:
    query = """mutation { saveLent(pkColumns: {id: 1}, _set: {until: "2024-05-06"}) {
        changes { field before after } } }"""

    changed = {"field": "until", "before": None, "after": "2024-05-06"}
    assert ask(query).data == {"saveLent": {"changes": [changed]}}


def test_an_override_makes_it_null(ask, door, settings, tmp_path, registry) -> None:
    settings.GATEWAY_OVERRIDES_DIR = tmp_path
    file = tmp_path / f"{door.database.name}.json"
    file.write_text(json.dumps({"nullable": ["lent.until"]}))
    registry.refresh(door.database.label)

    found = ask("{ lent { until } }").data
    assert found == {"lent": [{"until": None}, {"until": "2024-01-02"}]}


@pytest.mark.parametrize("vendor", [SQLITE, POSTGRESQL], ids=lambda vendor: vendor.name)
def test_a_required_document_may_be_null(served, vendor: Vendor) -> None:
    ask = served(
        present(vendor),
        "CREATE TABLE held (id INTEGER PRIMARY KEY, x JSON NOT NULL);"
        "INSERT INTO held VALUES (1, 'null');",
    )

    assert ask("{ held { x } }").data == {"held": [{"x": None}]}


def test_a_text_like_the_mark_of_dates_is_a_text(postgresql, served) -> None:
    ddl = "CREATE TABLE held (id INT PRIMARY KEY, x TEXT NOT NULL, t DATE NOT NULL);"
    ask = served(postgresql, f"{ddl} INSERT INTO held VALUES (1, 'infinity', '2024-01-02');")

    assert ask("{ held { x t } }").data == {"held": [{"x": "infinity", "t": "2024-01-02"}]}


@pytest.mark.parametrize(
    ("sql", "marks"),
    [
        ("SELECT 1", ()),
        (f"SELECT coalesce(a, '{MARK}')", MARKS[:1]),
        (f"SELECT CASE WHEN a THEN b ELSE '{MARK_OF_DATES}' END", MARKS[1:]),
    ],
    ids=["none", "texts", "dates"],
)
def test_an_answer_is_searched_for_what_its_statement_can_make(sql: str, marks: tuple) -> None:
    assert marks_of(sql) == marks
