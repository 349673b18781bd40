"""What a new column's type may be called, and whether one type holds all that another does.

A type is a GraphQL scalar (`Int`, `String(120)`, `Decimal(12,2)`) or a SQL type of the vendor.
Names of SQL types are taken from a list, never passed on, because they become part of a statement.
"""

from __future__ import annotations

import re

from dynamic_databases.catalog.type_parser import FORM
from dynamic_databases.catalog.types import Kind, SqlType
from dynamic_databases.columns.vendors.dispatch import columns_of
from dynamic_databases.columns.vendors.standard import UNBOUNDED
from dynamic_databases.errors import ColumnRefused

_SUFFIXES = {"unsigned"}  # which some vendors alone have
_LONG_NAMES = {"double precision", "character varying", "character"}  # PostgreSQL's and SQLite's
_INTEGERS = {
    "tinyint": 1,
    "smallint": 2,
    "int2": 2,
    "mediumint": 3,
    "int": 4,
    "integer": 4,
    "int4": 4,
    "bigint": 8,
    "int8": 8,
}
_ANY_NUMBER = 40  # characters that spell any number or UUID
_COARSE_TIMES = {"smalldatetime": -1}  # minutes
# kinds whose values another kind holds without loss
_HOLDS = {
    (Kind.INTEGER, Kind.BIGINT),
    (Kind.INTEGER, Kind.FLOAT),
    (Kind.DATE, Kind.LOCAL_DATETIME),
    (Kind.INTEGER, Kind.TEXT),
    (Kind.BIGINT, Kind.TEXT),
    (Kind.UUID, Kind.TEXT),
}


def sql_type_of(text: str, vendor: str) -> str:
    """Return the vendor's spelling of a type. Raises ColumnRefused, which lists the types."""
    match = FORM.fullmatch(text)
    name = match[1] if match else ""
    figures = [figure for figure in (match[2], match[3]) if figure] if match else []
    size = f"({','.join(figures)})" if figures else ""
    types = columns_of(vendor).types
    suffix = match[4].lower() if match and match[4] else ""
    if name in types.scalars and not suffix:
        template = types.scalars[name]
        if size and "{}" in template:
            return template.format(size)
        if not size:
            return types.plain.get(name, template)
    sql_names = types.sql.split()
    is_sql = name.lower() in {*sql_names, *_LONG_NAMES}
    if match is None or not is_sql or (suffix in _SUFFIXES and suffix not in types.suffixes):
        raise ColumnRefused(
            f"{text!r} is no type of a column here. Write a GraphQL scalar"
            f" ({', '.join(types.scalars)}; String(120), Decimal(12,2))"
            f" or a SQL type such as {sql_names[0]}."
        )
    return f"{name.lower()}{size}{f' {suffix}' if suffix else ''}"


def literal_of(text: str, kind: Kind) -> str:
    """Return a column's default as SQL. Raises ColumnRefused where it is none of this kind."""
    if kind in (Kind.INTEGER, Kind.BIGINT) and re.fullmatch(r"-?\d{1,19}", text):
        return text
    if kind in (Kind.DECIMAL, Kind.FLOAT) and re.fullmatch(r"-?\d{1,38}(\.\d{1,38})?", text):
        return text
    if kind is Kind.BOOLEAN and text.lower() in ("true", "false"):
        return "1" if text.lower() == "true" else "0"
    if kind in (
        Kind.TEXT,
        Kind.DATE,
        Kind.LOCAL_DATETIME,
        Kind.DATETIME,
        Kind.TIME,
        Kind.UUID,
    ) and ("\\" not in text and "\0" not in text):
        return "'" + text.replace("'", "''") + "'"
    raise ColumnRefused(f"{text!r} can't be the default of a column of this type.")


def holds_all_of(new: SqlType, old: SqlType, vendor: str) -> bool:
    """Return whether every value of `old` is a value of `new`; where that isn't certain, False."""
    if new == old or ((old.kind, new.kind) in _HOLDS and _text_size(new, vendor) >= _ANY_NUMBER):
        return True
    if old.kind in (Kind.INTEGER, Kind.BIGINT) and new.kind in (Kind.INTEGER, Kind.BIGINT):
        return _INTEGERS.get(_base(new), 0) >= _INTEGERS.get(_base(old), 9)
    return old.kind is new.kind and _holds_same_kind(new, old, vendor)


def _holds_same_kind(new: SqlType, old: SqlType, vendor: str) -> bool:
    match old.kind:
        case Kind.TEXT:
            # Of SQL Server's texts those without an n hold the characters of one code page.
            loses_characters = _base(old).startswith("n") and not _base(new).startswith("n")
            return not loses_characters and _text_size(new, vendor) >= _text_size(old, vendor)
        case Kind.DECIMAL:
            return _holds_decimals(new, old)
        case Kind.BOOLEAN | Kind.DATE | Kind.UUID | Kind.JSON:
            return True
        case Kind.TIME | Kind.LOCAL_DATETIME | Kind.DATETIME:
            return _fraction(new, vendor) >= _fraction(old, vendor)
        case _:
            return _base(new) == _base(old)


def _fraction(sql_type: SqlType, vendor: str) -> int:
    """Return how many digits of a second a type of time keeps."""
    figures = re.search(r"\((\d+)\)", sql_type.name)
    if figures is not None:
        return int(figures[1])
    if _base(sql_type) in _COARSE_TIMES:
        return _COARSE_TIMES[_base(sql_type)]
    return columns_of(vendor).types.fraction


def _holds_decimals(new: SqlType, old: SqlType) -> bool:
    if new.precision is None:
        return True
    if old.precision is None:
        return False
    new_scale, old_scale = new.scale or 0, old.scale or 0
    return new_scale >= old_scale and new.precision - new_scale >= old.precision - old_scale


def _text_size(sql_type: SqlType, vendor: str) -> int:
    """Return how many characters a type holds at least; of other types than texts, any number."""
    if sql_type.kind is not Kind.TEXT:
        return UNBOUNDED
    name = sql_type.name.lower()
    figures = re.search(r"\((\d+|max)\)", name)
    if figures is not None:
        return UNBOUNDED if figures[1] == "max" else int(figures[1])
    types = columns_of(vendor).types
    return types.text_sizes.get(name.partition("(")[0], types.other_texts)


def _base(sql_type: SqlType) -> str:
    return re.split(r"[( ]", sql_type.name.lower())[0]
