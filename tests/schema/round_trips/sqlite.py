"""SQLite's column types: a column holds whatever an application wrote."""

from __future__ import annotations

from tests.fixtures.vendors import SQLITE
from tests.schema.round_trips import literals as of
from tests.schema.round_trips.columns import ColumnType, documented

_UUID = "6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10"
_UUIDS = [_UUID, _UUID.upper(), _UUID.replace("-", ""), f"{{{_UUID}}}", _UUID[:8].upper()]
_UUIDS[-1] += _UUID[8:]  # of mixed case
_MORE = {
    "INTEGER": of.whole(-(2**31), 2**31 - 1),
    "BIGINT": of.whole(-(2**63), 2**63 - 1),
    "DECIMAL(38,20)": of.decimals(12, 4),
    "NUMERIC": of.decimals(12, 4),
    "REAL": of.doubles(),
    "VARCHAR(40)": of.texts(),
    "TEXT": of.texts(),
    "BLOB": of.binaries(),
    "DATE": of.spelled_dates(),
    "TIME": of.spelled_times(),
    "DATETIME": of.spelled_moments(),
    "TIMESTAMPTZ": of.spelled_moments(zoned=True),
    "UUID": of.spelled_uuids(),
    "JSON": of.documents(),
    "POINT": of.texts(),
}


def _type(name: str, *values: str, more: of.Literals | None = None) -> ColumnType:
    return ColumnType(SQLITE, name, values, more)


COLUMNS = [
    *documented("sqlite", _MORE),
    _type("DECIMAL(10,2)", "0.1 + 0.2", "0.3", "1.005", "7", "'8.10'", "1e9", "-0.004", "0"),
    _type("NUMERIC(8)", "7", "7.4", "'8'", "-1"),
    _type("DECIMAL", "0.1 + 0.2", "'1.50'", "1.5", "12345678901234567890", "1e-7"),
    _type("FLOAT", "1", "1.0", "'2'", "0.1 + 0.2", "1e300"),
    _type("DOUBLE PRECISION", "0.1", "-0.0", "0", "123456789.123456789"),
    _type("TINYINT", "0", "5", "-1", "'7'"),
    _type("BIGINT", "1.5", "'x'", "9007199254740993"),
    _type("VARCHAR(9) COLLATE NOCASE", "'a'", "'A'", "'b'", "'Ab'", "'aB'", more=of.texts(9)),
    _type("TEXT COLLATE RTRIM", "'a'", "'a  '", "'b'", more=of.texts()),
    _type("TEXT", "1", "1.5", "'1'", "x'61'", "''"),
    _type("BLOB", "'text'", "7", "x'00'", "x'74657874'", "7.5"),
    _type("", "1", "'1'", "2.5", "'x'", "x'78'", "1.0", "'01'"),
    _type("DATE", "'2024-03-31'", "'2024-03-31T00:00:00'", "'2024-03-31 10:00:00'", "'x'", "5"),
    _type(
        "DATETIME",
        "'2024-03-31T02:30:00'",
        "'2024-03-31 02:30:00'",
        "'2024-03-31T02:30:00.000Z'",
        "'2024-03-31 02:30'",
        "'2024-03-31'",
        "'2024-03-31 02:30:00.5'",
        "1711852200",
    ),
    _type(
        "TIMESTAMPTZ",
        "'2024-03-31T00:30:00Z'",
        "'2024-03-31 02:30:00+02:00'",
        "'2024-03-31 00:30:00'",
        "'2024-03-30 22:00:00-04:00'",
    ),
    _type("TIME", "'02:30:00'", "'02:30'", "'02:30:00.000'", "'23:59:59.9'", "'24:00:00'"),
    _type("UUID", *(of.quoted(one) for one in _UUIDS), "'none'"),
    _type("JSON", "'1'", "'1.50'", "'null'", '\'{"b": 1, "a": [1 , 2]}\'', "'{\"a\":1}'"),
    _type("BOOLEAN", "1", "0", "'true'", "7"),
    _type("GEOMETRY", "'POINT (1 2)'", "7", "'7'", "x'00'"),
]
