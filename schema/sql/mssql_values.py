"""How SQL Server spells, compares and takes values: what both executions share.

A parameter has a type there before it has a value, and NULL's is a text: each is cast to what it is
for. Conditions on texts mind the case whatever the column's collation.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from dynamic_databases.catalog.code_pages import first_lost, refusal
from dynamic_databases.catalog.types import Kind, SqlType
from schema.errors import BadUserInput, TooComplex
from schema.plan.nodes import Function, Op, Slot, Use
from schema.sql.binding import big_integer, json_text, like_pattern, storable_text
from schema.sql.statement import Binder, Sql, sql, value_of

# COLLATE converts a varchar to its own code page, and what that lacks becomes `?`: hence nvarchar.
_WIDE = "CAST({} AS nvarchar(max))"
_LITERALLY = "COLLATE Latin1_General_BIN2"
CONDITIONS = {
    Op.LIKE: f"{_WIDE} {_LITERALLY} LIKE {{}}",
    Op.NLIKE: f"{_WIDE} {_LITERALLY} NOT LIKE {{}}",
    Op.ILIKE: f"LOWER({_WIDE}) {_LITERALLY} LIKE LOWER({{}})",
    Op.NILIKE: f"LOWER({_WIDE}) {_LITERALLY} NOT LIKE LOWER({{}})",
}
_JSON_TEXT = "CAST({0} AS nvarchar(max))"
JSON_CASTS = {
    Kind.TEXT: _JSON_TEXT,
    Kind.DECIMAL: (
        f"COALESCE(TRY_CAST({_JSON_TEXT} AS decimal(38, 10)),"
        f" TRY_CAST(TRY_CAST({_JSON_TEXT} AS float) AS decimal(38, 10)))"
    ),
}
AGGREGATES = {
    Function.SUM: "SUM",
    Function.AVG: "AVG",
    Function.MIN: "MIN",
    Function.MAX: "MAX",
    Function.STDDEV: "STDEV",
    Function.STDDEV_SAMP: "STDEV",
    Function.STDDEV_POP: "STDEVP",
    Function.VARIANCE: "VAR",
    Function.VAR_SAMP: "VAR",
    Function.VAR_POP: "VARP",
}
_OF_COLUMNS = (Function.SUM, Function.MIN, Function.MAX)
OF_FLOATS = {name: text for name, text in AGGREGATES.items() if name not in _OF_COLUMNS}


def aggregate(function: Function, column: str, sql_type: SqlType, each: str = "") -> str:
    """Return an aggregate of a column; `each` is DISTINCT or empty."""
    if function in OF_FLOATS:
        column = f"CAST({column} AS float)"
    elif function is Function.SUM and sql_type.kind is Kind.INTEGER:
        column = f"CAST({column} AS bigint)"
    return f"{AGGREGATES[function]}({each}{column})"


_CASTS = {
    Kind.BOOLEAN: "bit",
    Kind.INTEGER: "int",
    Kind.BIGINT: "bigint",
    Kind.FLOAT: "float",
    Kind.BINARY: "varbinary(max)",
    Kind.DATE: "date",
    Kind.TIME: "time(7)",
    Kind.LOCAL_DATETIME: "datetime2(7)",
    Kind.DATETIME: "datetimeoffset(7)",
    Kind.UUID: "uniqueidentifier",
}
_OLD_MOMENTS = ("datetime", "smalldatetime")  # compared as they are rounded
_COMPARED_AS = {"text": "nvarchar(max)", "ntext": "nvarchar(max)", "image": "varbinary(max)"}
_FINE = ("time(7)", "datetime2(7)", "datetimeoffset(7)")
_MAX_DIGITS = 38  # of a decimal


def cast(sql_type: SqlType) -> str | None:
    """Return the type that a value is cast to; None where a text goes as it is."""
    if sql_type.kind is Kind.DECIMAL:
        return f"decimal({_MAX_DIGITS}, {_scale(sql_type)})"
    if sql_type.name == "sql_variant":
        return "nvarchar(4000)"
    return _CASTS.get(sql_type.kind)


def _scale(sql_type: SqlType) -> int:
    """Return ten digits after the point, or as many as leave room for those before it."""
    scale = sql_type.scale or 0
    whole = 0 if sql_type.precision is None else sql_type.precision - scale
    return min(max(scale, 10), _MAX_DIGITS - whole)


def slot(slot: Slot) -> Sql:
    """Return a slot's placeholder with its type."""
    kind = cast(slot.type)
    typed = sql("CAST({} AS {})", value_of(slot), kind) if kind else value_of(slot)
    if slot.type.name in _OLD_MOMENTS:
        return sql("CAST({} AS {})", typed, slot.type.name)
    return typed


def compared_as(sql_type: SqlType) -> str | None:
    """Return what a column of a type that can't be compared is cast to; None for any other."""
    return _COMPARED_AS.get(sql_type.name)


def comparable(expression: str, sql_type: SqlType) -> str:
    """Return a column as something that can be compared."""
    other = compared_as(sql_type)
    return f"CAST({expression} AS {other})" if other else expression


def is_fine(sql_type: SqlType) -> bool:
    """Return whether moments have a seventh digit, which no answer carries."""
    return sql_type.name in _FINE


def last_alike(moment: Sql) -> Sql:
    """Return the last moment that is answered as this one is."""
    return sql("DATEADD(nanosecond, 900, {})", moment)


def as_answered(expression: str, sql_type: SqlType) -> str:
    """Return a column without the seventh digit of its moments."""
    if not is_fine(sql_type):
        return expression
    return f"DATEADD(nanosecond, -(DATEPART(nanosecond, {expression}) % 1000), {expression})"


def collated(expression: str, sql_type: SqlType) -> str:
    """Return a text from elsewhere with its column's collation; two implicit ones are error 468."""
    if sql_type.kind is not Kind.TEXT:
        return expression
    return f"{expression} COLLATE {sql_type.collation or 'DATABASE_DEFAULT'}"


def exact(expression: str, sql_type: SqlType) -> str:
    """Return an expression with exact equality: bytes, because texts would be folded."""
    if sql_type.kind in (Kind.TEXT, Kind.ENUM, Kind.JSON):
        return f"CAST(CAST({expression} AS nvarchar(max)) AS varbinary(max))"
    if sql_type.kind is Kind.OTHER:
        return f"CAST({as_text(expression, sql_type)} AS varbinary(max))"
    if sql_type.name == "timestamp":  # else both sides would become one
        return f"CAST({expression} AS binary(8))"
    return comparable(expression, sql_type)


def as_text(expression: str, sql_type: SqlType) -> str:
    """Return what stands for a value that no scalar carries."""
    if sql_type.name in ("geometry", "geography"):
        return f"{expression}.STAsText()"
    return f"CAST({expression} AS nvarchar({'4000' if sql_type.name == 'sql_variant' else 'max'}))"


def python_text(expression: str, sql_type: SqlType) -> str | None:
    """Return a column as the text that is spelled in Python; None where its value is."""
    if sql_type.kind in (Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME):
        return f"CONVERT(varchar(34), {expression}, 126)"
    return as_text(expression, sql_type) if sql_type.kind is Kind.OTHER else None


def json_value(expression: str, sql_type: SqlType) -> str:
    """Return a column as FOR JSON spells it right. Raises TooComplex if it can't."""
    if sql_type.kind is Kind.FLOAT:
        raise TooComplex("FOR JSON writes floats in a form of its own.")
    if sql_type.kind is Kind.OTHER:
        return as_text(expression, sql_type)
    if "money" in sql_type.name:
        return f"CONVERT(varchar(42), {expression}, 2)"
    return _SPELLED.get(sql_type.kind, "{0}").replace("{0}", expression)


def _trimmed(text: str, whole: int) -> str:
    """Return a text whose fraction, after `whole` characters and a dot, has no zeros at its end."""
    fraction = f"SUBSTRING({text}, {whole + 2}, 6)"
    kept = f"'.' + REPLACE(RTRIM(REPLACE({fraction}, '0', ' ')), ' ', '0')"
    return f"LEFT({text}, {whole}) + CASE WHEN {fraction} = '000000' THEN '' ELSE {kept} END"


_UTC = "CAST(SWITCHOFFSET({0}, '+00:00') AS datetime2(7))"
_SPELLED: dict[Kind, str] = {
    Kind.BIGINT: "CAST({0} AS varchar(20))",
    Kind.DECIMAL: "CONVERT(varchar(42), {0})",
    Kind.DATE: "CONVERT(varchar(10), {0}, 23)",
    Kind.TIME: _trimmed("CONVERT(varchar(16), CAST({0} AS time(7)), 126)", 8),
    Kind.LOCAL_DATETIME: _trimmed("CONVERT(varchar(27), CAST({0} AS datetime2(7)), 126)", 19),
    Kind.DATETIME: _trimmed(f"CONVERT(varchar(27), {_UTC}, 126)", 19) + " + '+00:00'",
    Kind.UUID: "LOWER(CAST({0} AS varchar(36)))",
    Kind.JSON: "JSON_QUERY({0})",
}
_BOUND: dict[Kind, Binder] = {
    Kind.BOOLEAN: int,
    Kind.INTEGER: int,
    Kind.BIGINT: big_integer,
    Kind.DECIMAL: lambda value: format(value, "f"),
    Kind.FLOAT: float,
    Kind.BINARY: bytes,
    Kind.DATE: lambda value: value.isoformat(),
    Kind.TIME: lambda value: value.isoformat(),
    Kind.LOCAL_DATETIME: lambda value: value.isoformat(),
    Kind.DATETIME: lambda value: value.isoformat(),
    Kind.UUID: str,
    Kind.JSON: json_text,
}


def binder(slot: Slot) -> Binder:
    """Return what turns a coerced value into the driver's."""
    if slot.use in (Use.PATTERN, Use.ICASE_PATTERN):
        return pattern
    if slot.use is Use.RAW:
        return _as_it_is
    if slot.use is Use.STORED:
        return partial(_storable, slot.type)
    bind: Binder = _BOUND.get(slot.type.kind, storable_text)
    if slot.use is Use.LIST:
        return lambda values: json_text([_plain(bind(value)) for value in values])
    return lambda value: None if value is None else bind(value)


def stored(slot: Slot) -> Slot:
    """Return the slot of a value that is to be kept in a column."""
    is_kept = slot.use is Use.VALUE and slot.type.kind is Kind.TEXT and slot.type.code_page
    return replace(slot, use=Use.STORED) if is_kept else slot


def _storable(sql_type: SqlType, value: Any) -> str | None:
    """Return a text that a column can hold. Raises BadUserInput."""
    if value is None:
        return None
    text = storable_text(value)
    lost = first_lost(text, sql_type.code_page)
    if lost is not None:
        raise BadUserInput(refusal(sql_type.name, sql_type.code_page, lost))
    return text


def pattern(value: Any) -> str:
    """Return a LIKE pattern whose escaped characters, and brackets, stand in brackets."""
    parts: list[str] = []
    characters = iter(like_pattern(value))
    for character in characters:
        literal = next(characters) if character == "\\" else ""
        if literal or character == "[":
            one = literal or character
            parts.append(f"[{one}]" if one in "%_[" else one)
        else:
            parts.append(character)
    return "".join(parts)


def _plain(value: Any) -> Any:
    return f"0x{value.hex()}" if isinstance(value, bytes) else value


def _as_it_is(value: Any) -> Any:
    return value
