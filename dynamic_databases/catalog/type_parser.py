"""Parses a SQL type as written in DDL into the `SqlType` that the catalog reader will report."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dynamic_databases.catalog import mssql, mysql, postgresql, sqlite
from dynamic_databases.catalog.types import Kind, SqlType

# a name, one or two figures in brackets, a word after them
FORM = re.compile(
    (
        r"\s*([A-Za-z][A-Za-z0-9_ ]*?)\s*(?:\(\s*(\d{1,5}|max)\s*(?:,\s*(\d{1,3})\s*)?\))?"
        r"\s*(unsigned|with time zone|without time zone)?\s*"
    ),
    re.IGNORECASE,
)
_POSTGRESQL_NAMES = {
    "integer": "int4",
    "int": "int4",
    "bigint": "int8",
    "smallint": "int2",
    "real": "float4",
    "float": "float8",
    "double precision": "float8",
    "decimal": "numeric",
    "boolean": "bool",
    "char": "bpchar",
    "character": "bpchar",
    "character varying": "varchar",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}

_FRACTION = 7  # digits of a second
_DECIMALS = ("decimal", "numeric")


@dataclass(frozen=True)
class _Written:
    """A type as it is written: its parts, in small letters."""

    text: str
    name: str
    length: str | None  # the first figure, or `max`
    figures: int | None
    scale: int | None
    suffix: str


def parse_sql_type(sql_type: str, vendor: str) -> SqlType:
    """Return what the vendor will make of a type that is written as `FORM`."""
    match = FORM.fullmatch(sql_type)
    if match is None:
        return SqlType(Kind.OTHER, sql_type)
    name, first, second = match[1].lower(), match[2], match[3]
    figures = int(first) if first and first.isdigit() else None
    scale = int(second or 0) if figures is not None else None
    suffix = f" {match[4].lower()}" if match[4] else ""
    return _PARSERS[vendor](_Written(sql_type, name, first, figures, scale, suffix))


def _sqlite(written: _Written) -> SqlType:
    return sqlite.sql_type(written.text)


def _mysql(written: _Written) -> SqlType:
    figures, scale = written.figures or 10, written.scale or 0
    return mysql.sql_type(written.name, written.text, "", figures, scale)


def _mssql(written: _Written) -> SqlType:
    characters = (written.figures or 1) * (2 if written.name.startswith("n") else 1)
    length = -1 if written.length == "max" else characters
    fraction = _FRACTION if written.figures is None else written.figures
    scale = (written.scale or 0) if written.name in _DECIMALS else fraction
    return mssql.sql_type(written.name, length, written.figures or 18, scale)


def _postgresql(written: _Written) -> SqlType:
    full = written.name + written.suffix
    kind = postgresql.kind_of(_POSTGRESQL_NAMES.get(full, written.name))
    spelled = f"{full}({written.figures})" if written.figures and kind is Kind.TEXT else full
    size = (written.figures, written.scale) if kind is Kind.DECIMAL else ()
    return SqlType(kind, spelled, *size)


# Vendors that leave to their users what a column's type means.
LOOSELY_TYPED = frozenset({"sqlite"})
_PARSERS: dict[str, Callable[[_Written], SqlType]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mysql,
    "microsoft": _mssql,
}
