"""A save takes a JSON document for what the client expects by its value, not by its text."""

from __future__ import annotations

import pytest

from tests.fixtures.vendors import MARIADB, MSSQL, POSTGRESQL

STORED = r'{"b": "\u00e9", "a": 1.50, "c": [true, 12345678901234567890]}'
SAVE = """mutation($base: JSON) { saveDocument(pkColumns: {id: 1}, _set: {d: {new: 1}},
    _expect: {d: $base}) { row { d } } }"""


@pytest.fixture(params=["JSON", "JSONB"])
def ask(request, vendor, served):
    if vendor is MSSQL or (request.param == "JSONB" and vendor is not POSTGRESQL):
        pytest.skip("the vendor has no such type")
    # MariaDB takes a backslash for the beginning of an escape.
    text = STORED.replace("\\", "\\\\") if vendor is MARIADB else STORED
    return served(
        vendor,
        f"""CREATE TABLE document (id INTEGER PRIMARY KEY, d {request.param});
        INSERT INTO document VALUES (1, '{text}');""",
    )


def test_a_document_is_expected_as_it_was_read(ask) -> None:
    base = ask("{ documentByPk(id: 1) { d } }").data["documentByPk"]["d"]

    assert ask(SAVE, {"base": base}).data == {"saveDocument": {"row": {"d": {"new": 1}}}}


def test_order_and_digits_of_a_document_dont_count(ask) -> None:
    query = SAVE.replace("$base}", '{c: [true, 12345678901234567890], b: "é", a: 1.5}}')
    query = query.replace("($base: JSON)", "")

    assert ask(query).data == {"saveDocument": {"row": {"d": {"new": 1}}}}


@pytest.mark.parametrize(
    "base",
    [
        '{c: [1, 12345678901234567890], b: "é", a: 1.5}',
        '{c: [true, 12345678901234567891], b: "é", a: 1.5}',
        '{c: [12345678901234567890, true], b: "é", a: 1.5}',
        '{c: [true, 12345678901234567890], b: "é"}',
        "null",
    ],
)
def test_another_document_is_a_conflict(ask, base: str) -> None:
    reply = ask(SAVE.replace("$base}", f"{base}}}").replace("($base: JSON)", ""))

    assert reply.code == "CONFLICT"
