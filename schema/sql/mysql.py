"""MySQL's and MariaDB's dialect. Lists nest in place; the driver writes values into text.

MariaDB puts a list together in order with `JSON_ARRAYAGG(x ORDER BY y LIMIT n)`; MySQL can't, and
reads go by the ORM there, while writes use what both have. Lists in JSON lose that they are
JSON where a subquery gives them back: `JSON_COMPACT` tells it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dynamic_databases.catalog.types import Kind, SqlType, Table, TableName
from dynamic_databases.identifiers import quote
from schema.names.enums import enum_value_names
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
from schema.sql import mysql_values as values
from schema.sql.answer_size import MAX_BYTES
from schema.sql.binding import escaped, like_pattern
from schema.sql.dialect import Deferred, InPlace
from schema.sql.operators import COMPARISONS, OF_BOOLEANS
from schema.sql.statement import PLACE, Binder, Sql, joined, sql, value_of
from schema.uncarried import MARK


class _InPlace:
    """See `schema.sql.dialect.InPlace`."""

    def json_list(
        self, pairs: Sequence[tuple[str, Sql]], source: Sql, order: Sql, limit: Sql
    ) -> Sql:
        ordered = sql("ORDER BY {}", order) if order.text else order
        rows = _present(json_object(pairs), ordered, limit)
        return sql("JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG({}), '[]') {}))", rows, source)

    def json_one(
        self, pairs: Sequence[tuple[str, Sql]], source: Sql, order: Sql, limit: Sql
    ) -> Sql:
        ordered = sql("ORDER BY {}", order) if order.text else order
        rows = _present(source, ordered, limit)
        return sql("JSON_COMPACT((SELECT {} {}))", json_object(pairs), rows)


class MysqlDialect:
    """See `schema.sql.dialect.Dialect`; `returning` is MariaDB's `INSERT … RETURNING`."""

    begin = "START TRANSACTION"
    lock_hint = ""
    deferred = Deferred()
    in_place: InPlace | None = _InPlace()
    writes_return_keys = False
    combines_updates = False
    deletes_answer_rows = False
    numbers_rows = False
    after_order = ""
    aggregates_apart = False

    def __init__(self, *, returning: bool) -> None:
        self.inserts_return_json = returning

    def quote(self, name: str) -> str:
        return quote(name, "mysql")

    def table(self, name: TableName) -> str:
        return quote(name.name, "mysql")

    def placeholders(self, text: str) -> str:
        return text.replace("%", "%%").replace(PLACE, "%s")

    def binder(self, slot: Slot) -> Binder:
        if slot.use in (Use.PATTERN, Use.ICASE_PATTERN):
            return like_pattern
        if slot.use is Use.JSON_PATH:
            return values.json_path
        if slot.use is Use.NEEDED_ARRAYS:
            return values.needed_arrays
        one = values.bound(slot.type)
        if slot.use is Use.RAW:
            return values.raw(slot.type)
        if slot.use is Use.LIST:
            return lambda items: [one(item) for item in items] or values.NoValues()
        return one

    def slot(self, slot: Slot) -> Sql:
        return value_of(slot)

    def compare(self, subject: Sql, node: Compare) -> Sql:
        if node.op in (Op.HAS_KEYS_ANY, Op.HAS_KEYS_ALL):
            keys = replace(node.slot, type=values.JSON_TYPE, use=Use.VALUE)
            return sql(values.CONDITIONS[node.op], subject, value_of(keys))
        if node.op in values.CONDITIONS:
            return sql(values.CONDITIONS[node.op], subject, value_of(node.slot))
        return sql("{} {} {}", subject, COMPARISONS[node.op], values.written(node.slot))

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
        value = sql(values.exact(slot.type, "{}"), value_of(slot))
        return sql("NOT ({} <=> {})", values.exact(slot.type, column), value)

    def moved(self, column: str, slot: Slot) -> Sql:
        return self.differs(column, slot)

    def changed(self, column: str, assignment: Assignment) -> Sql:
        value = values.written(assignment.slot)
        return sql("{} + {}", column, value) if assignment.how is How.ADD else value

    def overwritten(self, column: str, slot: Slot, value: Sql) -> Sql:  # noqa: ARG002
        return value

    def stored(self, value: Sql, sql_type: SqlType) -> Sql:
        return sql(values.stored(sql_type), value)

    def reference(self, table: Table, assignment: Assignment) -> Sql | None:  # noqa: ARG002
        return None

    def aggregate(
        self,
        function: Function,
        column: str,
        sql_type: SqlType,
        *,
        distinct: bool = False,
    ) -> str:
        each = "DISTINCT " if distinct and not function.is_extreme else ""
        if function in OF_BOOLEANS:
            return OF_BOOLEANS[function].replace("{0}", f"{column} + 0")
        return values.aggregate(function, column, sql_type, each)

    def json_value(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is Kind.ENUM:
            return self._enum(column, sql_type)
        if sql_type.kind is Kind.OTHER:
            return values.as_text(column, sql_type)
        if sql_type.kind is Kind.TEXT and " character set " in sql_type.name:
            return f"CONVERT({column} USING utf8mb4)"
        column = values.as_digits(column, sql_type)
        return values.SPELLED.get(sql_type.kind, "{0}").replace("{0}", column)

    def json_part(self, column: str, path: Slot) -> Sql:
        arrays = replace(path, use=Use.NEEDED_ARRAYS)
        return sql(values.JSON_PART.replace("{0}", column), value_of(arrays), value_of(path))

    def json_cast(self, column: str, kind: Kind) -> str:
        return values.JSON_CASTS[kind].replace("{0}", column)

    def required_value(self, column: str, sql_type: SqlType) -> str:
        value = self.json_value(column, sql_type)
        if sql_type.kind is Kind.BOOLEAN:
            return value.replace("'false' END", f"'false' ELSE '\"{MARK}\"' END")
        return f"COALESCE({value}, '{MARK}')" if sql_type.kind in values.MAY_LOSE else value

    def lost(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is not Kind.BOOLEAN and sql_type.kind not in values.MAY_LOSE:
            return ""
        return f"{self.json_value(column, sql_type)} IS NULL"

    def json_object(self, pairs: Sequence[tuple[str, Sql]]) -> Sql:
        return json_object(pairs)

    def json_list(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        # A derived table with a LIMIT is materialised in its order, and read in that order.
        made = self.json_object(pairs)
        return sql(
            "JSON_COMPACT((SELECT COALESCE(JSON_ARRAYAGG({}), '[]') FROM ({}) {}))",
            made,
            rows,
            alias,
        )

    def json_one(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        made = self.json_object(pairs)
        return sql("JSON_COMPACT((SELECT {} FROM ({}) {}))", made, rows, alias)

    def id_text(self, column: str, sql_type: SqlType) -> str:
        return f"COALESCE(CAST({self.json_value(column, sql_type)} AS CHAR), '')"

    def global_id(self, scope: Sql, type_name: str, keys: Sequence[str]) -> Sql:
        parts = ", ':', ".join([self.text(type_name), *(escaped(key) for key in keys)])
        return sql("REPLACE(TO_BASE64(CONCAT({}, ':', {})), '\\n', '')", scope, parts)

    def text(self, value: str) -> str:
        return literal(value)

    def order(self, expression: Sql, term: OrderTerm, *, nullable: bool) -> Sql:
        direction = " DESC" if term.descending else ""
        # NULL counts as the smallest value.
        if nullable and term.nulls_first == term.descending:
            nulls = "DESC" if term.nulls_first else "ASC"
            return sql(f"{{}} IS NULL {nulls}, {{}}{direction}", expression, expression)
        return sql("{}{}", expression, direction)

    def order_value(self, subject: Sql, term: OrderTerm) -> tuple[Sql, SqlType]:
        """A subquery makes a text of what a column holds as a number, and sorts it as one."""
        if not term.hops or not values.is_numbered(term.subject.type):
            return subject, term.subject.type
        return sql("{} + 0", subject), values.NUMBER

    def distinct_value(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002
        return column

    def limited(self, limit: Slot | None, offset: Slot | None) -> Sql:
        size = value_of(limit) if limit else Sql("18446744073709551615")
        return (
            sql("LIMIT {} OFFSET {}", size, value_of(offset)) if offset else sql("LIMIT {}", size)
        )

    def locked(self) -> str:
        return " FOR UPDATE"

    def json_text(self, value: Sql) -> Sql:
        """One byte too many tells that there are more; a str may take four times the bytes."""
        return sql("LEFT(CAST({} AS BINARY), {} + 1)", value, MAX_BYTES)

    def key_out(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is Kind.BINARY:
            return column
        return f"CAST({values.as_number(column, sql_type)} AS CHAR)"

    def answer(self, value: Sql) -> Sql:
        return sql("SELECT {}", self.json_text(value))

    def key_in_json(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is Kind.BINARY:
            return f"HEX({column})"
        return self.key_out(column, sql_type)

    def key_from_json(self, value: Any, sql_type: SqlType) -> Any:
        is_binary = sql_type.kind is Kind.BINARY and value is not None
        return bytes.fromhex(value) if is_binary else value

    def counted(self, write: Sql, table: Table) -> Sql:  # noqa: ARG002 - the protocol's
        return write

    def conflict_alias(self, row: InsertedRow) -> str:
        return self.table(row.table.name)

    def tells_conflict(self, row: InsertedRow) -> bool:
        return row.on_conflict is not None and bool(row.values)

    def insert(self, row: InsertedRow, returned: Sql, condition: Sql) -> Sql:
        """After what is returned comes 1 where a conflict left the row as it was."""
        name = self.table(row.table.name)
        columns = ", ".join(self.quote(a.column.name) for a in row.values)
        stored = [values.written(a.slot) for a in row.values]
        conflict = Sql("")
        if self.tells_conflict(row):
            stored[0] = sql("IF((@gateway := 0) = 0, {}, NULL)", stored[0])
            conflict = self._on_conflict(row, condition)
            returned = sql("{}, @gateway = 1", returned)
        inserted = sql(
            "INSERT INTO {} ({}) VALUES ({}){}", name, columns, joined(", ", stored), conflict
        )
        return sql("{} RETURNING {}", inserted, returned) if self.inserts_return_json else inserted

    def inserted(self, row: InsertedRow, returned: Sql) -> Sql | None:
        """Return a SELECT of the row just inserted, where INSERT can't tell it."""
        if self.inserts_return_json:
            return None
        given = {a.column.name: values.written(a.slot) for a in row.values}
        key = row.on_conflict.key if row.on_conflict else row.table.primary_key
        parts = [sql("{} = {}", self.quote(n), given.get(n, "LAST_INSERT_ID()")) for n in key]
        flagged = sql("{}, @gateway = 1", returned) if self.tells_conflict(row) else returned
        name = self.table(row.table.name)
        return sql("SELECT {} FROM {} WHERE {}", flagged, name, joined(" AND ", parts))

    def _on_conflict(self, row: InsertedRow, condition: Sql) -> Sql:
        """Any unique key may conflict: another than the named one is an error.

        `@gateway` tells what was done: 0 inserted, 1 left as it was, 2 updated. A subquery of two
        rows is what makes an error inside an expression (1242).
        """
        on_conflict, table = row.on_conflict, row.table
        assert on_conflict is not None  # noqa: S101 - for the type checker
        names = [self.quote(name) for name in on_conflict.key]
        own = self.table(table.name)
        same = " AND ".join(f"VALUES({name}) <=> {own}.{name}" for name in names)
        does = condition if condition.text else Sql("1 = 1")
        does = does if on_conflict.update else Sql("1 = 0")
        first = sql(
            "{} = IF({}, IF((@gateway := IF({}, 2, 1)), {}, {}), {})",
            names[0],
            same,
            does,
            f"{own}.{names[0]}",
            f"{own}.{names[0]}",
            values.failing(table.by_name[on_conflict.key[0]].type),
        )
        updates = [
            f"{name} = IF(@gateway = 2, VALUES({name}), {own}.{name})"
            for name in (self.quote(c.name) for c in on_conflict.update)
            if name != names[0]
        ]
        return sql(" ON DUPLICATE KEY UPDATE {}", joined(", ", [first, *updates]))

    def _enum(self, column: str, sql_type: SqlType) -> str:
        """A value that was refused is kept as the empty text, which is no label."""
        cases = " ".join(
            f"WHEN {number} THEN {self.text(name)}"
            for number, name in enumerate(enum_value_names(sql_type.labels).values(), 1)
        )
        return f"CASE {column} + 0 {cases} END"


def literal(value: str) -> str:
    """Return a text literal; the session's sql_mode leaves the backslash its meaning."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def json_object(pairs: Sequence[tuple[str, Sql]]) -> Sql:
    return sql(
        "JSON_OBJECT({})",
        joined(", ", (sql("{}, {}", literal(key), value) for key, value in pairs)),
    )


def _present(*parts: Sql) -> Sql:
    return joined(" ", [part for part in parts if part.text])
