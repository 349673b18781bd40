"""Parts of JSON documents, and documents compared as texts and numbers: both executions alike."""

from __future__ import annotations

import pytest

from schema.errors import BadUserInput
from schema.json_paths import parse_path, quoted_path, value_at
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import MSSQL, SQLITE

SQL = """CREATE TABLE document (id INTEGER PRIMARY KEY, data {json}, kept {json} NOT NULL);
INSERT INTO document VALUES
  (1, '{{"a": {{"b": [1, {{"c": "Jóga"}}], "d.e": 1.50}}, "0": "zero"}}', '{{"k": 1}}'),
  (2, '[{{"a": 1}}, 12345678901234567890.5]', '[]'), (3, '"text"', '7'), (4, '7.5', '"x"'),
  (5, NULL, 'null'), (6, 'null', '-7'), (7, '1e3', 'true');"""
STEPS = {
    "$": (),
    "": (),
    "$.a.b[0]": ("a", "b", 0),
    "a.b": ("a", "b"),
    '$["a b"][2].c': ("a b", 2, "c"),
    "$['it\\'s']": ("it's",),
    '$."d.e"': ("d.e",),
    "[12]": (12,),
    "$.0": ("0",),
    "$.é": ("é",),
}
REFUSED = [
    "$.",
    "$..a",
    "$.a[",
    "$.a[-1]",
    "$.a[x]",
    "$.*",
    "$[*]",
    "$.a b",
    "$$",
    "a" + ".a" * 100,
]
PARTS = {
    "$.a.b[0]": {1: "number 1"},
    "$.a.b[1].c": {1: "Jóga"},
    '$.a["d.e"]': {1: "number 1.50"},
    '$["0"]': {1: "zero"},
    "[0].a": {2: "number 1"},
    "[1]": {2: "number 12345678901234567890.5"},
    "[0]": {2: {"a": "number 1"}},
    "$.a.b.c": {},
    "[9]": {},
}
CASTS = {
    '{data: {_cast: {String: {_like: "%Jóga%"}}}}': [1],
    '{data: {_cast: {String: {_ilike: "%TEX%"}}}}': [3],
    "{data: {_cast: {String: {_isNull: true}}}}": [5],
    "{data: {_cast: {Decimal: {_gt: 7}}}}": [4, 7],
    '{data: {_cast: {Decimal: {_eq: "7.50"}}}}': [4],
    "{data: {_cast: {Decimal: {_in: [1000, 7]}}}}": [7],
    "{kept: {_cast: {Decimal: {_lt: 0}}}}": [6],
    '{kept: {_cast: {String: {_eq: "true"}, Decimal: {_isNull: true}}}}': [7],
    "{_not: {data: {_cast: {Decimal: {_gt: 7}}}}}": [],
}


@pytest.mark.pure
@pytest.mark.parametrize("text", STEPS)
def test_paths(text: str) -> None:
    assert parse_path(text) == STEPS[text]
    assert parse_path(quoted_path(STEPS[text])) == STEPS[text]


@pytest.mark.pure
@pytest.mark.parametrize("text", REFUSED)
def test_texts_that_are_no_paths(text: str) -> None:
    with pytest.raises(BadUserInput, match="is no path"):
        parse_path(text)


@pytest.mark.pure
def test_a_place_is_no_key() -> None:
    assert value_at({"0": 1}, (0,)) is None
    assert value_at([1], ("0",)) is None
    assert value_at("ab", (0,)) is None


@pytest.fixture
def ask(vendor, new_database):
    if vendor is MSSQL:
        pytest.skip("SQL Server keeps JSON as text")
    database = new_database(vendor, SQL.format(**vars(vendor)))
    schema = built_of(database)
    return lambda query, **variables: both_ways(database, schema, query, variables)


def test_parts_of_documents(ask) -> None:
    for path, expected in PARTS.items():
        ((exact, portable),) = ask("query ($p: String) { document { id data(path: $p) } }", p=path)
        assert exact == portable, path
        found = {int(row["id"][7:]): row["data"] for row in exact if row["data"] is not None}
        if path == '$.a["d.e"]':  # jsonb and MariaDB keep the zero, and SQLite does
            assert float(found[1][7:]) == 1.5
        else:
            assert found == expected, path


def test_whole_documents_where_there_is_no_path(ask) -> None:
    query = "query ($p: String) { document { data whole: data(path: $p) root: data(path: $q) } }"
    ((exact, portable),) = ask(query.replace("($p: String)", "($p: String, $q: String)"), q="$")

    assert exact == portable
    assert [row["data"] for row in exact] == [row["whole"] for row in exact]
    assert [row["data"] for row in exact] == [row["root"] for row in exact]


def test_documents_as_texts_and_numbers(ask) -> None:
    for where, expected in CASTS.items():
        ((exact, portable),) = ask(f"{{ document(where: {where}) {{ id }} }}")
        assert exact == portable, where
        assert [int(row["id"][7:]) for row in exact] == expected, where


def test_a_document_may_be_null(ask, vendor, new_database) -> None:
    """A NOT NULL column may hold the null of JSON, and a path may lead to nothing."""
    printed = str(built_of(new_database(vendor, SQL.format(**vars(vendor)))).schema)

    assert "kept(" in printed
    assert "JSON!" not in printed.split("type Document ")[1].split("}", maxsplit=1)[0]


WRITES = {
    'insertDocumentOne(object: {id: 8, data: {a: [1, 2]}, kept: 1}) { id p: data(path: "a[1]") }': {
        "id": 8,
        "p": 2,
    },
    "insertDocument(objects: [{id: 9, data: {a: 5}, kept: 1}]) { returning { %s } }": {
        "returning": [{"p": 5}]
    },
    "updateDocumentByPk(pkColumns: {id: 8}, _set: {data: {a: 7}}) { %s }": {"p": 7},
    "updateDocument(where: {id: {_eq: 8}}, _set: {kept: 2}) { returning { %s } }": {
        "returning": [{"p": 7}]
    },
    "saveDocument(pkColumns: {id: 8}, _set: {data: {a: 9}}) { row { %s } }": {"row": {"p": 9}},
    "deleteDocumentByPk(id: 8) { %s }": {"p": 9},
    "deleteDocument(where: {id: {_eq: 9}}) { returning { %s } }": {"returning": [{"p": 5}]},
}


def test_parts_of_what_is_written(served, vendor) -> None:
    if vendor is MSSQL:
        pytest.skip("SQL Server keeps JSON as text")
    ask = served(vendor, SQL.format(**vars(vendor)))
    for field, expected in WRITES.items():
        selected = field.replace("%s", 'p: data(path: "a")')
        query = f"mutation {{ {selected} }}"
        (found,) = ask(query).data.values()
        assert found == expected, field


def test_parts_in_connections_and_nodes(served, vendor) -> None:
    if vendor is MSSQL:
        pytest.skip("SQL Server keeps JSON as text")
    ask = served(vendor, SQL.format(**vars(vendor)))
    query = """query ($p: String) {
        documentConnection(first: 1) { edges { node { p: data(path: $p) } } }
        documentAggregate(where: {id: {_eq: 1}}) { nodes { p: data(path: $p) } }
        documentByPk(id: 1) { p: data(path: $p) } }"""

    assert ask(query, {"p": "a.b[0]"}).data == {
        "documentConnection": {"edges": [{"node": {"p": 1}}]},
        "documentAggregate": {"nodes": [{"p": 1}]},
        "documentByPk": {"p": 1},
    }
    assert ask(query, {"p": "a["}).code == "BAD_USER_INPUT"


def test_a_key_that_sqlite_cannot_name(served, vendor) -> None:
    if vendor is MSSQL:
        pytest.skip("SQL Server keeps JSON as text")
    ask = served(vendor, SQL.format(**vars(vendor)))
    reply = ask('{ documentByPk(id: 1) { data(path: "$[\'a\\\\\\"b\']") } }')

    if vendor is SQLITE:
        assert reply.code == "BAD_USER_INPUT"
    else:
        assert reply.data == {"documentByPk": {"data": None}}


def test_a_variable_stands_for_what_a_document_is_cast_to(ask) -> None:
    """The input is known by its name before any column was looked at."""
    query = "query ($cast: JSONCastExp!) { document(where: {data: {_cast: $cast}}) { id } }"

    ((exact, portable),) = ask(query, cast={"Decimal": {"_eq": "7.50"}})

    assert exact == portable == [{"id": "number 4"}]
