"""Every column type of each vendor: its scalar, values as SQL writes them, and as JSON has them.

`docs/types.md` lists them with the types of the round trips, and each cell of it is tried on a real
server. A value whose JSON is `NULLED` can't be carried: its cell is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NULLED = None  # kept by the database, beyond what the scalar carries


@dataclass(frozen=True)
class Case:
    """One column type: `values` are (SQL literal, JSON); `written`: JSON is accepted back."""

    type: str
    scalar: str
    values: tuple[tuple[str, Any], ...]
    written: bool = True
    note: str = ""


UUID = "6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10"
BIG = (
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("0", "0"),
)
FLOATS = (
    ("0", 0),
    ("0.1", 0.1),
    ("-1.5e300", -1.5e300),
    ("5e-324", 5e-324),
    ("1e15", 1e15),
    ("0.00001", 1e-05),
)
TEXTS = (("''", ""), ("'a  '", "a  "), ("'é😀'", "é😀"), ("'it''s \"q\"'", 'it\'s "q"'))
DOCUMENT = (
    ("'{\"a\": [1, 2.50, null]}'", {"a": [1, 2.5, None]}),
    ("'[]'", []),
    ("'\"x\"'", "x"),
    ("'12345678901234567890'", 12345678901234567890),
)
DATES = (
    ("'0001-01-01'", "0001-01-01"),
    ("'9999-12-31'", "9999-12-31"),
    ("'2024-02-29'", "2024-02-29"),
)
TIMES = (
    ("'00:00:00'", "00:00:00"),
    ("'23:59:59.999999'", "23:59:59.999999"),
    ("'12:30:00.5'", "12:30:00.5"),
)
MOMENTS = (
    ("'0001-01-01 00:00:00'", "0001-01-01T00:00:00"),
    ("'9999-12-31 23:59:59.999999'", "9999-12-31T23:59:59.999999"),
    ("'2024-03-31 02:30:00.5'", "2024-03-31T02:30:00.5"),
)

SQLITE = (
    Case("BOOLEAN", "Boolean", (("1", True), ("0", False), ("7", NULLED))),
    Case(
        "INTEGER",
        "Int",
        (
            ("2147483647", 2147483647),
            ("-2147483648", -2147483648),
            ("2147483648", NULLED),
            ("'text'", NULLED),
        ),
    ),
    Case("BIGINT", "BigInt", BIG),
    Case(
        "DECIMAL(38,20)",
        "Decimal",
        (("'0.5'", "0.50000000000000000000"), ("'-1'", "-1.00000000000000000000")),
    ),
    Case("NUMERIC", "Decimal", (("12.5", "12.5"), ("'x'", NULLED))),
    Case("REAL", "Float", FLOATS),
    Case("VARCHAR(40)", "String", TEXTS),
    Case("TEXT", "String", (*TEXTS, ("x'00ff'", NULLED))),
    Case("BLOB", "Byte", (("x''", ""), ("x'00ff'", "AP8="))),
    Case("DATE", "Date", (*DATES, ("'2024-02-30'", NULLED))),
    Case("TIME", "LocalTime", TIMES),
    Case("DATETIME", "LocalDateTime", MOMENTS),
    Case(
        "TIMESTAMPTZ",
        "DateTime",
        (("'2024-03-31 02:30:00+02:00'", "2024-03-31T00:30:00+00:00"),),
        note="without an offset it is UTC",
    ),
    Case(
        "UUID",
        "UUID",
        (
            (f"'{UUID}'", UUID),
            (f"'{UUID.replace('-', '').upper()}'", UUID),
            (f"'{UUID.capitalize().replace('f', 'F', 1)}'", UUID.replace("f", "F", 1)),
        ),
        note="with letters of both cases it is a value of its own",
    ),
    Case(
        "JSON",
        "JSON",
        (*DOCUMENT[:3], ("'no json'", NULLED)),
        note="the word has numeric affinity: a bare number beyond 64 bits is kept as a float",
    ),
    Case("POINT", "String", (("'1 2'", "1 2"),), note="any other word is carried as text"),
)
POSTGRESQL = (
    Case("boolean", "Boolean", (("true", True), ("false", False))),
    Case("smallint", "Int", (("32767", 32767), ("-32768", -32768))),
    Case("integer", "Int", (("2147483647", 2147483647), ("-2147483648", -2147483648))),
    Case("bigint", "BigInt", BIG),
    Case(
        "numeric(38,20)",
        "Decimal",
        (
            ("0.5", "0.50000000000000000000"),
            ("999999999999999999.99999999999999999999",) * 2,
            ("'NaN'", NULLED),
        ),
    ),
    Case("numeric", "Decimal", (("1e-30", "0.000000000000000000000000000001"), ("'NaN'", NULLED))),
    Case("real", "Float", (("0.1", 0.1), ("16777216", 16777216), ("'Infinity'", NULLED))),
    Case("double precision", "Float", (*FLOATS, ("'NaN'", NULLED))),
    Case("money", "Decimal", (("12.5", "12.50"),), note="as a number: no locale changes it"),
    Case("text", "String", TEXTS),
    Case("varchar(40)", "String", TEXTS),
    Case("char(4)", "String", (("'ab'", "ab  "),)),
    Case("name", "String", (("'x'", "x"),)),
    Case("bytea", "Byte", (("''", ""), ("'\\x00ff'", "AP8="))),
    Case("date", "Date", (*DATES, ("'infinity'", NULLED), ("'0044-03-15 BC'", NULLED))),
    Case("time", "LocalTime", (*TIMES, ("'24:00:00'", NULLED))),
    Case("time with time zone", "String", (("'12:00:00+02'", "12:00:00+02"),)),
    Case("timestamp", "LocalDateTime", (*MOMENTS, ("'infinity'", NULLED))),
    Case(
        "timestamptz",
        "DateTime",
        (
            ("'2024-03-31 02:30:00+02:00'", "2024-03-31T00:30:00+00:00"),
            ("'0001-01-01 00:00:00+00'", "0001-01-01T00:00:00+00:00"),
        ),
    ),
    Case(
        "interval",
        "Duration",
        (("'1 day 02:00:03.5'", "P1DT2H3.5S"), ("'0'", "PT0S"), ("'-1 day 02:00'", "P-1DT2H")),
    ),
    Case("uuid", "UUID", ((f"'{UUID}'", UUID),)),
    Case(
        "json",
        "JSON",
        (*DOCUMENT, ('\'{"a": 1, "a": 2}\'', {"a": 2})),
        note="kept as it was written; of equal keys clients see the last",
    ),
    Case("jsonb", "JSON", (*DOCUMENT, ('\'{"a": 1, "a": 2}\'', {"a": 2}))),
    Case(
        "mood",
        "enum",
        (("'ok'", "ok"), ("'so so'", "so_so")),
        note="an enum of the database is one of GraphQL",
    ),
    Case("text[]", "[String]", (("'{}'", []), ("'{a,NULL,\"b,c\"}'", ["a", None, "b,c"]))),
    Case(
        "bigint[]",
        "[BigInt]",
        (("'{9223372036854775807}'", ["9223372036854775807"]), ("'{{1,2},{3,4}}'", NULLED)),
        note="an array of more dimensions is null",
    ),
    Case("varchar(20)[]", "[String]", (("'{a,b}'", ["a", "b"]),)),
    Case("smallint[]", "[Int]", (("'{1,2}'", [1, 2]),)),
    Case("real[]", "[Float]", (("'{0.1}'", [0.1]),)),
    Case("int4range", "String", (("'[1,5)'", "[1,5)"),)),
    Case("cents", "BigInt", (("5", "5"),), note="a domain counts as what it stands on"),
    Case("pair", "String", (("'(1,x)'", "(1,x)"),), note="composite types are carried as text"),
    Case(
        "inet",
        "String",
        (("'10.0.0.1'", "10.0.0.1/32"),),
        note="with its mask, as a cast to text writes it",
    ),
    Case("bit(3)", "String", (("'101'", "101"),)),
    Case("xml", "String", (("'<a/>'", "<a/>"),)),
    Case("point", "String", (("'(1,2)'", "(1,2)"),)),
    Case("tsvector", "String", (("'a b'", "'a' 'b'"),)),
    Case("integer GENERATED ALWAYS AS (6 * 7) STORED", "Int", (("DEFAULT", 42),), written=False),
)
MARIADB = (
    Case("BOOLEAN", "Boolean", (("1", True), ("0", False), ("7", NULLED)), note="tinyint(1)"),
    Case("BIT(1)", "Boolean", (("b'1'", True), ("b'0'", False))),
    Case("BIT(9)", "String", (("b'101'", "000000101"),)),
    Case("TINYINT", "Int", (("127", 127), ("-128", -128))),
    Case("SMALLINT UNSIGNED", "Int", (("65535", 65535),)),
    Case("SMALLINT(4) ZEROFILL", "Int", (("7", 7),)),
    Case("MEDIUMINT", "Int", (("8388607", 8388607),)),
    Case("INT", "Int", (("2147483647", 2147483647), ("-2147483648", -2147483648))),
    Case(
        "INT UNSIGNED", "BigInt", (("4294967295", "4294967295"),), note="beyond 32 bits with a sign"
    ),
    Case("BIGINT", "BigInt", BIG),
    Case(
        "BIGINT UNSIGNED",
        "Decimal",
        (("18446744073709551615", "18446744073709551615"),),
        note="beyond 64 bits with a sign",
    ),
    Case("YEAR", "Int", (("2024", 2024), ("1901", 1901), ("0", 0))),
    Case(
        "DECIMAL(38,20)",
        "Decimal",
        (("0.5", "0.50000000000000000000"), ("999999999999999999.99999999999999999999",) * 2),
    ),
    Case(
        "FLOAT",
        "Float",
        (("0.1", 0.1), ("1.5", 1.5), ("1e0 / 3", 0.3333333432674408)),
        note="six digits as the server shows it, or those of a double where six aren't all",
    ),
    Case("DOUBLE", "Float", FLOATS),
    Case("CHAR(4)", "String", (("'ab'", "ab"),), note="the server takes blanks off its end"),
    Case("VARCHAR(40)", "String", TEXTS),
    Case("LONGTEXT", "String", TEXTS),
    Case("VARCHAR(40) CHARACTER SET latin1", "String", (("'é'", "é"),)),
    Case("BINARY(2)", "Byte", (("x'00ff'", "AP8="),)),
    Case("VARBINARY(10)", "Byte", (("''", ""), ("x'00ff'", "AP8="))),
    Case("LONGBLOB", "Byte", (("x'00ff'", "AP8="),)),
    Case(
        "DATE",
        "Date",
        (*DATES, ("'0000-00-00'", NULLED), ("'2024-00-00'", NULLED)),
        note="zero dates are null",
    ),
    Case(
        "TIME(6)",
        "LocalTime",
        (*TIMES, ("'-01:00:00'", NULLED), ("'838:59:59'", NULLED)),
        note="beyond a day it is null",
    ),
    Case("DATETIME(6)", "LocalDateTime", (*MOMENTS, ("'0000-00-00 00:00:00'", NULLED))),
    Case(
        "TIMESTAMP(6) NULL",
        "DateTime",
        (("'2024-03-31 02:30:00.5'", "2024-03-31T02:30:00.5+00:00"),),
        note="the session's zone is UTC",
    ),
    Case("JSON", "JSON", DOCUMENT, note="a text with a check; of equal keys clients see the last"),
    Case("ENUM('a','b c')", "enum", (("'a'", "a"), ("'b c'", "b_c"))),
    Case("SET('a','b')", "String", (("'a,b'", "a,b"), ("''", ""))),
    Case("UUID", "UUID", ((f"'{UUID}'", UUID),), note="MariaDB 10.7 and later"),
    Case("INET6", "String", (("'::1'", "::1"),)),
    Case("POINT", "String", (("ST_GeomFromText('POINT(1 2)')", "POINT(1 2)"),)),
    Case("INT GENERATED ALWAYS AS (6 * 7) STORED", "Int", (("DEFAULT", 42),), written=False),
)
# What SQL Server keeps; tried where a server is named, and mapped without one.
MSSQL = (
    Case("bit", "Boolean", (("1", True), ("0", False))),
    Case("tinyint", "Int", (("255", 255),)),
    Case("smallint", "Int", (("32767", 32767),)),
    Case("int", "Int", (("2147483647", 2147483647), ("-2147483648", -2147483648))),
    Case("bigint", "BigInt", BIG),
    Case("decimal(38,20)", "Decimal", (("0.5", "0.50000000000000000000"),)),
    Case(
        "money", "Decimal", (("12.5", "12.5000"), ("922337203685477.5807", "922337203685477.5807"))
    ),
    Case("smallmoney", "Decimal", (("-0.5", "-0.5000"),)),
    Case("float", "Float", (("0", 0), ("0.1", 0.1), ("1e15", 1e15))),
    Case("real", "Float", (("1.5", 1.5),)),
    Case("nvarchar(40)", "String", (("N''", ""), ("N'é😀'", "é😀"), ("N'a  '", "a  "))),
    Case("nvarchar(max)", "String", (("N'x'", "x"),)),
    Case("varchar(40)", "String", (("'x'", "x"),)),
    Case("nchar(4)", "String", (("N'ab'", "ab  "),)),
    Case("text", "String", (("'x'", "x"),)),
    Case("varbinary(max)", "Byte", (("0x00ff", "AP8="),)),
    Case("date", "Date", DATES),
    Case("time(7)", "LocalTime", TIMES, note="its seventh digit is cut"),
    Case(
        "datetime",
        "LocalDateTime",
        (("'2024-03-31T02:30:00.500'", "2024-03-31T02:30:00.5"),),
        note="in steps of 1/300 of a second",
    ),
    Case("smalldatetime", "LocalDateTime", (("'2024-03-31T02:30:00'", "2024-03-31T02:30:00"),)),
    Case(
        "datetime2(7)",
        "LocalDateTime",
        tuple((literal.replace(" ", "T"), value) for literal, value in MOMENTS),
    ),
    Case(
        "datetimeoffset(7)",
        "DateTime",
        (("'2024-03-31T02:30:00+02:00'", "2024-03-31T00:30:00+00:00"),),
    ),
    Case("uniqueidentifier", "UUID", ((f"'{UUID}'", UUID),)),
    Case("xml", "String", (("'<a/>'", "<a/>"),)),
    Case("sql_variant", "String", (("'x'", "x"),)),
    Case(
        "geography",
        "String",
        (("geography::STGeomFromText('POINT (1 2)', 4326)", "POINT (1 2)"),),
        written=False,
    ),
    Case("rowversion", "Byte", (), written=False, note="given by the server"),
)
CASES = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mariadb": MARIADB, "mssql": MSSQL}
TITLES = {
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL",
    "mariadb": "MySQL and MariaDB",
    "mssql": "SQL Server",
}
