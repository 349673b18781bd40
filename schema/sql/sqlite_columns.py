"""How SQLite spells, orders and compares what a column holds.

A column's word means nothing to SQLite: a date is whatever text an application wrote. It is
compared as it is answered, so that a value that was answered finds its row.
"""

from __future__ import annotations

from dynamic_databases.catalog.types import Kind, SqlType
from schema.plan.nodes import Op, Slot
from schema.sql.operators import COMPARISONS
from schema.sql.sqlite_values import OURS
from schema.sql.statement import PLACE, Sql
from schema.uncarried import MARK

# The plain spellings that databases mostly hold are seen to in SQL; what is left goes to Python.
_SPELLED: dict[Kind, str] = {
    kind: text.replace("gateway_", OURS)
    for kind, text in {
        Kind.BOOLEAN: "json(CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)",
        Kind.INTEGER: (
            "CASE WHEN typeof({0}) = 'integer' AND {0} BETWEEN -2147483648 AND 2147483647 "
            "THEN {0} END"
        ),
        Kind.BIGINT: "CASE WHEN typeof({0}) = 'integer' THEN CAST({0} AS TEXT) END",
        Kind.FLOAT: (
            "CASE WHEN {0} IS NULL THEN NULL "
            "WHEN typeof({0}) = 'real' AND {0} = CAST({0} AS INTEGER) "
            "AND abs({0}) BETWEEN 1 AND 1e14 THEN CAST({0} AS INTEGER) "
            "WHEN typeof({0}) = 'real' AND abs({0}) BETWEEN 0.001 AND 1e14 "
            "AND CAST(printf('%!.15g', {0}) AS REAL) = {0} THEN {0} "
            "ELSE json(coalesce(gateway_float({0}), 'null')) END"
        ),
        Kind.TEXT: "CASE WHEN typeof({0}) <> 'blob' THEN CAST({0} AS TEXT) END",
        Kind.BINARY: "CASE WHEN {0} IS NOT NULL THEN gateway_base64({0}) END",
        Kind.DATE: (
            "CASE WHEN {0} IS NULL THEN NULL "
            "WHEN length({0}) = 10 AND date({0}, '+0 days') = {0} AND {0} >= '0001' THEN {0} "
            "ELSE gateway_date({0}) END"
        ),
        Kind.TIME: (
            "CASE WHEN {0} IS NULL THEN NULL "
            "WHEN {0} GLOB '[0-2][0-9]:[0-5][0-9]:[0-5][0-9]' AND {0} < '24' THEN {0} "
            "ELSE gateway_time({0}) END"
        ),
        Kind.LOCAL_DATETIME: (
            "CASE WHEN {0} IS NULL THEN NULL "
            "WHEN length({0}) = 19 AND datetime({0}, '+0 days') = replace({0}, 'T', ' ') "
            "AND {0} >= '0001' THEN replace({0}, ' ', 'T') "
            "ELSE gateway_local_datetime({0}) END"
        ),
        Kind.DATETIME: (
            "CASE WHEN {0} IS NULL THEN NULL "
            "WHEN length({0}) = 19 AND datetime({0}, '+0 days') = replace({0}, 'T', ' ') "
            "AND {0} >= '0001' THEN replace({0}, ' ', 'T') || '+00:00' "
            "ELSE gateway_datetime({0}) END"
        ),
        Kind.UUID: "CASE WHEN {0} IS NOT NULL THEN gateway_uuid({0}) END",
        Kind.JSON: "json(CASE WHEN json_valid({0}) THEN {0} ELSE 'null' END)",
        Kind.OTHER: "CASE WHEN typeof({0}) <> 'blob' THEN CAST({0} AS TEXT) END",
    }.items()
}
# A float that has no more places than its column is printed as it is.
_DECIMAL = (
    "CASE WHEN {0} IS NULL THEN NULL "
    "WHEN typeof({0}) = 'real' AND abs({0}) < 1e11 AND round({0}, {1}) = {0} "
    "THEN printf('%.{1}f', {0} + 0.0) "
    f"ELSE {OURS}decimal({{0}}, {{1}}) END"
)

_WITHOUT_ELSE = (Kind.INTEGER, Kind.BIGINT, Kind.TEXT, Kind.OTHER)
_MOMENTS = (Kind.LOCAL_DATETIME, Kind.DATETIME)
_RESPELLED = (Kind.DATE, Kind.TIME, *_MOMENTS)
# A column without a type keeps numbers as numbers, one of BLOB texts as texts. All that may be
# stored for an answer is listed, so that an index is searched.
# The plus takes away an affinity, which would make a number of the column's texts.
_AS_NUMBER = " UNION ALL SELECT +CAST({1} AS #) WHERE CAST(CAST({1} AS #) AS TEXT) = {1}"
_NUMBERS = _AS_NUMBER.replace("#", "INTEGER") + _AS_NUMBER.replace("#", "REAL")
_LOOSELY = {
    Kind.OTHER: f"{{0}} IN (SELECT {{1}}{_NUMBERS})",
    Kind.BINARY: (
        "{0} IN (SELECT {1} UNION ALL SELECT CAST({1} AS TEXT)"
        + _NUMBERS.replace("{1}", "CAST({1} AS TEXT)")
        + ")"
    ),
}
_MAX_SCALE = 15  # digits that a float has after its point
_FROM, _UNTIL = (Op.EQ, Op.GT, Op.GTE), (Op.EQ, Op.LT, Op.LTE)


def spelled(column: str, sql_type: SqlType) -> str:
    """Return a column expression as JSON has it."""
    if sql_type.kind is Kind.DECIMAL and sql_type.scale is not None and sql_type.scale <= 4:
        return _DECIMAL.replace("{1}", str(sql_type.scale)).replace("{0}", column)
    if sql_type.kind is Kind.DECIMAL:
        scale = "NULL" if sql_type.scale is None else sql_type.scale
        return f"{OURS}decimal({column}, {scale})"
    return _SPELLED[sql_type.kind].replace("{0}", column)


def required(column: str, sql_type: SqlType) -> str:
    """Return the same, or MARK where the type can't carry what the column holds."""
    value = spelled(column, sql_type)
    if sql_type.kind in (Kind.BOOLEAN, Kind.FLOAT):  # which are JSON already
        return value.replace("'null'", f"'\"{MARK}\"'")
    if sql_type.kind in _WITHOUT_ELSE:  # not coalesce: the parser's stack is small
        return f"{value.removesuffix(' END')} ELSE '{MARK}' END"
    return value if sql_type.kind is Kind.BINARY else f"coalesce({value}, '{MARK}')"


def lost(column: str, sql_type: SqlType) -> str:
    """Return whether the type can't carry what a column holds, as a condition."""
    if sql_type.kind is Kind.JSON:
        return f"NOT json_valid({column})"
    if sql_type.kind is Kind.BINARY:
        return ""
    return f"{required(column, sql_type)} LIKE '%{MARK}%'"


def is_respelled(sql_type: SqlType) -> bool:
    """Return whether columns of a type are compared as they are answered."""
    scale = sql_type.scale if sql_type.kind is Kind.DECIMAL else None
    has_places = scale is not None and 0 <= scale <= _MAX_SCALE
    return has_places or sql_type.kind in (*_RESPELLED, Kind.UUID)


def is_loose(sql_type: SqlType) -> bool:
    """Return whether columns of a type hold texts or numbers as they are given."""
    return sql_type.kind in _LOOSELY


def is_equality(op: Op) -> bool:
    return op in (Op.EQ, Op.NEQ)


def equals_loosely(column: str, op: Op, slot: Slot) -> Sql:
    """Return the comparison of such a column with a value as it is answered."""
    template = _LOOSELY[slot.type.kind]
    if op is Op.NEQ:
        template = template.replace(" IN ", " NOT IN ", 1)
    return _filled(template.replace("{0}", column).replace("{1}", PLACE), slot)


def comparable(column: str, sql_type: SqlType) -> str:
    """Return what a column is compared by; what can't be answered counts as it is."""
    if sql_type.kind is Kind.BINARY:
        return f"CAST({column} AS BLOB)"
    if sql_type.kind is Kind.DECIMAL:
        return (
            f"CASE WHEN typeof({column}) = 'real' AND round({column}, {sql_type.scale}) <> {column}"
            f" THEN CAST({OURS}decimal({column}, {sql_type.scale}) AS NUMERIC) ELSE {column} END"
        )
    return f"coalesce({spelled(column, sql_type)}, {column})"


def ordered_by(column: str, sql_type: SqlType) -> str:
    """Return what a column is ordered by: dates begin alike however they are spelled."""
    is_other = sql_type.kind in (Kind.TIME, *_MOMENTS)
    return comparable(column, sql_type) if is_other else column


def compare(column: str, op: Op, slot: Slot) -> Sql:
    """Return the comparison of a column with a slot that is bound as the API spells it.

    What an index can be searched with comes first.
    """
    if slot.type.kind is Kind.UUID and op in (Op.EQ, Op.NEQ, Op.IN, Op.NIN):
        word = "IN" if op in (Op.EQ, Op.IN) else "NOT IN"
        return _filled(f"{column} {word} {_each('value')}", slot)
    if op in (Op.IN, Op.NIN):
        return _membership(column, op, slot)
    low, high = _bounds(PLACE, slot.type)
    value = _value(PLACE, slot.type)
    parts = [f"{column} > {low}"] if low and op in _FROM else []
    parts += [f"{column} < {high}"] if high and op in _UNTIL else []
    parts.append(f"{comparable(column, slot.type)} {COMPARISONS[op]} {value}")
    return _filled(_all(parts), slot)


def differs(column: str, slot: Slot) -> Sql:
    """Return whether a column is answered otherwise than the slot, bound as the API spells it."""
    value = _value(PLACE, slot.type)
    return _filled(f"{comparable(column, slot.type)} IS NOT {value}", slot)


def _membership(column: str, op: Op, slot: Slot) -> Sql:
    value = _value("value", slot.type)
    word = "IN" if op is Op.IN else "NOT IN"
    found = f"{comparable(column, slot.type)} {word} {_each(value)}"
    low, _ = _bounds(f"min({value})", slot.type)
    _, high = _bounds(f"max({value})", slot.type)
    if op is Op.NIN or not low:
        return _filled(found, slot)
    within = [f"{column} > {_each(low)}", f"{column} < {_each(high)}"]
    return _filled(_all([*within, found]), slot)


def _each(expression: str) -> str:
    return f"(SELECT {expression} FROM json_each({PLACE}))"


def _value(text: str, sql_type: SqlType) -> str:
    return f"CAST({text} AS NUMERIC)" if sql_type.kind is Kind.DECIMAL else text


def _bounds(value: str, sql_type: SqlType) -> tuple[str, str]:
    """Return what a column that equals a value is above and below, as SQLite compares it itself.

    Offsets are less than a day, and every spelling of a moment begins with its own day.
    """
    if sql_type.kind in (Kind.DATE, *_MOMENTS):
        return f"date({value}, '-2 days')", f"coalesce(date({value}, '+2 days'), '~')"
    if sql_type.kind is not Kind.DECIMAL:
        return "", ""
    number = _value(value, sql_type)
    margin = f"(1e-{sql_type.scale} + abs({number}) * 1e-14)"
    return f"{number} - {margin}", f"{number} + {margin}"


def _all(parts: list[str]) -> str:
    return f"({' AND '.join(parts)})" if len(parts) > 1 else parts[0]


def _filled(text: str, slot: Slot) -> Sql:
    return Sql(text, (slot,) * text.count(PLACE))
