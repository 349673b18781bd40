"""What each scalar takes: spellings with what they are answered as, and spellings it refuses.

`docs/types.md` lists them, and each is written, answered and looked for on every server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, Vendor

ID = "6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10"


@dataclass(frozen=True)
class Spelling:
    """`taken` are pairs of what is given and what is answered; the others are `refused`."""

    scalar: str
    taken: tuple[tuple[Any, Any], ...]
    refused: tuple[Any, ...]


SPELLINGS = (
    Spelling("Boolean", ((True, True), (False, False)), ("true", 1)),
    Spelling("Int", ((7, 7), (-2147483648, -2147483648)), ("7", 7.5, 2147483648)),
    Spelling(
        "BigInt",
        (("9007199254740993", "9007199254740993"), (7, "7"), ("+7", "7")),
        ("7.0", "9223372036854775808", "1e3"),
    ),
    Spelling(
        "Decimal",
        (("12.5", "12.50"), (12.5, "12.50"), (12, "12.00"), ("1e2", "100.00")),
        ("1,5", "NaN", ""),
    ),
    Spelling("Float", ((0.5, 0.5), (7, 7), (1e300, 1e300)), ("0.5",)),
    Spelling("String", (("é😀", "é😀"), ("", "")), (7, True)),
    Spelling("Byte", (("AP8=", "AP8="), ("", "")), ("AP8", "*")),
    Spelling("Date", (("2024-02-29", "2024-02-29"),), ("2024-02-30", "29.02.2024", "20240229")),
    Spelling(
        "LocalTime",
        (("13:45", "13:45:00"), ("13:45:00.5", "13:45:00.5")),
        ("24:00:00", "13:45Z", "1345"),
    ),
    Spelling(
        "LocalDateTime",
        (
            ("2024-03-01T13:45:00", "2024-03-01T13:45:00"),
            ("2024-03-01 13:45", "2024-03-01T13:45:00"),
        ),
        ("2024-03-01T13:45:00Z", "2024-03-01"),
    ),
    Spelling(
        "DateTime",
        (
            ("2024-03-01T13:45:00Z", "2024-03-01T13:45:00+00:00"),
            ("2024-03-01 13:45+02:00", "2024-03-01T11:45:00+00:00"),
        ),
        ("2024-03-01T13:45:00", "1709300700"),
    ),
    Spelling(
        "Duration",
        (("P1DT2H", "P1DT2H"), ("-PT30M", "PT-30M"), ("P2W", "P14D")),
        ("1 day", "P", "02:00"),
    ),
    Spelling(
        "UUID",
        ((ID, ID), (ID.upper(), ID), (ID.replace("-", ""), ID), (f"{{{ID}}}", ID)),
        (ID[:-1], "x"),
    ),
    Spelling("JSON", (({"a": [1.5, None]}, {"a": [1.5, None]}), ("x", "x"), (7, 7)), ()),
)


def column_types(vendor: Vendor) -> dict[str, str]:
    """Return a column type for each scalar that the server has one for."""
    types = {
        "Boolean": "BOOLEAN",
        "Int": "INTEGER",
        "BigInt": "BIGINT",
        "Decimal": "DECIMAL(12,2)",
        "Float": vendor.double,
        "String": "VARCHAR(40)",
        "Byte": vendor.binary,
        "Date": "DATE",
        "LocalTime": vendor.time,
        "LocalDateTime": vendor.timestamp,
        "DateTime": vendor.timestamptz,
        "UUID": "UUID",
        "JSON": vendor.json,
    }
    return types | ({"Duration": "INTERVAL"} if vendor is POSTGRESQL else {})


SERVERS = (SQLITE, POSTGRESQL, MARIADB)
