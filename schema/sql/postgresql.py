"""PostgreSQL's dialect. At most 100 arguments to a function; JSON keeps the order of its keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dynamic_databases.catalog.types import Kind, SqlType, Table, TableName
from dynamic_databases.identifiers import quote, quote_table
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
from schema.sql import postgresql_values as values
from schema.sql.answer_size import MAX_BYTES, TOO_LARGE
from schema.sql.binding import escaped, like_pattern
from schema.sql.dialect import Deferred, InPlace
from schema.sql.inserts import INSERTED, insert_returning
from schema.sql.operators import COMPARISONS, CONTAINMENT, OF_OWN_TYPES, REGULAR_EXPRESSIONS
from schema.sql.statement import PLACE, Binder, Sql, joined, sql, value_of
from schema.uncarried import MARK, MARK_OF_DATES

_ROW = '"#"'  # a row's alias that no response key can be: a column of that name would hide the row
_MAX_COLUMNS = 1_600
_KEYS_PER_OBJECT = 50  # two arguments each, of 100
_OPERATORS = {**COMPARISONS, **CONTAINMENT}
_OF_TEXT = {
    Op.LIKE: "LIKE",
    Op.NLIKE: "NOT LIKE",
    Op.ILIKE: "ILIKE",
    Op.NILIKE: "NOT ILIKE",
    **REGULAR_EXPRESSIONS,
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
_BOUNDED = (
    "(SELECT CASE WHEN octet_length(j.v) <= {}::bigint THEN j.v"
    f" ELSE ('{TOO_LARGE}' || octet_length(j.v))::integer::text END"
    " FROM (SELECT {}::text AS v OFFSET 0) j)"
)


class PostgresqlDialect:
    """See `schema.sql.dialect.Dialect`."""

    begin = "BEGIN"
    lock_hint = ""
    deferred = Deferred(after="SET CONSTRAINTS ALL IMMEDIATE")
    in_place: InPlace | None = None
    writes_return_keys = True
    combines_updates = True
    deletes_answer_rows = True
    inserts_return_json = True
    numbers_rows = False
    after_order = ""
    aggregates_apart = False

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
        if slot.use is Use.JSON_PATH:
            return values.jsonpath if values.is_jsonb(slot.type) else values.path_steps
        if slot.use is Use.LIST:
            one = values.bound(slot.type)
            return lambda items: values.array_text([one(item) for item in items])
        return values.bound(slot.type)

    def slot(self, slot: Slot) -> Sql:
        array = "[]" if slot.use is Use.LIST else ""
        return sql("{}::{}{}", value_of(slot), values.cast(slot.type, slot.use), array)

    def compare(self, subject: Sql, node: Compare) -> Sql:
        subject = values.operand(subject, node.slot.type)
        if node.op in (Op.IN, Op.NIN) and node.slot.type.kind is Kind.ARRAY:
            return _in_arrays(subject, node)
        if node.op in (Op.IN, Op.NIN):
            template = "NOT ({} {} ANY({}::{}[]))" if node.op is Op.NIN else "{} {} ANY({}::{}[])"
            equals = self.operator("=", node.slot.type)
            return sql(template, subject, equals, value_of(node.slot), values.cast(node.slot.type))
        if node.op in _OF_TEXT:
            return sql("{} {} {}::text", subject, _OF_TEXT[node.op], value_of(node.slot))
        if node.op in _OF_TEXTS:
            return sql("{} {} {}::text[]", subject, _OF_TEXTS[node.op], value_of(node.slot))
        if node.op in OF_OWN_TYPES:
            operator, own = values.of_own_type(node.op, node.slot.type)
            return sql("{} {} {}::{}", subject, operator, value_of(node.slot), own)
        operator = self.operator(_OPERATORS[node.op], node.slot.type)
        return sql("{} {} {}", subject, operator, self.slot(node.slot))

    def is_null(self, column: str, sql_type: SqlType, *, negated: bool = False) -> str:
        """IS NULL is true of a composite whose fields are all NULL (manual, "Comparison")."""
        if sql_type.kind is Kind.OTHER:
            return f"{column} IS {'' if negated else 'NOT '}DISTINCT FROM NULL"
        return f"{column} IS {'NOT ' if negated else ''}NULL"

    def operator(self, symbol: str, sql_type: SqlType) -> str:
        return values.operator(symbol, sql_type)

    def comparable(self, column: str, sql_type: SqlType) -> str:
        return values.operand(Sql(column), sql_type).text

    def differs(self, column: str, slot: Slot) -> Sql:
        value = sql(values.exact("{}", slot.type), self.slot(slot))
        return sql("{} IS DISTINCT FROM {}", values.exact(column, slot.type), value)

    def moved(self, column: str, slot: Slot) -> Sql:
        if slot.type.kind in (Kind.DECIMAL, Kind.FLOAT):
            current = values.operand(Sql(column), slot.type)
            return sql("{} IS DISTINCT FROM {}", current, self.slot(slot))
        if slot.type.kind is Kind.JSON:  # clients keep no white space, and no zeros of 1.50
            return sql("{}::jsonb IS DISTINCT FROM {}::jsonb", column, self.slot(slot))
        return self.differs(column, slot)

    def changed(self, column: str, assignment: Assignment) -> Sql:
        value = self.slot(assignment.slot)
        if assignment.how is How.ADD and values.is_money(assignment.slot.type):
            value = sql("{}::money", value)
        return sql(_CHANGES.get(assignment.how, "{1}"), column, value)

    def overwritten(self, column: str, slot: Slot, value: Sql) -> Sql:  # noqa: ARG002
        return value

    def stored(self, value: Sql, sql_type: SqlType) -> Sql:  # noqa: ARG002 - the protocol's
        return value

    def reference(self, table: Table, assignment: Assignment) -> Sql | None:  # noqa: ARG002
        return None

    def aggregate(
        self, function: Function, column: str, sql_type: SqlType, *, distinct: bool = False
    ) -> str:
        each = "DISTINCT " if distinct and not function.is_extreme else ""
        return values.aggregate(function, column, sql_type, each)

    def json_value(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is Kind.ENUM:
            return self._enum(column, sql_type)
        if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
            item = self.json_value("e.v", sql_type.element)
            rows = values.elements(column, sql_type.element)
            made = f"coalesce(json_agg({item} ORDER BY e.i), '[]'::json)"
            if values.may_lose(sql_type.element):  # null were another value than is stored
                present = f"nullif(btrim(({item})::text, E' \\t\\n\\r'), 'null')"
                made = f"CASE WHEN count({present}) = count(e.v) THEN {made} END"
            array = f"(SELECT {made} FROM {rows})"
            # A list of GraphQL has one dimension, and begins at 1; an empty array has none.
            is_list = (
                f"coalesce(array_ndims({column}), 1) = 1 AND {column} IS NOT NULL"
                f" AND coalesce(array_lower({column}, 1), 1) = 1"
            )
            return f"CASE WHEN {is_list} THEN {array} END"
        if values.is_money(sql_type):
            column = f"{column}::numeric"
        if sql_type.name == "name" or values.is_citext(sql_type):
            return f"{column}::text"
        if values.is_single(sql_type):
            column = f"{column}::text::double precision"  # the same digits, in the form of a double
        if sql_type.kind is Kind.DECIMAL and sql_type.scale is not None:
            return f"nullif({column}::text, 'NaN')"  # with a scale there is no infinity
        return values.SPELLED.get(sql_type.kind, "{0}").replace("{0}", column)

    def json_part(self, column: str, path: Slot) -> Sql:
        if values.is_jsonb(path.type):
            text = "jsonb_path_query_first({}, {}::jsonpath, '{{}}', true)"
            return sql(text, column, value_of(path))
        return sql("{} #> {}::text[]", column, value_of(path))

    def json_cast(self, column: str, kind: Kind) -> str:
        return values.JSON_CASTS[kind].replace("{0}", column)

    def required_value(self, column: str, sql_type: SqlType) -> str:
        value = self.json_value(column, sql_type)
        if sql_type.kind is Kind.DECIMAL:
            return f"coalesce({value}, '{MARK}')"
        if sql_type.kind in values.DATES:
            return value.replace(" END", f" ELSE '{MARK_OF_DATES}' END")
        if values.may_lose(sql_type):
            return f"coalesce(to_json({value}), '\"{MARK}\"')"
        return value

    def lost(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is not Kind.DECIMAL and not values.may_lose(sql_type):
            return ""
        return f"{self.json_value(column, sql_type)} IS NULL"

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
        if sql_type.kind is Kind.JSON:  # a text keeps its quotes: 5 is another key than "5"
            return f"{column}::text"
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

    def order_value(self, subject: Sql, term: OrderTerm) -> tuple[Sql, SqlType]:
        return values.operand(subject, term.subject.type), term.subject.type

    def distinct_value(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002
        return column

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
        """An error ends the statement, and the transaction, before the text is sent.

        OFFSET 0 keeps the value from being computed twice.
        """
        return sql(_BOUNDED, MAX_BYTES, value)

    def key_out(self, column: str, sql_type: SqlType) -> str:
        return f"{self.comparable(column, sql_type)}::text"

    def key_in_json(self, column: str, sql_type: SqlType) -> str:
        return self.key_out(column, sql_type)

    def key_from_json(self, value: Any, sql_type: SqlType) -> Any:  # noqa: ARG002 - the protocol's
        return value

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


def _in_arrays(subject: Sql, node: Compare) -> Sql:
    """A list of arrays comes as one of texts: PostgreSQL knows no array of arrays."""
    template = "{} = ANY (SELECT v::{} FROM unnest({}::text[]) v)"
    found = sql(template, subject, values.cast(node.slot.type), value_of(node.slot))
    return sql("NOT ({})", found) if node.op is Op.NIN else found


def _as_it_is(value: Any) -> Any:
    return value
