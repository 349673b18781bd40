"""How MySQL and MariaDB spell, compare and take values: what both executions share."""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable
from typing import Any

from dynamic_databases.catalog.types import Kind, SqlType, labels_of
from schema.json_paths import parse_path, quoted_path
from schema.plan.nodes import Function, Op, Slot, Use
from schema.sql.binding import big_integer, bit_text, json_text, naive_utc, single, storable_text
from schema.sql.large_numbers import bounded
from schema.sql.operators import STATISTICS
from schema.sql.statement import Binder, Sql, sql, value_of

JSON_TYPE = SqlType(Kind.JSON, "json")
NUMBER = SqlType(Kind.BIGINT, "bigint")  # of an ENUM or a SET
_KEYS = "CASE JSON_TYPE({0}) WHEN 'OBJECT' THEN JSON_KEYS({0}) ELSE {0} END"
_LITERALLY = "CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin"
# The templates of conditions; those on texts mind the case whatever the column's collation.
CONDITIONS = {
    Op.IN: "{} IN {}",
    Op.NIN: "{} NOT IN {}",
    Op.LIKE: f"{_LITERALLY} LIKE {{}}",
    Op.NLIKE: f"{_LITERALLY} NOT LIKE {{}}",
    Op.ILIKE: "LOWER(CONVERT({} USING utf8mb4)) COLLATE utf8mb4_bin LIKE LOWER({})",
    Op.NILIKE: "LOWER(CONVERT({} USING utf8mb4)) COLLATE utf8mb4_bin NOT LIKE LOWER({})",
    Op.REGEX: "{} REGEXP CONCAT('(?-i)', {})",
    Op.NREGEX: "{} NOT REGEXP CONCAT('(?-i)', {})",
    Op.IREGEX: "{} REGEXP CONCAT('(?i)', {})",
    Op.NIREGEX: "{} NOT REGEXP CONCAT('(?i)', {})",
    Op.CONTAINS: "JSON_CONTAINS({}, {})",
    Op.CONTAINED_IN: "JSON_CONTAINS({1}, {0})",
    Op.HAS_KEY: f"JSON_CONTAINS({_KEYS}, JSON_QUOTE({{1}}))",
    Op.HAS_KEYS_ALL: f"JSON_CONTAINS({_KEYS}, {{1}})",
    Op.HAS_KEYS_ANY: (
        "EXISTS (SELECT 1 FROM JSON_TABLE({1}, '$[*]' COLUMNS (k LONGTEXT PATH '$')) wanted"
        f" WHERE JSON_CONTAINS({_KEYS}, JSON_QUOTE(wanted.k)))"
    ),
}
JSON_CASTS = {
    Kind.TEXT: "CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin",
    Kind.DECIMAL: (
        "CASE WHEN JSON_TYPE({0}) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')"
        " THEN CAST({0} AS DECIMAL(65,30)) END"
    ),
}
# The server takes the place 0 of what is no array for that itself.
JSON_PART = (
    "CASE WHEN NOT EXISTS (SELECT 1 FROM JSON_TABLE({}, '$[*]' COLUMNS (p LONGTEXT PATH '$')) n"
    " WHERE NOT JSON_TYPE(JSON_EXTRACT({0}, n.p)) <=> 'ARRAY')"
    " THEN JSON_COMPACT(JSON_EXTRACT({0}, {})) END"
)
OF_FLOATS = STATISTICS
_IS_DATE = "{0} >= '0001-01-01' AND MONTH({0}) > 0 AND DAYOFMONTH({0}) > 0"
_MOMENT = "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM DATE_FORMAT({0}, '%Y-%m-%dT%H:%i:%s.%f')))"
_TIME = "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM TIME_FORMAT({0}, '%H:%i:%s.%f')))"
# The server writes 1e20 and 0.00001 where the others write 1e+20 and 1e-05.
TEXT = "CAST({0} AS CHAR)"
_DIGITS = f"REGEXP_REPLACE({TEXT}, '^-?0[.]0*', '')"
_SMALL = (
    f"CONCAT(IF({{0}} < 0, '-', ''), LEFT({_DIGITS}, 1), "
    f"IF(CHAR_LENGTH({_DIGITS}) > 1, CONCAT('.', SUBSTR({_DIGITS}, 2)), ''),"
    f" 'e-', LPAD(CHAR_LENGTH(REGEXP_SUBSTR({TEXT}, '[.]0*')), 2, '0'))"
)
_FLOAT = (
    f"JSON_COMPACT(CASE WHEN {TEXT} LIKE '%e-%' THEN {TEXT} "
    f"WHEN {TEXT} LIKE '%e%' THEN REPLACE({TEXT}, 'e', 'e+')"
    f" WHEN {{0}} = 0 OR ABS({{0}}) >= 0.0001 THEN {TEXT} ELSE {_SMALL} END)"
)
SPELLED: dict[Kind, str] = {
    Kind.BOOLEAN: "JSON_COMPACT(CASE {0} + 0 WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)",
    Kind.BIGINT: TEXT,
    Kind.DECIMAL: TEXT,
    Kind.FLOAT: _FLOAT,
    Kind.BINARY: "REPLACE(TO_BASE64({0}), '\\n', '')",
    Kind.DATE: f"CASE WHEN {_IS_DATE} THEN {TEXT} END",
    Kind.TIME: f"CASE WHEN {{0}} >= '00:00:00' AND {{0}} < '24:00:00' THEN {_TIME} END",
    Kind.LOCAL_DATETIME: f"CASE WHEN {_IS_DATE} THEN {_MOMENT} END",
    Kind.DATETIME: f"CASE WHEN {_IS_DATE} THEN CONCAT({_MOMENT}, '+00:00') END",
    Kind.UUID: TEXT,
    Kind.JSON: "JSON_COMPACT({0})",
}
# Kinds of columns that may hold what is answered as null: zero dates, times beyond a day.
MAY_LOSE = (Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME, Kind.ENUM)
_SPATIAL = (
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geomcollection",
)


class NoValues:
    """An empty list of values: nothing is in it, not even NULL."""

    def __repr__(self) -> str:
        return "no values"


def add_literals(connection: Any) -> None:
    """Teach a connection's driver how an empty list is written."""
    connection.connection.encoders[NoValues] = lambda *_: "(SELECT NULL FROM DUAL WHERE 1 = 0)"


def as_text(column: str, sql_type: SqlType) -> str:
    """Return what stands for a value that no scalar carries."""
    kind = sql_type.name.split("(")[0].lower()
    if kind == "bit":
        return f"LPAD(BIN({column} + 0), {sql_type.name[4:-1]}, '0')"
    if kind in _SPATIAL:
        return f"ST_AsText({column})"
    return f"CAST({column} AS CHAR)"


def is_numbered(sql_type: SqlType) -> bool:
    """Return whether ORDER BY sorts a column by numbers that its texts stand for."""
    return sql_type.kind is Kind.ENUM or _is_set(sql_type)


def as_number(column: str, sql_type: SqlType) -> str:
    """Return a column as the number that it is kept as, where its text loses some of it."""
    if sql_type.name.startswith("bit("):
        return f"({column} + 0)"
    return f"({column} + 0e0)" if is_single(sql_type) or _is_rounded(sql_type) else column


def as_digits(column: str, sql_type: SqlType) -> str:
    """Return a column as a number that is JSON and holds all of it.

    The server writes zeros before a YEAR and a ZEROFILL, and six digits of a FLOAT: where these
    aren't all, it is taken for a double.
    """
    if is_single(sql_type):
        six = f"CAST({column} AS CHAR)"
        return f"IF(CAST({six} AS FLOAT) = {column}, {six} + 0e0, {column} + 0e0)"
    if _is_rounded(sql_type):
        return f"({column} + 0e0)"
    name = sql_type.name.lower()
    return f"({column} + 0)" if name.startswith("year") or "zerofill" in name else column


def written(slot: Slot) -> Sql:
    """Return what is stored of a slot's value; types that are read as text are made of it."""
    kind = slot.type.name.split("(")[0].lower()
    if slot.use is Use.RAW:
        return value_of(slot)
    if slot.type.kind is Kind.OTHER and kind == "bit":
        return sql("CAST(CONV({}, 2, 10) AS UNSIGNED)", value_of(slot))
    if slot.type.kind is Kind.OTHER and kind in _SPATIAL:
        return sql("ST_GeomFromText({})", value_of(slot))
    return value_of(slot)


def json_path(path: Any) -> str:
    return quoted_path(parse_path(storable_text(path)))


def needed_arrays(path: Any) -> str:
    """Return a JSON array of the paths that must lead to arrays."""
    steps = parse_path(storable_text(path))
    places = (place for place, step in enumerate(steps) if isinstance(step, int))
    return json_text([quoted_path(steps[:place]) for place in places])


def aggregate(function: Function, column: str, sql_type: SqlType, each: str = "") -> str:
    """Return an aggregate of a column; `each` is DISTINCT or empty."""
    value = f"{column} + 0e0" if function in OF_FLOATS else column
    name = OF_FLOATS.get(function, str(function))
    if may_overflow(function, sql_type):
        return bounded(function, name, f"({value})", each)
    return f"{name}({each}{value})"


def may_overflow(function: Function, sql_type: SqlType) -> bool:
    """Return whether a column may hold values of which a double can't hold the aggregate."""
    is_double = sql_type.kind is Kind.FLOAT and not is_single(sql_type)
    return is_double and (function is Function.SUM or function in OF_FLOATS)


def stored(sql_type: SqlType) -> str:
    """Return the template of a value as a column holds it: rounded, padded, or without blanks.

    CAST rounds as the server does where it stores a value.
    """
    name = sql_type.name.lower()
    digits = f"({match[1]})" if (match := re.search(r"\((\d+)\)", name)) else ""
    if sql_type.kind is Kind.DECIMAL and sql_type.precision:
        return f"CAST({{}} AS DECIMAL({sql_type.precision}, {sql_type.scale or 0}))"
    if sql_type.kind in (Kind.LOCAL_DATETIME, Kind.DATETIME):
        return f"CAST({{}} AS DATETIME{digits})"
    if sql_type.kind is Kind.TIME:
        return f"CAST({{}} AS TIME{digits})"
    if is_single(sql_type):
        return "CAST({} AS FLOAT)"
    if name.startswith("binary("):
        return f"CAST({{}} AS BINARY{digits})"
    return "TRIM(TRAILING ' ' FROM {})" if name.startswith("char(") else "{}"


def failing(sql_type: SqlType) -> str:
    """Return an expression that fails, of a type that goes together with `sql_type`.

    IF takes no number with a UUID or INET6, and makes a text of YEAR, FLOAT and BIT with a NULL.
    """
    is_text = sql_type.kind in (Kind.UUID, Kind.OTHER) and not sql_type.name.startswith("bit(")
    two_rows = "(SELECT 1 UNION SELECT 2)"
    return f"IF({two_rows}, NULL, NULL)" if is_text else two_rows


def exact(sql_type: SqlType, expression: str) -> str:
    """Return an expression whose equality is one to the letter."""
    if sql_type.kind in (Kind.TEXT, Kind.ENUM):
        return f"CAST(CONVERT({expression} USING utf8mb4) AS BINARY)"
    if sql_type.kind is Kind.JSON:
        return f"JSON_COMPACT({expression})" if sql_type.name == "json" else expression
    if sql_type.kind is Kind.OTHER and expression != "{}":
        return as_text(expression, sql_type)
    return expression


_BOUND: dict[Kind, Binder] = {
    Kind.BOOLEAN: int,
    Kind.INTEGER: int,
    Kind.BIGINT: big_integer,
    Kind.DECIMAL: lambda value: decimal.Decimal(format(value, "f")),
    Kind.FLOAT: float,
    Kind.BINARY: bytes,
    Kind.DATE: lambda value: value.isoformat(),
    Kind.TIME: lambda value: value.isoformat(),
    Kind.LOCAL_DATETIME: lambda value: naive_utc(value).isoformat(sep=" "),
    Kind.DATETIME: lambda value: naive_utc(value).isoformat(sep=" "),
    Kind.JSON: json_text,
}

_RAW: dict[Kind, Callable[[str], Any]] = {
    Kind.BOOLEAN: int,
    Kind.INTEGER: int,
    Kind.BIGINT: int,
    Kind.DECIMAL: decimal.Decimal,
    Kind.FLOAT: float,
}


def _is_set(sql_type: SqlType) -> bool:
    return sql_type.kind is Kind.OTHER and sql_type.name.lower().startswith("set(")


def is_single(sql_type: SqlType) -> bool:
    """Return whether this is a float of single precision, of which the server shows six digits."""
    return sql_type.kind is Kind.FLOAT and sql_type.name.lower().startswith("float")


def shows_fewer_digits(sql_type: SqlType) -> bool:
    """Return whether the server shows a float with fewer digits than it holds."""
    return is_single(sql_type) or _is_rounded(sql_type)


def _is_rounded(sql_type: SqlType) -> bool:
    """Return whether the server shows a double with fewer digits than it may hold: DOUBLE(8,3)."""
    return sql_type.kind is Kind.FLOAT and sql_type.name.lower().startswith("double(")


def _numbers_of(sql_type: SqlType) -> Callable[[str], int]:
    """Return label → number of an ENUM; of a SET the sum of its members' numbers."""
    if sql_type.kind is Kind.ENUM:
        places = {label: number for number, label in enumerate(sql_type.labels, 1)}
        return lambda label: places.get(label, 0)  # a value that was refused is kept as 0
    bits = {label: 1 << place for place, label in enumerate(labels_of(sql_type.name))}
    return lambda members: sum(bits[member] for member in members.split(",") if member)


def bound(sql_type: SqlType) -> Binder:
    bind: Binder = single if is_single(sql_type) else _BOUND.get(sql_type.kind, storable_text)
    if sql_type.kind is Kind.OTHER and sql_type.name.startswith("bit("):
        bind = bit_text
    return lambda value: None if value is None else bind(value)


def raw(sql_type: SqlType) -> Binder:
    """Text of `key_out` becomes a number again: texts are compared with numbers as floats.

    The labels of an ENUM and a SET become what ORDER BY sorts by (MySQL manual, §11.3.5, §11.3.6).
    """
    bind = _numbers_of(sql_type) if is_numbered(sql_type) else _RAW.get(sql_type.kind)
    if bind is None and sql_type.name.startswith("bit("):
        bind = int
    if bind is None:
        return lambda value: value
    return lambda value: None if value is None else bind(value)
