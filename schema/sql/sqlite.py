"""SQLite's dialect. At most 127 arguments to a function; ASCII case in LIKE; no row locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import orjson

from dynamic_databases.catalog.types import Column, Kind, SqlType, Table, TableName
from dynamic_databases.identifiers import quote
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
from schema.sql import sqlite_aggregates as aggregates
from schema.sql import sqlite_columns as columns
from schema.sql.binding import (
    escaped,
)
from schema.sql.dialect import Deferred, InPlace
from schema.sql.inserts import INSERTED, insert_returning
from schema.sql.operators import COMPARISONS, OF_BOOLEANS
from schema.sql.sqlite_binding import binder, column_comparison, compared
from schema.sql.sqlite_values import (
    HAS_ALL_KEYS,
    HAS_ANY_KEY,
    JSON_CASTS,
    JSON_PART,
    KEY_IN_JSON,
    OURS,
    key_of_json,
)
from schema.sql.statement import PLACE, Binder, Sql, joined, sql, value_of

_KEYS_PER_OBJECT = 60  # two arguments each, of 127
# Looks through all tables with foreign keys: asked where some are deferred, of dry runs.
_VIOLATIONS = (
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM sqlite_master WHERE sql LIKE '%initially%deferred%')"
    " THEN (SELECT count(*) FROM pragma_foreign_key_check) ELSE 0 END"
)
_TOO_LONG = "zeroblob(2147483647)"
# How lists, and objects that hold one or have many keys, begin. No other value of a key begins so.
_TEXTS = ("(SELECT coalesce(printf(", "coalesce(printf(")
_NESTED = (*_TEXTS, "(SELECT json_object(")
_TEMPLATES = {
    Op.IN: "{} IN (SELECT value FROM json_each({}))",
    Op.NIN: "{} NOT IN (SELECT value FROM json_each({}))",
    Op.LIKE: "{} GLOB {}",
    Op.NLIKE: "{} NOT GLOB {}",
    Op.ILIKE: "{} LIKE {} ESCAPE '\\'",
    Op.NILIKE: "{} NOT LIKE {} ESCAPE '\\'",
    Op.HAS_KEY: HAS_ANY_KEY.replace("{1}", "json_array({1})"),
    Op.HAS_KEYS_ANY: HAS_ANY_KEY,
    Op.HAS_KEYS_ALL: HAS_ALL_KEYS,
}


class SqliteDialect:
    """See `schema.sql.dialect.Dialect`.

    `deep` computes nested values in a derived table instead of inside their object's arguments: a
    third less parentheses inside each other for the parser's stack.
    """

    begin = "BEGIN IMMEDIATE"  # a read that becomes a write would fail as SQLITE_BUSY
    lock_hint = ""
    deferred = Deferred(_VIOLATIONS, _VIOLATIONS)
    in_place: InPlace | None = None
    writes_return_keys = True
    combines_updates = False
    deletes_answer_rows = False  # SQLite keeps all that RETURNING gives until the last row is gone
    inserts_return_json = True
    numbers_rows = False
    after_order = " LIMIT -1"  # with a limit rows are sorted in a temporary file, else in memory
    aggregates_apart = False

    def __init__(self, *, deep: bool = False) -> None:
        self._is_deep = deep

    def quote(self, name: str) -> str:
        return quote(name, "sqlite")

    def table(self, name: TableName) -> str:
        return quote(name.name, "sqlite")

    def placeholders(self, text: str) -> str:
        return text.replace(PLACE, "?")

    def binder(self, slot: Slot) -> Binder:
        return binder(slot)

    def slot(self, slot: Slot) -> Sql:
        return value_of(slot)

    def compare(self, subject: Sql, node: Compare) -> Sql:
        slot = node.slot
        if isinstance(node.subject, Column):
            found = column_comparison(subject.text, node.op, slot)
            if found is not None:
                return found
        elif slot.use in (Use.VALUE, Use.LIST) and columns.is_respelled(slot.type):
            if (
                slot.type.kind is not Kind.DECIMAL
            ):  # an aggregate of such a column is spelled already
                slot = compared(slot, node.op)
            elif slot.type.scale:  # a sum of whole numbers is exact
                subject = sql(f"round({{}}, {slot.type.scale})", subject)
        if columns.is_equality(node.op) and slot.use is Use.VALUE and columns.is_loose(slot.type):
            return columns.equals_loosely(subject.text, node.op, slot)
        value = value_of(slot)
        if node.op in _TEMPLATES:
            template = _TEMPLATES[node.op]
            if _is_bare_decimal(node):
                template = template.replace("SELECT value", "SELECT CAST(value AS NUMERIC)")
            return sql(template, subject, value)
        if _is_bare_decimal(node):
            value = sql("CAST({} AS NUMERIC)", value)
        return sql("{} {} {}", subject, COMPARISONS[node.op], value)

    def is_null(
        self,
        column: str,
        sql_type: SqlType,  # noqa: ARG002 - the protocol's
        *,
        negated: bool = False,
    ) -> str:
        return f"{column} IS {'NOT ' if negated else ''}NULL"

    def operator(self, symbol: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        return symbol

    def comparable(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        return column

    def differs(self, column: str, slot: Slot) -> Sql:
        if columns.is_respelled(slot.type):
            return columns.differs(column, replace(slot, use=Use.AS_ANSWERED))
        if columns.is_loose(slot.type):
            return sql("{} IS NOT {}", columns.comparable(column, slot.type), value_of(slot))
        collation = " COLLATE BINARY" if slot.type.kind in (Kind.TEXT, Kind.OTHER) else ""
        return sql("{}{} IS NOT {}", column, collation, value_of(slot))

    def moved(self, column: str, slot: Slot) -> Sql:
        return self.differs(column, slot)

    def changed(self, column: str, assignment: Assignment) -> Sql:
        value = value_of(assignment.slot)
        return sql("{} + {}", column, value) if assignment.how is How.ADD else value

    def overwritten(self, column: str, slot: Slot, value: Sql) -> Sql:
        if not (columns.is_respelled(slot.type) or columns.is_loose(slot.type)):
            return value
        return sql("CASE WHEN {} THEN {} ELSE {} END", self.differs(column, slot), value, column)

    def stored(self, value: Sql, sql_type: SqlType) -> Sql:  # noqa: ARG002 - the protocol's
        return value

    def reference(self, table: Table, assignment: Assignment) -> Sql | None:
        """A UUID refers to a row only where it is spelled as that row's own."""
        slot, name = assignment.slot, assignment.column.name
        if slot.type.kind is not Kind.UUID or slot.use is not Use.VALUE:
            return None
        key = next((key for key in table.foreign_keys if key.columns == (name,)), None)
        if key is None:
            return None
        target = self.quote(key.target_columns[0])
        found = columns.compare(target, Op.EQ, replace(slot, use=Use.SPELLINGS))
        row = Sql(f"SELECT {target} FROM {self.table(key.target)} WHERE ") + found
        return Sql("coalesce((") + row + Sql(" LIMIT 1), ") + value_of(slot) + Sql(")")

    def aggregate(
        self, function: Function, column: str, sql_type: SqlType, *, distinct: bool = False
    ) -> str:
        if function in OF_BOOLEANS:
            return OF_BOOLEANS[function].replace("{0}", column)
        if function in (Function.MIN, Function.MAX):
            return f"{function}({columns.ordered_by(column, sql_type)})"
        if aggregates.may_overflow(function, sql_type):
            value = self.distinct_value(column, sql_type) if distinct else column
            return aggregates.of_floats(function, value, "DISTINCT " if distinct else "")
        is_long = function is Function.SUM and sql_type.kind is Kind.BIGINT
        if distinct:
            name = aggregates.LONG_SUM if is_long else aggregates.OF_FLOATS.get(function, function)
            return f"{name}(DISTINCT {self.distinct_value(column, sql_type)})"
        if is_long:
            return aggregates.SUM_OF_HALVES.replace("{0}", column)
        return f"{aggregates.OF_FLOATS.get(function, function)}({column})"

    def json_value(self, column: str, sql_type: SqlType) -> str:
        return columns.spelled(column, sql_type)

    def json_part(self, column: str, path: Slot) -> Sql:
        return sql(JSON_PART.replace("{0}", column), value_of(path))

    def json_cast(self, column: str, kind: Kind) -> str:
        return JSON_CASTS[kind].replace("{0}", column)

    def required_value(self, column: str, sql_type: SqlType) -> str:
        return columns.required(column, sql_type)

    def lost(self, column: str, sql_type: SqlType) -> str:
        return columns.lost(column, sql_type)

    def json_object(self, pairs: Sequence[tuple[str, Sql]]) -> Sql:
        return self._object([(key, value, _is_text(value)) for key, value in pairs])

    def json_list(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        # Unlike `json_group_array`, `group_concat` ends as soon as its text is too long.
        value, source = self._over(pairs, rows, alias)
        return sql(
            "(SELECT {} FROM {})", _printed("[%s]", [sql("group_concat({})", value)]), source
        )

    def json_one(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        return sql("(SELECT {} FROM {})", *self._over(pairs, rows, alias))

    def json_rows(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        """Return a SELECT of the object of each row, for a list that is put together elsewhere."""
        value, source = self._over(pairs, rows, alias)
        # With a limit of its own the query isn't merged with `rows`, whose limit comes first.
        return sql("SELECT {} FROM {}{}", self.json_text(value), source, self.after_order)

    def _object(self, pairs: Sequence[tuple[str, Sql, bool]]) -> Sql:
        """Return the object of keys and values, each with whether it is JSON as plain text.

        SQLite takes such a text for a string unless it parses it again: so it is joined to the rest
        of the object, which then is a plain text, too.
        """
        if len(pairs) <= _KEYS_PER_OBJECT and not any(is_text for _, _, is_text in pairs):
            return self._flat(pairs)
        pieces: list[tuple[str, Sql]] = []
        for is_text, group in groupby(pairs, key=lambda pair: pair[2]):
            run = list(group)
            size = 1 if is_text else _KEYS_PER_OBJECT
            chunks = [run[start : start + size] for start in range(0, len(run), size)]
            pieces += [self._piece(chunk, is_text=is_text) for chunk in chunks]
        templates = ",".join(template for template, _ in pieces)
        return _printed(f"{{{templates}}}", [value for _, value in pieces])

    def _flat(self, pairs: Sequence[tuple[str, Sql, bool]]) -> Sql:
        arguments = (sql("{}, {}", self.text(key), value) for key, value, _ in pairs)
        return sql("json_object({})", joined(", ", arguments))

    def _piece(self, pairs: Sequence[tuple[str, Sql, bool]], *, is_text: bool) -> tuple[str, Sql]:
        """Return a piece of an object: a template of `printf`, and what goes into it."""
        if is_text:
            ((key, value, _),) = pairs
            name = orjson.dumps(key).decode().replace("%", "%%")
            return f"{name}:%s", sql("coalesce({}, 'null')", value)
        # Without its braces: what is before the last character, from the second on.
        return "%s", sql("substr(substr({}, -1, -2147483647), 2)", self._flat(pairs))

    def _over(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> tuple[Sql, Sql]:
        """Return the object, and what it is selected from."""
        source = sql("({}) {}", rows, alias)
        if not self._is_deep:
            return self.json_object(pairs), source
        nested = [value for _, value in pairs if _is_nested(value)]
        names = iter(range(len(nested)))
        outside = [
            (key, Sql(f"{alias}.k{next(names)}"), True)
            if _is_nested(value)
            else (key, value, _is_text(value))
            for key, value in pairs
        ]
        columns = [sql("{} AS k{}", value, str(i)) for i, value in enumerate(nested)]
        inside = sql("(SELECT {} FROM {}) {}", joined(", ", ["*", *columns]), source, alias)
        return self._object(outside), inside

    def id_text(self, column: str, sql_type: SqlType) -> str:
        return f"coalesce(CAST({self.json_value(column, sql_type)} AS TEXT), '')"

    def global_id(self, scope: Sql, type_name: str, keys: Sequence[str]) -> Sql:
        parts = [self.text(type_name), *(escaped(key) for key in keys)]
        return sql(f"{OURS}base64({{}} || ':' || {{}})", scope, " || ':' || ".join(parts))

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

    def order_value(self, subject: Sql, term: OrderTerm) -> tuple[Sql, SqlType]:
        if isinstance(term.subject, Column) and subject.text:
            return Sql(columns.ordered_by(subject.text, term.subject.type)), term.subject.type
        return subject, term.subject.type

    def distinct_value(self, column: str, sql_type: SqlType) -> str:
        is_respelled = columns.is_respelled(sql_type)
        return columns.comparable(column, sql_type) if is_respelled else column

    def limited(self, limit: Slot | None, offset: Slot | None) -> Sql:
        size = value_of(limit) if limit else Sql("-1")
        return (
            sql("LIMIT {} OFFSET {}", size, value_of(offset)) if offset else sql("LIMIT {}", size)
        )

    def locked(self) -> str:
        return ""  # BEGIN IMMEDIATE has locked the database

    def json_text(self, value: Sql) -> Sql:
        return sql("CAST({} AS BLOB)", value)  # a str may take four times the bytes

    def key_out(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        return f"+{column}"  # no column any more, so that the driver leaves the value as it is

    def key_in_json(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        return KEY_IN_JSON.replace("{0}", column)

    def key_from_json(self, value: Any, sql_type: SqlType) -> Any:  # noqa: ARG002
        return key_of_json(value)

    def counted(self, write: Sql, table: Table) -> Sql:  # noqa: ARG002 - the protocol's
        return write

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


def _printed(template: str, values: Sequence[Sql]) -> Sql:
    """Return a text with values in it, copied once: `||` copies all before it each time.

    `printf` makes NULL of what is too long; `zeroblob` then raises the error.
    """
    literal = "'" + template.replace("'", "''") + "'"
    return sql("coalesce(printf({}, {}), {})", literal, joined(", ", values), _TOO_LONG)


def _is_nested(value: Sql) -> bool:
    """Return whether a value is a subquery of ours that makes JSON."""
    return value.text.startswith(_NESTED)


def _is_text(value: Sql) -> bool:
    """Return whether a value is JSON as plain text, which SQLite doesn't know for JSON."""
    return value.text.startswith(_TEXTS)


def _is_bare_decimal(node: Compare) -> bool:
    """Return whether a decimal, bound as text, meets no column whose affinity makes it a number."""
    return node.slot.type.kind is Kind.DECIMAL and not isinstance(node.subject, Column)
