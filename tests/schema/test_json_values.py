"""How values are spelled: the same to the letter on every vendor and on both ways."""

from __future__ import annotations

import pytest

from schema.json_values import (
    date_text,
    datetime_text,
    decimal_text,
    float_text,
    local_datetime_text,
    time_text,
    uuid_text,
)
from tests.fixtures.schemas import both_ways, built_of
from tests.fixtures.vendors import MARIADB, MSSQL, SQLITE

VALUES = """
CREATE TABLE sample (id INTEGER PRIMARY KEY, i INTEGER, b BIGINT, f {double}, d DECIMAL(20,4),
  t TEXT, o BOOLEAN,
  y DATE, z {time}, m {timestamp}, w {timestamptz}, j {json}, x {binary}, u UUID);
"""
ROWS = {
    "i": [0, 2147483647, -2147483648],
    "b": [9223372036854775807, -9223372036854775808],
    "f": [
        1.0,
        0.1,
        -0.25,
        1e20,
        1e-7,
        123456789.125,
        1e15,
        123456789012345.0,
        0.30000000000000004,
        5e-324,
        1.7976931348623157e308,
    ],
    "d": ["1", "0.5", "-12345678901.2345", "0.0001"],
    "t": ["", " ", 'a"b\\c/\n\t\r\b\f\x01\x1f\x7f', "é😀", "</script>", "%s %d {}", "it's"],
    "o": [True, False],
    "y": ["0001-01-01", "9999-12-31", "2024-02-29"],
    "z": ["00:00:00", "23:59:59.5", "12:30:00.123456"],
    "m": ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2024-03-31 02:30:00.5"],
    "w": ["2024-03-31 02:30:00+00:00", "2024-07-01 12:00:00.25+00:00"],
    "j": ['{"a":[1,2.50,{"b":null}]}', "[]", '"x"', "null", "12345678901234567890.5"],
    "u": ["6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10"],
}
EXPECTED = {
    "i": ["number 0", "number 2147483647", "number -2147483648"],
    "b": ["9223372036854775807", "-9223372036854775808"],
    "f": [
        "number 1",
        "number 0.1",
        "number -0.25",
        "number 1e+20",
        "number 1e-07",
        "number 123456789.125",
        "number 1e+15",
        "number 123456789012345",
        "number 0.30000000000000004",
        "number 5e-324",
        "number 1.7976931348623157e+308",
    ],
    "d": ["1.0000", "0.5000", "-12345678901.2345", "0.0001"],
    "t": ROWS["t"],
    "o": [True, False],
    "y": ROWS["y"],
    "z": ["00:00:00", "23:59:59.5", "12:30:00.123456"],
    "m": ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "2024-03-31T02:30:00.5"],
    "w": ["2024-03-31T02:30:00+00:00", "2024-07-01T12:00:00.25+00:00"],
    "u": ROWS["u"],
}


@pytest.fixture
def values(vendor, new_database):
    """One row per value, the other columns NULL."""
    statements = [VALUES.format(**vars(vendor))]
    number = 0
    for column, items in ROWS.items():
        for item in items:
            number += 1
            literal = f"'{item}'".replace("it's", "it''s") if isinstance(item, str) else repr(item)
            if isinstance(item, bool) and vendor in (SQLITE, MSSQL):
                literal = str(int(item))
            if vendor is MARIADB:
                literal = literal.replace("\\", "\\\\").replace("+00:00", "")
            statements.append(f"INSERT INTO sample (id, {column}) VALUES ({number}, {literal});")
    return new_database(vendor, "\n".join(statements))


@pytest.mark.parametrize("column", ROWS)
def test_values_are_spelled_alike(values, column: str) -> None:
    query = f"{{ sample(where: {{{column}: {{_isNull: false}}}}) {{ {column} }} }}"

    ((exact, portable),) = both_ways(values, built_of(values), query)
    assert exact == portable
    if column in EXPECTED:
        assert [row[column] for row in exact] == EXPECTED[column]


@pytest.mark.parametrize(
    ("spell", "value", "expected"),
    [
        (float_text, float("nan"), None),
        (float_text, float("-inf"), None),
        (float_text, -0.0, "-0"),
        (float_text, 7, "7"),
        (float_text, "7", None),
        (date_text, "10000-01-01", None),
        (date_text, "0044-03-15 BC", None),
        (date_text, "infinity", None),
        (date_text, "0000-00-00", None),
        (time_text, "25:00", None),
        (local_datetime_text, "2024-01-01T00:00:00+02:00", "2023-12-31T22:00:00"),
        (datetime_text, "2024-01-01 00:00:00", "2024-01-01T00:00:00+00:00"),
        (datetime_text, "2024-07-01 14:00:00.25 +02:00", "2024-07-01T12:00:00.25+00:00"),
        (datetime_text, "soon", None),
        (uuid_text, "{6F1C1AD06F0B4F5C8F3E2B1F6F3A9D10}", "6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10"),
        (uuid_text, "6f1c", None),
    ],
)
def test_what_a_type_cannot_carry_is_null(spell, value, expected) -> None:
    assert spell(value) == expected


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [(1, 2, "1.00"), (0.1, None, "0.1"), ("1E+3", 0, "1000"), ("x", 2, None), ("NaN", None, None)],
)
def test_decimals(value, scale, expected) -> None:
    assert decimal_text(value, scale) == expected


def test_a_bad_cell_spoils_itself_alone(new_database) -> None:
    """SQLite keeps any value: a text in an integer column, a blob in a text one, broken UTF-8."""
    database = new_database(
        SQLITE,
        """CREATE TABLE value (id INTEGER PRIMARY KEY, i INTEGER, t TEXT, d DATE, j JSON, f REAL);
        INSERT INTO value VALUES (1, 'many', x'ff', 'soon', '{', 'x'),
          (2, 3000000000, 'ok', '2024-01-01', '[1]', 2);""",
    )

    ((exact, portable),) = both_ways(database, built_of(database), "{ value { i t d j f } }")
    assert (
        exact
        == portable
        == [
            {"i": None, "t": None, "d": None, "j": None, "f": None},
            {"i": None, "t": "ok", "d": "2024-01-01", "j": ["number 1"], "f": "number 2"},
        ]
    )


def test_postgresql_values_beyond_json(postgresql, new_database) -> None:
    database = new_database(
        postgresql,
        """CREATE TYPE mood AS ENUM ('ok', 'so so', '1st');
        CREATE TABLE value (id INTEGER
          PRIMARY KEY, f FLOAT8, n NUMERIC, d DATE, m TIMESTAMP, w TIMESTAMPTZ, v INTERVAL,
          e mood, a TEXT[], b BIGINT[], es mood[], ip INET, c CHAR(4), p NUMERIC(38,20));
        INSERT INTO value VALUES (1, 'NaN', 'NaN', 'infinity', 'infinity', '-infinity',
          '1 day 02:00:03.5', 'so so',
          '{a,NULL,"b,c"}', '{9007199254740993}', '{ok,1st}', '10.0.0.1', 'ab', 1.5);""",
    )

    ((exact, portable),) = both_ways(
        database, built_of(database), "{ value { f n d m w v e a b es ip c p } }"
    )
    assert (
        exact
        == portable
        == [
            {
                "f": None,
                "n": None,
                "d": None,
                "m": None,
                "w": None,
                "v": "P1DT2H3.5S",
                "e": "so_so",
                "a": ["a", None, "b,c"],
                "b": ["9007199254740993"],
                "es": ["ok", "_1st"],
                "ip": "10.0.0.1/32",
                "c": "ab  ",
                "p": "1.50000000000000000000",
            }
        ]
    )
