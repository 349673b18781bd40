"""SQL Server's dialect, from 2016 on: `FOR JSON`, `OFFSET … FETCH`, lists by `OPENJSON`.

What FOR JSON can't spell as the others do (floats) or at all (global ids) is left to the portable
way. Triggers are why OUTPUT goes into a table variable; names of the kind `[a]]b]` are quoted
everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dynamic_databases.catalog.types import Column, Kind, SqlType, Table, TableName
from dynamic_databases.identifiers import quote, quote_table
from schema.errors import TooComplex
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
from schema.sql import mssql_values as values
from schema.sql.answer_size import MAX_BYTES
from schema.sql.dialect import Deferred, InPlace
from schema.sql.operators import COMPARISONS, OF_BOOLEANS
from schema.sql.statement import PLACE, Binder, Sql, joined, sql, value_of

# COALESCE would evaluate the subquery twice, and what is nested in it four times.
_ARRAY = "ISNULL((SELECT {} FROM ({}) {} ORDER BY {} FOR JSON PATH, INCLUDE_NULL_VALUES), N'[]')"
_OBJECT = "(SELECT {} FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)"
_ONE = "(SELECT TOP (1) {} FROM ({}) {} FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)"
_NO_IDS = "SQL Server has no base64 of UTF-8 that ids could be made with."
_OUTPUT = "@output"  # the table variable that OUTPUT fills


class MssqlDialect:
    """See `schema.sql.dialect.Dialect`."""

    begin = "BEGIN TRANSACTION"
    lock_hint = " WITH (UPDLOCK, ROWLOCK)"
    deferred = Deferred()
    in_place: InPlace | None = None
    writes_return_keys = False
    combines_updates = False
    deletes_answer_rows = False
    inserts_return_json = False
    numbers_rows = True
    after_order = ""
    aggregates_apart = True

    def quote(self, name: str) -> str:
        return quote(name, "microsoft")

    def table(self, name: TableName) -> str:
        return quote_table(name.schema, name.name, "microsoft")

    def placeholders(self, text: str) -> str:
        return text.replace(PLACE, "?")

    def binder(self, slot: Slot) -> Binder:
        return values.binder(slot)

    def slot(self, slot: Slot) -> Sql:
        return values.slot(slot)

    def compare(self, subject: Sql, node: Compare) -> Sql:
        if isinstance(node.subject, Column):
            subject = Sql(values.comparable(subject.text, node.subject.type))
        if node.op in (Op.IN, Op.NIN):
            return self._within(subject, node)
        if node.op in values.CONDITIONS:
            return sql(values.CONDITIONS[node.op], subject, value_of(node.slot))
        value = self.slot(node.slot)
        if values.is_fine(node.slot.type) and node.slot.use is not Use.RAW:
            return _compared_as_answered(subject, node.op, value)
        return sql("{} {} {}", subject, COMPARISONS[node.op], value)

    def _within(self, subject: Sql, node: Compare) -> Sql:
        """A list is one parameter; its texts take the column's collation on."""
        sql_type = node.slot.type
        kind = values.cast(sql_type) or "nvarchar(max)"
        is_binary = sql_type.kind is Kind.BINARY
        item = f"CONVERT({kind}, j.value, 1)" if is_binary else f"CAST(j.value AS {kind})"
        word = "IN" if node.op is Op.IN else "NOT IN"
        return sql(
            f"{{}} {word} (SELECT {values.collated(item, sql_type)} FROM OPENJSON({{}}) j)",
            sql(values.as_answered("{0}", sql_type), subject),
            value_of(node.slot),
        )

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
        """INTERSECT takes two NULLs for equal, which no operator did before 2022."""
        value = sql(values.exact("{}", slot.type), self.slot(slot))
        own = values.as_answered(values.exact(column, slot.type), slot.type)
        return sql("NOT EXISTS (SELECT {} INTERSECT SELECT {})", own, value)

    def moved(self, column: str, slot: Slot) -> Sql:
        return self.differs(column, slot)

    def changed(self, column: str, assignment: Assignment) -> Sql:
        value = self.slot(values.stored(assignment.slot))
        return sql("{} + {}", column, value) if assignment.how is How.ADD else value

    def overwritten(self, column: str, slot: Slot, value: Sql) -> Sql:  # noqa: ARG002
        return value

    def stored(self, value: Sql, sql_type: SqlType) -> Sql:
        return sql("CAST({} AS {})", value, _stored(sql_type))

    def reference(self, table: Table, assignment: Assignment) -> Sql | None:  # noqa: ARG002
        return None

    def aggregate(
        self, function: Function, column: str, sql_type: SqlType, *, distinct: bool = False
    ) -> str:
        each = "DISTINCT " if distinct and not function.is_extreme else ""
        if function in OF_BOOLEANS:
            return OF_BOOLEANS[function].replace("{0}", column)
        return values.aggregate(function, column, sql_type, each)

    def json_value(self, column: str, sql_type: SqlType) -> str:
        return values.json_value(column, sql_type)

    def json_part(self, column: str, path: Slot) -> Sql:  # noqa: ARG002 - the protocol's
        raise TooComplex("SQL Server has a function for scalars and another for the rest.")

    def json_cast(self, column: str, kind: Kind) -> str:
        return values.JSON_CASTS[kind].replace("{0}", column)

    def required_value(self, column: str, sql_type: SqlType) -> str:
        return self.json_value(column, sql_type)  # every value is carried

    def lost(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        return ""

    def json_object(self, pairs: Sequence[tuple[str, Sql]]) -> Sql:
        if not pairs:
            return Sql("JSON_QUERY(N'{}')")
        return sql("JSON_QUERY({})", sql(_OBJECT, self._named(pairs)))

    def json_list(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        return sql("JSON_QUERY({})", sql(_ARRAY, self._named(pairs), rows, alias, f"{alias}.o"))

    def json_one(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        return sql("JSON_QUERY({})", sql(_ONE, self._named(pairs), rows, alias))

    def _named(self, pairs: Sequence[tuple[str, Sql]]) -> Sql:
        if any("." in key for key, _ in pairs):
            raise TooComplex("FOR JSON PATH takes a dot in a name for an object within.")
        return joined(", ", (sql("{} AS {}", value, self.quote(key)) for key, value in pairs))

    def id_text(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002 - the protocol's
        raise TooComplex(_NO_IDS)

    def global_id(self, scope: Sql, type_name: str, keys: Sequence[str]) -> Sql:  # noqa: ARG002
        raise TooComplex(_NO_IDS)

    def text(self, value: str) -> str:
        return "N'" + value.replace("'", "''") + "'"

    def order(self, expression: Sql, term: OrderTerm, *, nullable: bool) -> Sql:
        direction = " DESC" if term.descending else ""
        # NULL counts as the smallest value.
        if nullable and term.nulls_first == term.descending:
            first, last = ("0", "1") if term.nulls_first else ("1", "0")
            place = f"CASE WHEN {{}} IS NULL THEN {first} ELSE {last} END"
            return sql(f"{place}, {{}}{direction}", expression, expression)
        return sql("{}{}", expression, direction)

    def order_value(self, subject: Sql, term: OrderTerm) -> tuple[Sql, SqlType]:
        return subject, term.subject.type

    def distinct_value(self, column: str, sql_type: SqlType) -> str:  # noqa: ARG002
        return column

    def limited(self, limit: Slot | None, offset: Slot | None) -> Sql:
        """FETCH takes no 0: of no rows wanted, one is fetched beyond the last."""
        start = sql("CAST({} AS bigint)", value_of(offset)) if offset else Sql("0")
        if limit is None:
            return sql("OFFSET {} ROWS", start)
        size = value_of(limit)
        return sql(
            "OFFSET (CASE WHEN {} = 0 THEN 9223372036854775807 ELSE {} END) ROWS"
            " FETCH NEXT (CASE WHEN {} = 0 THEN 1 ELSE {} END) ROWS ONLY",
            size,
            start,
            size,
            size,
        )

    def locked(self) -> str:
        return ""  # the hint after the table says it

    def json_text(self, value: Sql) -> Sql:
        """One character too many tells that there are more."""
        return sql("LEFT({}, CAST({} AS int) + 1)", value, MAX_BYTES)

    def key_out(self, column: str, sql_type: SqlType) -> str:
        kind = sql_type.kind
        if kind in (Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME):
            return f"CONVERT(varchar(34), {column}, 126)"
        if kind is Kind.FLOAT:
            return f"CONVERT(varchar(32), {column}, 3)"
        if kind is Kind.DECIMAL:
            style = ", 2" if "money" in sql_type.name else ""
            return f"CONVERT(varchar(42), {column}{style})"
        return f"CAST({column} AS varchar(36))" if kind is Kind.UUID else column

    def key_in_json(self, column: str, sql_type: SqlType) -> str:
        if sql_type.kind is Kind.BINARY:
            return f"CONVERT(varchar(max), {column}, 2)"
        return self.key_out(column, sql_type)

    def key_from_json(self, value: Any, sql_type: SqlType) -> Any:
        is_binary = sql_type.kind is Kind.BINARY and value is not None
        return bytes.fromhex(value) if is_binary else value

    def counted(self, write: Sql, table: Table) -> Sql:  # noqa: ARG002 - the protocol's
        """Counts are off: a trigger's would come first, and hide the error that it ends with."""
        return sql("SET NOCOUNT ON; {}; SELECT 1 WHERE @@ROWCOUNT > 0;", write)

    def conflict_alias(self, row: InsertedRow) -> str:  # noqa: ARG002 - the protocol's
        return "t1"

    def tells_conflict(self, row: InsertedRow) -> bool:  # noqa: ARG002 - the protocol's
        return False

    def insert(self, row: InsertedRow, returned: Sql, condition: Sql) -> Sql:
        """A batch: OUTPUT goes into a table variable, which is what a table with triggers permits.

        Where an identity is given, and so is all that is to be returned, it does without: a
        stand-in takes no OUTPUT under IDENTITY_INSERT.
        """
        given = {a.column.name: self._given(a) for a in row.values}
        table = self.table(row.table.name)
        if not row.values and len(row.returned) == 1 and row.returned[0].identity:
            own = self.quote(row.returned[0].name)
            text = (
                "SET NOCOUNT ON; INSERT INTO {} DEFAULT VALUES; "
                "SELECT {} FROM {} WHERE {} = SCOPE_IDENTITY();"
            )
            return sql(text, table, returned, table, own)
        if not any(a.column.identity for a in row.values):
            return self._with_output(row, returned, condition)
        known = {
            *(column.name for column in row.returned),
            *(row.on_conflict.key if row.on_conflict else ()),
        }
        if not known <= given.keys():
            body = self._with_output(row, returned, condition)
            return sql(
                "SET IDENTITY_INSERT {} ON; {} SET IDENTITY_INSERT {} OFF;", table, body, table
            )
        body = self._written(row, "", f"SET {_OUTPUT} = @@ROWCOUNT;", condition)
        # A row that was there is found by the key that conflicted: it keeps its own identity.
        names = row.on_conflict.key if row.on_conflict else tuple(c.name for c in row.returned)
        key = joined(" AND ", (sql("{} = {}", self.quote(name), given[name]) for name in names))
        return sql(
            "SET NOCOUNT ON; DECLARE {} int = 0; SET IDENTITY_INSERT {} ON; "
            "{} SET IDENTITY_INSERT {} OFF;"
            " SELECT {} FROM {} WHERE {} AND {} > 0;",
            _OUTPUT,
            table,
            body,
            table,
            returned,
            table,
            key,
            _OUTPUT,
        )

    def inserted(self, row: InsertedRow, returned: Sql) -> Sql | None:  # noqa: ARG002 - the protocol's
        return None

    def answer(self, value: Sql) -> Sql:
        # At the top level FOR JSON comes in rows of 2,033 characters; a scalar subquery is one
        # value.
        return sql("SELECT {}", self.json_text(value))

    def _with_output(self, row: InsertedRow, returned: Sql, condition: Sql) -> Sql:
        """What is written, then a SELECT of the rows of OUTPUT."""
        columns = ", ".join(f"{self.quote(c.name)} {_kept(c.type)}" for c in row.returned)
        inserted = ", ".join(f"INSERTED.{self.quote(c.name)}" for c in row.returned)
        output = f"OUTPUT {inserted} INTO {_OUTPUT} "
        body = self._written(row, output, "", condition)
        head = sql("SET NOCOUNT ON; DECLARE {} TABLE ({}); {}", _OUTPUT, columns, body)
        return sql("{} SELECT {} FROM {};", head, returned, _OUTPUT)

    def _given(self, assignment: Assignment) -> Sql:
        return self.slot(values.stored(assignment.slot))

    def _insert(self, row: InsertedRow, output: str, then: str) -> Sql:
        table = self.table(row.table.name)
        if not row.values:
            return sql("INSERT INTO {} {}DEFAULT VALUES; {}", table, output, then)
        columns = ", ".join(self.quote(a.column.name) for a in row.values)
        slots = joined(", ", (self._given(a) for a in row.values))
        return sql("INSERT INTO {} ({}) {}VALUES ({}); {}", table, columns, output, slots, then)

    def _written(self, row: InsertedRow, output: str, then: str, condition: Sql) -> Sql:
        """The INSERT, or an UPDATE where the row is there; `then` follows whichever it is.

        HOLDLOCK keeps the key's range until the end, so that no other session inserts it.
        """
        on_conflict = row.on_conflict
        insert = self._insert(row, output, then)
        given = {a.column.name: self._given(a) for a in row.values}
        if on_conflict is None or any(name not in given for name in on_conflict.key):
            return insert  # a key that the server gives conflicts with nothing
        table = self.table(row.table.name)
        key = joined(" AND ", (sql("t1.{} = {}", self.quote(n), given[n]) for n in on_conflict.key))
        there = sql("EXISTS (SELECT 1 FROM {} AS t1 WITH (UPDLOCK, HOLDLOCK) WHERE {})", table, key)
        if not on_conflict.update:
            return sql("IF NOT {} BEGIN {} END;", there, insert)
        names = [column.name for column in on_conflict.update]
        pairs = joined(
            ", ", (sql("{} = {}", self.quote(n), given.get(n, "DEFAULT")) for n in names)
        )
        only = sql(" AND {}", condition) if condition.text else Sql("")
        update = sql(
            "UPDATE t1 SET {} {}FROM {} AS t1 WHERE {}{}; {}", pairs, output, table, key, only, then
        )
        return sql("IF {} BEGIN {} END ELSE BEGIN {} END;", there, update, insert)


def _compared_as_answered(subject: Sql, op: Op, value: Sql) -> Sql:
    """Compare moments of seven digits by six, by a range: a function would rule out an index."""
    if op in (Op.EQ, Op.NEQ):
        word = "BETWEEN" if op is Op.EQ else "NOT BETWEEN"
        return sql(f"{{}} {word} {{}} AND {{}}", subject, value, values.last_alike(value))
    bound = values.last_alike(value) if op in (Op.GT, Op.LTE) else value
    return sql("{} {} {}", subject, COMPARISONS[op], bound)


def _kept(sql_type: SqlType) -> str:
    """Return the same with its collation: a table variable has the database's."""
    return (
        f"{_stored(sql_type)} COLLATE {sql_type.collation}"
        if sql_type.collation
        else _stored(sql_type)
    )


def _stored(sql_type: SqlType) -> str:
    """Return the type of a column of a table variable that keeps a column's value."""
    if sql_type.name == "timestamp":
        return "binary(8)"
    return "nvarchar(max)" if sql_type.name in ("text", "ntext", "xml") else sql_type.name
