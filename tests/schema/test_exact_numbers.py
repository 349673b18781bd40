"""Numbers keep every digit between a request and a Decimal or JSON column."""

from __future__ import annotations

import json

import pytest

from schema import exact_numbers
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present

TEXTS = [
    "12345678901234567890.12",
    "123456789012345678901234",
    "0.12345678901234567890123",
    "1.50",
    "-2.00",
    "1.5e3",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "7",
    "1e2",
    "-0.0",
    "0.1",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", ["{}", '{{"a": [{}, "1.50"]}}', "[ {} ]", '{{"a":{}}}'])
def test_a_json_text_keeps_its_numbers(text: str, form: str) -> None:
    document = form.format(text)
    wanted = json.loads(document, parse_float=str, parse_int=str)

    value = exact_numbers.loads(f' {{"v": {document}}}')["v"]
    assert json.loads(exact_numbers.dumps(value), parse_float=str, parse_int=str) == wanted


def test_texts_that_look_like_numbers_stay_texts() -> None:
    value = {"a": "12345678901234567890.12", "b": '{"x": 1.50}', "c": "x, 1.50 "}
    assert exact_numbers.loads(json.dumps(value)) == value


@pytest.fixture(params=[POSTGRESQL, MARIADB, SQLITE], ids=lambda vendor: vendor.name)
def held(request, served, door):
    """`send(literal, declared, field)` writes it as a variable and as a literal; `x` comes back."""
    vendor = present(request.param)
    number = "NUMERIC" if vendor is POSTGRESQL else "DECIMAL(40,20)"
    ddl = f"CREATE TABLE held (id INTEGER PRIMARY KEY, n {number}, j {vendor.json});"
    ask = served(vendor, f"{ddl} INSERT INTO held (id) VALUES (1);")

    def send(literal: str, declared: str, field: str, *, inline: bool) -> str:
        value = literal if inline else "$x"
        head = "mutation" if inline else f"mutation ($x: {declared})"
        query = f"""{head} {{
            updateHeldByPk(pkColumns: {{id: 1}}, _set: {{{field}: {value}}}) {{ {field} }} }}"""
        variables = "{}" if inline else f'{{"x": {literal}}}'
        body = f'{{"query": {json.dumps(query)}, "variables": {variables}}}'
        answer = door.request(
            "POST", "/t/served/graphql", body.encode(), {"content-type": "application/json"}
        )
        assert answer.status == 200, answer.body
        return answer.body.decode()

    return vendor, send, ask


@pytest.mark.parametrize("inline", [True, False])
def test_a_decimal_is_stored_as_it_was_sent(held, inline: bool) -> None:
    vendor, send, _ = held
    if vendor is SQLITE:
        pytest.skip("SQLite keeps such decimals as floats")
    answer = send("12345678901234567890.12", "Decimal", "n", inline=inline)
    assert '"n": "12345678901234567890.12' in answer.replace('":"', '": "').replace('" : "', '": "')


@pytest.mark.parametrize(
    ("variable", "literal"),
    [
        ('{"big": 123456789012345678901234}', "{big: 123456789012345678901234}"),
        ("[0.12345678901234567890123, 2.50]", "[0.12345678901234567890123, 2.50]"),
    ],
)
def test_a_document_is_stored_as_it_was_sent(held, variable: str, literal: str) -> None:
    _, send, _ = held
    for inline, text in ((False, variable), (True, literal)):
        answer = send(text, "JSON", "j", inline=inline)
        found = json.loads(answer, parse_float=str, parse_int=str)
        wanted = json.loads(variable, parse_float=str, parse_int=str)
        assert found["data"]["updateHeldByPk"]["j"] == wanted


def test_an_infinite_number_is_refused(held) -> None:
    _, _, ask = held
    for value in ("1e400", "[1e400]", "{a: [-1e400]}"):
        query = f"mutation {{ updateHeldByPk(pkColumns: {{id: 1}}, _set: {{j: {value}}}) {{ j }} }}"
        assert ask(query).code in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")
