"""PostgreSQL's dialect. At most 100 arguments to a function; JSON keeps the order of its keys.

Values are sent as text whose type a cast in the statement names, so that one prepared statement
serves whatever value comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dynamic_databases.catalog.types import Kind, SqlType, TableName
from dynamic_databases.identifiers import quote, quote_table
from schema.naming import enum_value_names
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
from schema.sql.binding import big_integer, escaped, json_text, like_pattern, storable_text
from schema.sql.dialect import InPlace
from schema.sql.inserts import INSERTED, insert_returning
from schema.sql.statement import PLACE, Binder, Sql, joined, sql, value_of

_ROW = '"#"'  # a row's alias that no response key can be: a column of that name would hide the row
_MAX_COLUMNS = 1_600
_KEYS_PER_OBJECT = 50  # two arguments each, of 100
_OPERATORS = {
    Op.EQ: "=",
    Op.NEQ: "<>",
    Op.GT: ">",
    Op.GTE: ">=",
    Op.LT: "<",
    Op.LTE: "<=",
    Op.CONTAINS: "@>",
    Op.CONTAINED_IN: "<@",
}
_OF_TEXT = {
    Op.LIKE: "LIKE",
    Op.NLIKE: "NOT LIKE",
    Op.ILIKE: "ILIKE",
    Op.NILIKE: "NOT ILIKE",
    Op.SIMILAR: "SIMILAR TO",
    Op.NSIMILAR: "NOT SIMILAR TO",
    Op.REGEX: "~",
    Op.NREGEX: "!~",
    Op.IREGEX: "~*",
    Op.NIREGEX: "!~*",
    Op.HAS_KEY: "?",
}
_OF_TEXTS = {Op.HAS_KEYS_ANY: "?|", Op.HAS_KEYS_ALL: "?&"}
_CHANGES = {
    How.ADD: "{} + {}",
    How.APPEND: "{} || {}",
    How.PREPEND: "{1} || {0}",
    How.DELETE_KEY: "{} - {}",
    How.DELETE_ELEM: "{} - {}",
    How.DELETE_AT_PATH: "{} #- {}",
}
# Infinity, BC and years beyond 9999 are no dates in JSON; NaN and infinity no numbers.
_SPELLED: dict[Kind, str] = {
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
_FIGURES = {Function.AVG: "avg", Function.STDDEV: "stddev_samp", Function.VARIANCE: "var_samp"}
_TEXT_CASTS = {"citext": "citext", "name": "name"}  # a cast to varchar(n) would cut silently
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


class PostgresqlDialect:
    """See `schema.sql.dialect.Dialect`."""

    begin = "BEGIN"
    lock_hint = ""
    in_place: InPlace | None = None
    updates_return_keys = True
    inserts_return_json = True
    numbers_rows = False
    figures_apart = False

    def quote(self, name: str) -> str:
        return quote(name, "postgresql")

    def table(self, name: TableName) -> str:
        return quote_table(name.schema, name.name, "postgresql")

    def placeholders(self, text: str) -> str:
        head, *rest = text.split(PLACE)
        return head + "".join(f"${i}{part}" for i, part in enumerate(rest, 1))

    def binder(self, slot: Slot) -> Binder:
        if slot.use in (Use.PATTERN, Use.ICASE_PATTERN):
            return like_pattern
        if slot.use is Use.RAW:
            return _as_it_is
        if slot.use is Use.LIST:
            one = _bound(slot.type)
            return lambda values: _array_text([one(value) for value in values])
        return _bound(slot.type)

    def slot(self, slot: Slot) -> Sql:
        array = "[]" if slot.use is Use.LIST else ""
        return sql("{}::{}{}", value_of(slot), _cast(slot.type), array)

    def compare(self, subject: Sql, node: Compare) -> Sql:
        if node.op in (Op.IN, Op.NIN):
            template = "NOT ({} = ANY({}::{}[]))" if node.op is Op.NIN else "{} = ANY({}::{}[])"
            return sql(template, subject, value_of(node.slot), _cast(node.slot.type))
        if node.op in _OF_TEXT:
            return sql("{} {} {}::text", subject, _OF_TEXT[node.op], value_of(node.slot))
        if node.op in _OF_TEXTS:
            return sql("{} {} {}::text[]", subject, _OF_TEXTS[node.op], value_of(node.slot))
        return sql("{} {} {}", subject, _OPERATORS[node.op], self.slot(node.slot))

    def differs(self, column: str, slot: Slot) -> Sql:
        if slot.type.name == "citext" or slot.type.kind in (Kind.JSON, Kind.OTHER):
            # No equality, or one that isn't to the letter.
            return sql("{}::text IS DISTINCT FROM {}::text", column, self.slot(slot))
        return sql("{} IS DISTINCT FROM {}", column, self.slot(slot))

    def changed(self, column: str, assignment: Assignment) -> Sql:
        value = self.slot(assignment.slot)
        return sql(_CHANGES.get(assignment.how, "{1}"), column, value)

    def figure(self, function: Function, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        if function in (Function.SUM, Function.MIN, Function.MAX):
            return f"{function}({column})"
        return f"{_FIGURES[function]}({column}::double precision)"

    def json_value(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is Kind.ENUM:
            return self._enum(column, sql_type)
        if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
            item = self.json_value("e.v", sql_type.element)
            rows = f"unnest({column}) WITH ORDINALITY e(v, i)"
            array = f"(SELECT coalesce(json_agg({item} ORDER BY e.i), '[]'::json) FROM {rows})"
            return f"CASE WHEN {column} IS NOT NULL THEN {array} END"
        if sql_type.name in _TEXT_CASTS:
            return f"{column}::text"
        if sql_type.name == "real":
            column = f"{column}::text::double precision"  # the same digits, in the form of a double
        if sql_type.kind is Kind.DECIMAL and sql_type.scale is not None:
            return f"nullif({column}::text, 'NaN')"  # with a scale there is no infinity
        return _SPELLED.get(sql_type.kind, "{0}").replace("{0}", column)

    def json_object(self, pairs: Sequence[tuple[str, Sql]]) -> Sql:
        if len(pairs) <= _KEYS_PER_OBJECT:
            arguments = joined(", ", (sql("{}, {}", self.text(key), value) for key, value in pairs))
            return sql("json_build_object({})", arguments)
        chunks = [
            self.json_object(pairs[i : i + _KEYS_PER_OBJECT])
            for i in range(0, len(pairs), _KEYS_PER_OBJECT)
        ]
        texts = [sql("substr(left({}::text, -1), 2)", chunk) for chunk in chunks]
        return sql("('{{' || {} || '}}')::json", joined(" || ',' || ", texts))

    def json_list(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        template = "(SELECT coalesce(json_agg({}), '[]'::json) FROM {})"
        if not _are_names(pairs):
            return sql(template, self.json_object(pairs), sql("({}) {}", rows, alias))
        return sql(template, _ROW, self._named(pairs, rows, alias))

    def json_one(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        if not _are_names(pairs):
            return sql("(SELECT {} FROM ({}) {})", self.json_object(pairs), rows, alias)
        return sql("(SELECT row_to_json({}) FROM {})", _ROW, self._named(pairs, rows, alias))

    def _named(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        """Return rows whose columns are called by the response keys.

        They become JSON at half the cost of `json_build_object`, which looks up each argument's
        type for each row.
        """
        columns = joined(", ", (sql("{} AS {}", value, self.quote(key)) for key, value in pairs))
        return sql("(SELECT {} FROM ({}) {}) {}", columns, rows, alias, _ROW)

    def id_text(self, column: str, sql_type: SqlType) -> str:
        return f"(to_json({self.json_value(column, sql_type)}) #>> '{{}}')"

    def global_id(self, scope: Sql, type_name: str, keys: Sequence[str]) -> Sql:
        parts = [self.text(type_name), *(escaped(key) for key in keys)]
        text = sql("{}::text || ':' || {}", scope, " || ':' || ".join(parts))
        return sql("translate(encode(convert_to({}, 'UTF8'), 'base64'), E'\\n', '')", text)

    def text(self, value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    def order(self, expression: Sql, term: OrderTerm, *, nullable: bool) -> Sql:
        direction = " DESC" if term.descending else ""
        # PostgreSQL counts NULL as the largest value.
        natural = term.nulls_first == term.descending
        nulls = (
            "" if natural or not nullable else f" NULLS {'FIRST' if term.nulls_first else 'LAST'}"
        )
        return sql("{}{}{}", expression, direction, nulls)

    def limited(self, limit: Slot | None, offset: Slot | None) -> Sql:
        parts = []
        if limit is not None:
            parts.append(sql("LIMIT {}::bigint", value_of(limit)))
        if offset is not None:
            parts.append(sql("OFFSET {}::bigint", value_of(offset)))
        return joined(" ", parts)

    def locked(self) -> str:
        return " FOR UPDATE"

    def json_text(self, value: Sql) -> Sql:
        return sql("{}::text", value)

    def key_out(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        return f"{column}::text"

    def conflict_alias(self, row: InsertedRow) -> str:  # noqa: ARG002 - the protocol's
        return INSERTED

    def tells_conflict(self, row: InsertedRow) -> bool:  # noqa: ARG002 - the protocol's
        return False

    def insert(self, row: InsertedRow, returned: Sql, condition: Sql) -> Sql:
        return insert_returning(row, returned, condition, self)

    def inserted(self, row: InsertedRow, returned: Sql) -> Sql | None:  # noqa: ARG002 - the protocol's
        return None

    def answer(self, value: Sql) -> Sql:
        return sql("SELECT {}", self.json_text(value))

    def _enum(self, column: str, sql_type: SqlType) -> str:
        names = enum_value_names(sql_type.labels)
        if all(label == name for label, name in names.items()):
            return column
        cases = " ".join(
            f"WHEN {self.text(label)} THEN {self.text(name)}" for label, name in names.items()
        )
        return f"CASE {column}::text {cases} END"


def _are_names(pairs: Sequence[tuple[str, Sql]]) -> bool:
    """PostgreSQL cuts names at 63 bytes (NAMEDATALEN); longer response keys go the longer way."""
    return 0 < len(pairs) <= _MAX_COLUMNS and all(len(key) <= 63 for key, _ in pairs)


def _cast(sql_type: SqlType) -> str:
    """Return the type that a value is cast to; names from the catalog are quoted there already."""
    if sql_type.kind is Kind.TEXT:
        return _TEXT_CASTS.get(
            sql_type.name, "bpchar" if sql_type.name.startswith("character(") else "text"
        )
    if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
        return f"{_cast(sql_type.element)}[]"
    return _CASTS.get(sql_type.kind, sql_type.name)


def _bound(sql_type: SqlType) -> Binder:
    if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
        element: Binder = _bound(sql_type.element)
        return _array_binder(element)
    bind: Binder = _BOUND.get(sql_type.kind, storable_text)
    return lambda value: None if value is None else bind(value)


def _array_binder(element: Binder) -> Binder:
    def bind(value: Any) -> str | None:
        return None if value is None else _array_text([element(item) for item in value])

    return bind


def _as_it_is(value: Any) -> Any:
    return value


def _array_text(items: list[Any]) -> str:
    """Return an array in PostgreSQL's text form (manual, §8.15.6)."""
    return (
        "{" + ",".join("NULL" if item is None else _array_item(str(item)) for item in items) + "}"
    )


def _array_item(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
