"""SQLite's dialect. At most 127 arguments to a function; ASCII case in LIKE; no row locks."""

from __future__ import annotations

import math
import sqlite3
import statistics
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from dynamic_databases.catalog.types import Column, Kind, SqlType, TableName
from dynamic_databases.identifiers import quote
from schema import spelling
from schema.plan.nodes import (
    Assignment,
    Compare,
    Function,
    How,
    InsertedRow,
    Op,
    OrderTerm,
    Slot,
    Use,
)
from schema.sql.binding import (
    big_integer,
    escaped,
    glob_pattern,
    json_text,
    like_pattern,
    naive_utc,
    storable_text,
)
from schema.sql.dialect import InPlace
from schema.sql.inserts import INSERTED, insert_returning
from schema.sql.statement import PLACE, Binder, Sql, joined, sql, value_of

_KEYS_PER_OBJECT = 60  # two arguments each, of 127
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "gateway_float": (1, spelling.float_text),
    "gateway_decimal": (
        2,
        lambda value, scale: spelling.decimal_text(value, scale) if value is not None else None,
    ),
    "gateway_date": (1, spelling.date_text),
    "gateway_time": (1, spelling.time_text),
    "gateway_local_datetime": (1, spelling.local_datetime_text),
    "gateway_datetime": (1, spelling.datetime_text),
    "gateway_uuid": (1, spelling.uuid_text),
    "gateway_base64": (1, spelling.base64_text),
    "gateway_has_keys": (3, spelling.has_keys),
    "gateway_inside": (1, lambda text: text[1:-1]),  # an object's text without its braces
}
_FIGURES = {
    Function.SUM: "sum",
    Function.AVG: "avg",
    Function.MIN: "min",
    Function.MAX: "max",
    Function.STDDEV: "gateway_stddev",
    Function.VARIANCE: "gateway_variance",
}
_OPERATORS = {Op.EQ: "=", Op.NEQ: "<>", Op.GT: ">", Op.GTE: ">=", Op.LT: "<", Op.LTE: "<="}
_TEMPLATES = {
    Op.IN: "{} IN (SELECT value FROM json_each({}))",
    Op.NIN: "{} NOT IN (SELECT value FROM json_each({}))",
    Op.LIKE: "{} GLOB {}",
    Op.NLIKE: "{} NOT GLOB {}",
    Op.ILIKE: "{} LIKE {} ESCAPE '\\'",
    Op.NILIKE: "{} NOT LIKE {} ESCAPE '\\'",
    Op.HAS_KEY: "gateway_has_keys({}, json_array({}), 1)",
    Op.HAS_KEYS_ANY: "gateway_has_keys({}, {}, 1)",
    Op.HAS_KEYS_ALL: "gateway_has_keys({}, {}, 0)",
}
# The plain spellings that databases mostly hold are seen to in SQL; what is left goes to Python.
_SPELLED: dict[Kind, str] = {
    Kind.BOOLEAN: "json(CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)",
    Kind.INTEGER: "CASE WHEN typeof({0}) = 'integer' AND {0} BETWEEN -2147483648 AND 2147483647 THEN {0} END",
    Kind.BIGINT: "CASE WHEN typeof({0}) = 'integer' THEN CAST({0} AS TEXT) END",
    Kind.FLOAT: (
        "CASE WHEN {0} IS NULL THEN NULL "
        "WHEN typeof({0}) = 'real' AND {0} = CAST({0} AS INTEGER) AND abs({0}) BETWEEN 1 AND 1e14 THEN CAST({0} AS INTEGER) "
        "WHEN typeof({0}) = 'real' AND abs({0}) BETWEEN 0.001 AND 1e14 AND CAST(printf('%!.15g', {0}) AS REAL) = {0} THEN {0} "
        "ELSE json(coalesce(gateway_float({0}), 'null')) END"
    ),
    Kind.TEXT: "CASE WHEN typeof({0}) <> 'blob' THEN CAST({0} AS TEXT) END",
    Kind.BINARY: "CASE WHEN {0} IS NOT NULL THEN gateway_base64({0}) END",
    Kind.DATE: (
        "CASE WHEN {0} IS NULL THEN NULL "
        "WHEN length({0}) = 10 AND date({0}, '+0 days') = {0} AND {0} >= '0001' THEN {0} ELSE gateway_date({0}) END"
    ),
    Kind.TIME: "CASE WHEN {0} IS NOT NULL THEN gateway_time({0}) END",
    Kind.LOCAL_DATETIME: (
        "CASE WHEN {0} IS NULL THEN NULL "
        "WHEN length({0}) = 19 AND datetime({0}, '+0 days') = replace({0}, 'T', ' ') AND {0} >= '0001' THEN replace({0}, ' ', 'T') "
        "ELSE gateway_local_datetime({0}) END"
    ),
    Kind.DATETIME: "CASE WHEN {0} IS NOT NULL THEN gateway_datetime({0}) END",
    Kind.UUID: "CASE WHEN {0} IS NOT NULL THEN gateway_uuid({0}) END",
    Kind.JSON: "json(CASE WHEN json_valid({0}) THEN {0} ELSE 'null' END)",
    Kind.OTHER: "CASE WHEN typeof({0}) <> 'blob' THEN CAST({0} AS TEXT) END",
}
# A float that has no more places than its column is printed as it is.
_DECIMAL = (
    "CASE WHEN {0} IS NULL THEN NULL "
    "WHEN typeof({0}) = 'real' AND abs({0}) < 1e11 AND round({0}, {1}) = {0} THEN printf('%.{1}f', {0}) "
    "ELSE gateway_decimal({0}, {1}) END"
)
_BOUND: dict[Kind, Binder] = {
    Kind.BOOLEAN: int,
    Kind.BIGINT: big_integer,
    Kind.DECIMAL: lambda value: format(value, "f"),
    Kind.DATE: lambda value: value.isoformat(),
    Kind.TIME: lambda value: value.isoformat(),
    Kind.LOCAL_DATETIME: lambda value: naive_utc(value).isoformat(sep=" "),
    Kind.DATETIME: lambda value: naive_utc(value).isoformat(sep=" "),
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.BINARY: bytes,
    Kind.JSON: json_text,
}


def add_functions(connection: Any, **_kwargs: Any) -> None:
    """Give an SQLite connection the functions that spell values (Django's `connection_created`)."""
    if connection.vendor == "sqlite":
        for name, (arguments, function) in _FUNCTIONS.items():
            connection.connection.create_function(name, arguments, function, deterministic=True)
        connection.connection.create_aggregate("gateway_variance", 1, Variance)
        connection.connection.create_aggregate("gateway_stddev", 1, StandardDeviation)


def fits_parser(statement: str) -> bool:
    """Return whether SQLite's parser takes a statement: before version 3.46 its stack is small.

    An empty database is asked: what is missing there is found out after the parsing only.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(f"EXPLAIN {statement}")
        except sqlite3.Error as error:
            return "parser stack overflow" not in str(error)
    return True


class Variance:
    """The variance of a sample; SQLite has none. NULL below two values."""

    def __init__(self) -> None:
        self._values: list[float] = []

    def step(self, value: object) -> None:
        if isinstance(value, int | float):
            self._values.append(float(value))

    def finalize(self) -> float | None:
        return statistics.variance(self._values) if len(self._values) > 1 else None


class StandardDeviation(Variance):
    """The square root of the variance."""

    def finalize(self) -> float | None:
        variance = super().finalize()
        return None if variance is None else math.sqrt(variance)


class SqliteDialect:
    """See `schema.sql.dialect.Dialect`.

    `deep` computes nested values in a derived table instead of inside their object's arguments: a
    third less parentheses inside each other for the parser's stack, but each level's JSON is parsed
    again.
    """

    begin = "BEGIN IMMEDIATE"  # a read that becomes a write would fail as SQLITE_BUSY
    lock_hint = ""
    in_place: InPlace | None = None
    updates_return_keys = True
    inserts_return_json = True
    numbers_rows = False
    figures_apart = False

    def __init__(self, *, deep: bool = False) -> None:
        self._is_deep = deep

    def quote(self, name: str) -> str:
        return quote(name, "sqlite")

    def table(self, name: TableName) -> str:
        return quote(name.name, "sqlite")

    def placeholders(self, text: str) -> str:
        return text.replace(PLACE, "?")

    def binder(self, slot: Slot) -> Binder:
        if slot.use is Use.PATTERN:
            return glob_pattern
        if slot.use is Use.ICASE_PATTERN:
            return like_pattern
        if slot.use is Use.RAW:
            return _as_it_is
        one = _nullable(_BOUND.get(slot.type.kind, storable_text))
        if slot.use is Use.LIST:
            return lambda values: json_text([one(value) for value in values])
        return one

    def slot(self, slot: Slot) -> Sql:
        return value_of(slot)

    def compare(self, subject: Sql, node: Compare) -> Sql:
        value = value_of(node.slot)
        if node.op in _TEMPLATES:
            template = _TEMPLATES[node.op]
            if _is_bare_decimal(node):
                template = template.replace("SELECT value", "SELECT CAST(value AS NUMERIC)")
            return sql(template, subject, value)
        if _is_bare_decimal(node):
            value = sql("CAST({} AS NUMERIC)", value)
        return sql("{} {} {}", subject, _OPERATORS[node.op], value)

    def differs(self, column: str, slot: Slot) -> Sql:
        collation = " COLLATE BINARY" if slot.type.kind is Kind.TEXT else ""
        return sql("{}{} IS NOT {}", column, collation, value_of(slot))

    def changed(self, column: str, assignment: Assignment) -> Sql:
        value = value_of(assignment.slot)
        return sql("{} + {}", column, value) if assignment.how is How.ADD else value

    def figure(self, function: Function, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        return f"{_FIGURES[function]}({column})"

    def json_value(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is Kind.DECIMAL and sql_type.scale is not None and sql_type.scale <= 4:
            return _DECIMAL.replace("{1}", str(sql_type.scale)).replace("{0}", column)
        if sql_type.kind is Kind.DECIMAL:
            scale = "NULL" if sql_type.scale is None else sql_type.scale
            return f"gateway_decimal({column}, {scale})"
        return _SPELLED[sql_type.kind].replace("{0}", column)

    def json_object(self, pairs: Sequence[tuple[str, Sql]]) -> Sql:
        if len(pairs) <= _KEYS_PER_OBJECT:
            return sql(
                "json_object({})",
                joined(", ", (sql("{}, {}", self.text(key), value) for key, value in pairs)),
            )
        chunks = [
            self.json_object(pairs[i : i + _KEYS_PER_OBJECT])
            for i in range(0, len(pairs), _KEYS_PER_OBJECT)
        ]
        inner = joined(" || ',' || ", (sql("gateway_inside({})", chunk) for chunk in chunks))
        return sql("json('{{' || {} || '}}')", inner)

    def json_list(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        value, source = self._over(pairs, rows, alias)
        return sql("(SELECT json_group_array({}) FROM {})", value, source)

    def json_one(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        return sql("(SELECT {} FROM {})", *self._over(pairs, rows, alias))

    def _over(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> tuple[Sql, Sql]:
        """Return the object, and what it is selected from."""
        source = sql("({}) {}", rows, alias)
        if not self._is_deep:
            return self.json_object(pairs), source
        nested = [value for _, value in pairs if _is_nested(value)]
        names = iter(range(len(nested)))
        outside = [
            (key, Sql(f"json({alias}.k{next(names)})") if _is_nested(value) else value)
            for key, value in pairs
        ]
        columns = [sql("{} AS k{}", value, str(i)) for i, value in enumerate(nested)]
        inside = sql("(SELECT {} FROM {}) {}", joined(", ", ["*", *columns]), source, alias)
        return self.json_object(outside), inside

    def id_text(self, column: str, sql_type: SqlType) -> str:
        return f"coalesce(CAST({self.json_value(column, sql_type)} AS TEXT), '')"

    def global_id(self, scope: Sql, type_name: str, keys: Sequence[str]) -> Sql:
        parts = [self.text(type_name), *(escaped(key) for key in keys)]
        return sql("gateway_base64({} || ':' || {})", scope, " || ':' || ".join(parts))

    def text(self, value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    def order(self, expression: Sql, term: OrderTerm, *, nullable: bool) -> Sql:
        direction = " DESC" if term.descending else ""
        # SQLite counts NULL as the smallest value.
        natural = term.nulls_first != term.descending
        nulls = (
            "" if natural or not nullable else f" NULLS {'FIRST' if term.nulls_first else 'LAST'}"
        )
        return sql("{}{}{}", expression, direction, nulls)

    def limited(self, limit: Slot | None, offset: Slot | None) -> Sql:
        size = value_of(limit) if limit else Sql("-1")
        return (
            sql("LIMIT {} OFFSET {}", size, value_of(offset)) if offset else sql("LIMIT {}", size)
        )

    def locked(self) -> str:
        return ""  # BEGIN IMMEDIATE has locked the database

    def json_text(self, value: Sql) -> Sql:
        return value

    def key_out(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        return f"+{column}"  # no column any more, so that the driver leaves the value as it is

    def conflict_alias(self, row: InsertedRow) -> str:  # noqa: ARG002 - the protocol's
        return INSERTED

    def tells_conflict(self, row: InsertedRow) -> bool:  # noqa: ARG002 - the protocol's
        return False

    def insert(self, row: InsertedRow, returned: Sql, condition: Sql) -> Sql:
        return insert_returning(row, returned, condition, self)

    def inserted(self, row: InsertedRow, returned: Sql) -> Sql | None:  # noqa: ARG002 - the protocol's
        return None

    def answer(self, value: Sql) -> Sql:
        return sql("SELECT CAST({} AS BLOB)", value)


def _is_nested(value: Sql) -> bool:
    """Return whether a value is a subquery of ours that makes JSON."""
    return value.text.startswith("(SELECT json_")


def _is_bare_decimal(node: Compare) -> bool:
    """A figure has no column whose affinity would make a number of the text that a decimal is bound as."""
    return node.slot.type.kind is Kind.DECIMAL and not isinstance(node.subject, Column)


def _as_it_is(value: Any) -> Any:
    return value


def _nullable(bind: Binder) -> Binder:
    return lambda value: None if value is None else bind(value)
