"""A type as it is written in a statement → the type that the vendor's catalog will tell of it."""

from __future__ import annotations

import re

from dynamic_databases.catalog import mssql, mysql, postgresql, sqlite
from dynamic_databases.catalog.types import Kind, SqlType

# a name, one or two figures in brackets, a word after them
FORM = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9_ ]*?)\s*(?:\(\s*(\d{1,5}|max)\s*(?:,\s*(\d{1,3})\s*)?\))?\s*(unsigned|with time zone|without time zone)?\s*",
    re.IGNORECASE,
)
_POSTGRESQL_NAMES = {
    "integer": "int4", "int": "int4", "bigint": "int8", "smallint": "int2", "real": "float4", "float": "float8", "double precision": "float8",
    "decimal": "numeric", "boolean": "bool", "char": "bpchar", "character": "bpchar", "character varying": "varchar",
    "time without time zone": "time", "time with time zone": "timetz", "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}  # fmt: skip

_FRACTION = 7  # digits of a second
_DECIMALS = ("decimal", "numeric")


def parsed(sql_type: str, vendor: str) -> SqlType:
    """Return what the vendor will make of a type that is written as `FORM`."""
    match = FORM.fullmatch(sql_type)
    if match is None:
        return SqlType(Kind.OTHER, sql_type)
    name, first, second = match[1].lower(), match[2], match[3]
    figures = int(first) if first and first.isdigit() else None
    scale = int(second or 0) if figures is not None else None
    if vendor == "sqlite":
        return sqlite.sql_type(sql_type)
    if vendor == "mysql":
        return mysql.sql_type(name, sql_type, "", figures or 10, scale or 0)
    if vendor == "microsoft":
        length = -1 if first == "max" else (figures or 1) * (2 if name.startswith("n") else 1)
        return mssql.sql_type(
            name,
            length,
            figures or 18,
            (scale or 0) if name in _DECIMALS else (_FRACTION if figures is None else figures),
        )
    full = name + (f" {match[4].lower()}" if match[4] else "")
    kind = postgresql.kind_of(_POSTGRESQL_NAMES.get(full, name))
    spelled = f"{full}({figures})" if figures and kind is Kind.TEXT else full
    return SqlType(kind, spelled, *((figures, scale) if kind is Kind.DECIMAL else ()))
