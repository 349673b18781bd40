"""How PostgreSQL casts, compares, spells and takes values.

Values are sent as text whose type a cast in the statement names, so that one prepared statement
serves whatever value comes.
"""

from __future__ import annotations

import re
from typing import Any

from dynamic_databases.catalog.types import Kind, SqlType
from schema.json_paths import parse_path, quoted_path
from schema.plan.nodes import Function, Op, Use
from schema.sql.binding import big_integer, json_text, single, storable_text
from schema.sql.operators import OF_OWN_TYPES, STATISTICS
from schema.sql.statement import Binder, Sql, sql

# Infinity, BC and years beyond 9999 are no dates in JSON; NaN and infinity no numbers.
SPELLED: dict[Kind, str] = {
    Kind.BIGINT: "{0}::text",
    Kind.DECIMAL: "nullif(nullif(nullif({0}::text, 'NaN'), 'Infinity'), '-Infinity')",
    Kind.FLOAT: "CASE WHEN {0} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {0} END",
    Kind.BINARY: "translate(encode({0}, 'base64'), E'\\n', '')",
    Kind.DATE: "CASE WHEN {0} BETWEEN '0001-01-01' AND '9999-12-31' THEN {0} END",
    Kind.TIME: "CASE WHEN {0} < '24:00' THEN {0} END",
    Kind.LOCAL_DATETIME: "CASE WHEN {0} >= '0001-01-01' AND {0} < '10000-01-01' THEN {0} END",
    Kind.DATETIME: "CASE WHEN {0} >= '0001-01-01+00' AND {0} < '10000-01-01+00' THEN {0} END",
    Kind.DURATION: "{0}::text",
    Kind.OTHER: "{0}::text",
}
JSON_CASTS = {
    Kind.TEXT: "{0}::text",
    Kind.DECIMAL: "CASE jsonb_typeof({0}::jsonb) WHEN 'number' THEN {0}::text::numeric END",
}
OF_FLOATS = STATISTICS
OF_BOOLEANS = {Function.BOOL_AND: "bool_and", Function.BOOL_OR: "bool_or"}
_CASTS = {
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
    Kind.BIGINT: "bigint",
    Kind.DECIMAL: "numeric",
    Kind.FLOAT: "double precision",
    Kind.BINARY: "bytea",
    Kind.DATE: "date",
    Kind.TIME: "time",
    Kind.LOCAL_DATETIME: "timestamp",
    Kind.DATETIME: "timestamptz",
    Kind.DURATION: "interval",
    Kind.UUID: "uuid",
}
_BOUND: dict[Kind, Binder] = {
    Kind.BOOLEAN: lambda value: "true" if value else "false",
    Kind.INTEGER: str,
    Kind.BIGINT: lambda value: str(big_integer(value)),
    Kind.DECIMAL: lambda value: format(value, "f"),
    Kind.FLOAT: lambda value: repr(float(value)),
    Kind.BINARY: lambda value: "\\x" + bytes(value).hex(),
    Kind.DATE: lambda value: value.isoformat(),
    Kind.TIME: lambda value: value.isoformat(),
    Kind.LOCAL_DATETIME: lambda value: value.isoformat(),
    Kind.DATETIME: lambda value: value.isoformat(),
    Kind.JSON: json_text,
}

DATES = (Kind.DATE, Kind.LOCAL_DATETIME, Kind.DATETIME)
_LENGTH = re.compile(r"\(\d+(?:,-?\d+)?\)")


def cast(sql_type: SqlType, use: Use = Use.VALUE) -> str:
    """Return the type that a value is cast to; names from the catalog are quoted there already.

    A cast to varchar(n) or bit(n) would cut silently, and one to a domain would refuse a value
    that no row has.
    """
    if sql_type.kind is Kind.TEXT:
        return _text_cast(sql_type)
    if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
        element = "numeric" if is_money(sql_type) else _element_cast(sql_type.element)
        return f"{element}[]"
    if sql_type.kind is Kind.OTHER:
        return _whole(sql_type.plain)
    if sql_type.kind is Kind.ENUM:
        return sql_type.plain  # a domain over an enum has no operators: see `operand`
    if use is Use.RAW and is_single(sql_type):
        return "real"  # its own digits, which are others' of a double
    return _CASTS.get(sql_type.kind, sql_type.name)


def operator(symbol: str, sql_type: SqlType) -> str:
    """Return an operator; that of a type beyond the search path is named with its schema."""
    schema, _, name = sql_type.plain.rpartition(".")
    is_far = sql_type.kind is Kind.TEXT and name == "citext" and schema
    schema = schema if is_far else sql_type.operators
    return f"OPERATOR({schema}.{symbol})" if schema else symbol


def of_own_type(op: Op, sql_type: SqlType) -> tuple[str, str]:
    """Return an operator of `OF_OWN_TYPES` and its operand's type, with their schema if far."""
    symbol, own = OF_OWN_TYPES[op]
    schema = sql_type.operators
    return operator(symbol, sql_type), f"{schema}.{own}" if schema else own


def operand(subject: Sql, sql_type: SqlType) -> Sql:
    """Return what can be compared with a value of `cast`.

    PostgreSQL has no operators for a domain over an enum, a range or a composite. Money is compared
    as the number that it is: as text it depends on lc_monetary.
    """
    if is_money(sql_type):
        return sql("{}::numeric{}", subject, _brackets(sql_type))
    return sql("{}::{}", subject, _whole(sql_type.base)) if _is_far_domain(sql_type) else subject


def is_money(sql_type: SqlType) -> bool:
    """Return whether values are money, or lists of it."""
    one = sql_type.element or sql_type
    return one.kind is Kind.DECIMAL and one.plain == "money"


def _brackets(sql_type: SqlType) -> str:
    return "[]" if sql_type.kind is Kind.ARRAY else ""


def _is_far_domain(sql_type: SqlType) -> bool:
    """Return whether this is a domain over a type that isn't compared by operators of its own."""
    return sql_type.kind in (Kind.ENUM, Kind.OTHER) and bool(sql_type.base)


def aggregate(function: Function, column: str, sql_type: SqlType, each: str = "") -> str:
    """Return an aggregate of a column; `each` is DISTINCT or empty."""
    if function is Function.SUM and is_single(sql_type):
        return f"sum({each}{column})::text::double precision"  # the digits that are answered
    number = operand(Sql(column), sql_type).text
    if function in OF_FLOATS:
        return f"{OF_FLOATS[function]}({each}{number}::double precision)"
    value = f"{OF_BOOLEANS.get(function, function)}({each}{number})"
    if function.is_extreme and sql_type.kind is Kind.OTHER:
        return f"{value}::{sql_type.plain}"  # of a regclass it is the OID
    return value


def is_citext(sql_type: SqlType) -> bool:
    return sql_type.kind is Kind.TEXT and sql_type.plain.rpartition(".")[2] == "citext"


def is_jsonb(sql_type: SqlType) -> bool:
    return sql_type.kind is Kind.JSON and sql_type.plain == "jsonb"


def jsonpath(path: Any) -> str:
    """Return a path of keys and places as SQL/JSON has it: none of it is taken apart by itself."""
    return f"strict {quoted_path(parse_path(storable_text(path)))}"


def path_steps(path: Any) -> str:
    return array_text(list(parse_path(storable_text(path))))


def is_single(sql_type: SqlType) -> bool:
    """Return whether this is a float of single precision."""
    return sql_type.kind is Kind.FLOAT and sql_type.plain == "real"


def exact(expression: str, sql_type: SqlType) -> str:
    """Return an expression whose equality is one to the letter.

    An interval of 30 days equals a month, 1.5 equals 1.50, -0 equals 0, and collations need not be
    deterministic.
    """
    if sql_type.kind is Kind.TEXT and not is_citext(sql_type):
        return f'{expression} COLLATE "C"'
    if is_money(sql_type):
        expression = f"{expression}::money{_brackets(sql_type)}"
    if sql_type.kind is Kind.FLOAT:
        return f"{expression}::{'real' if is_single(sql_type) else 'double precision'}::text"
    if _is_exact(sql_type):
        return expression
    return f'{expression}::text COLLATE "C"'


def _is_exact(sql_type: SqlType) -> bool:
    """Return whether the type's own equality is one to the letter."""
    if sql_type.kind is Kind.DECIMAL:
        return sql_type.scale is not None
    if _is_far_domain(sql_type):
        return False
    loose = (Kind.TEXT, Kind.JSON, Kind.OTHER, Kind.DURATION, Kind.ARRAY)
    return sql_type.kind not in loose


def may_lose(element: SqlType) -> bool:
    """Return whether an array, or a column, may hold such values that are answered as null."""
    kinds = (Kind.DECIMAL, Kind.FLOAT, Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME)
    return element.kind in (*kinds, Kind.JSON, Kind.ARRAY)


def elements(column: str, element: SqlType) -> str:
    """Return an array's elements as rows `e(v, i)`; FROM unnest takes composites apart."""
    if element.kind is Kind.OTHER:
        return f"(SELECT unnest({column}) v, generate_subscripts({column}, 1) i) e"
    return f"unnest({column}) WITH ORDINALITY e(v, i)"


def _text_cast(sql_type: SqlType) -> str:
    plain = sql_type.plain
    if plain == "name" or is_citext(sql_type):
        return plain
    return "bpchar" if _LENGTH.sub("", plain) == "character" else "text"


def _whole(spelled: str) -> str:
    """Return a type without its length; "bit" alone is of one digit where it isn't quoted."""
    plain = _LENGTH.sub("", spelled)
    return '"bit"' if plain == "bit" else plain


def _element_cast(element: SqlType) -> str:
    """Return the type of an array's elements as it is: other arrays have no operator with it."""
    if element.base or element.kind is Kind.ENUM:
        return element.name
    plain = _whole(element.name)
    return "bpchar" if plain == "character" else plain


def bound(sql_type: SqlType) -> Binder:
    if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
        element: Binder = bound(sql_type.element)
        return _array_binder(element)
    bind: Binder = _BOUND.get(sql_type.kind, storable_text)
    if is_single(sql_type):
        return lambda value: None if value is None else repr(single(value))
    return lambda value: None if value is None else bind(value)


def _array_binder(element: Binder) -> Binder:
    def bind(value: Any) -> str | None:
        return None if value is None else array_text([element(item) for item in value])

    return bind


def array_text(items: list[Any]) -> str:
    """Return an array in PostgreSQL's text form (manual, §8.15.6)."""
    return (
        "{" + ",".join("NULL" if item is None else _array_item(str(item)) for item in items) + "}"
    )


def _array_item(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
