"""What a vendor must say: quoting, JSON, comparisons, values, locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dynamic_databases.catalog.types import Kind, SqlType, Table, TableName
from schema.plan.nodes import Assignment, Compare, Function, InsertedRow, OrderTerm, Slot
from schema.sql.statement import Binder, Sql


class InPlace(Protocol):
    """How a vendor nests that refuses outer columns inside derived tables: lists without one.

    `source` is `FROM … WHERE …`, `order` the terms of an ORDER BY, `limit` what `limited` gave; the
    latter two may be empty.
    """

    def json_list(
        self, pairs: Sequence[tuple[str, Sql]], source: Sql, order: Sql, limit: Sql
    ) -> Sql: ...

    def json_one(
        self, pairs: Sequence[tuple[str, Sql]], source: Sql, order: Sql, limit: Sql
    ) -> Sql: ...


@dataclass(frozen=True)
class Deferred:
    """How a transaction finds out what its COMMIT would refuse: statements before and after it.

    They raise an error, or each counts the rows that violate something.
    """

    before: str = ""
    after: str = ""


class Dialect(Protocol):
    """One instance per vendor; all methods are pure."""

    begin: str  # starts a transaction that may write
    lock_hint: str  # follows a table whose rows a SELECT locks for this transaction
    deferred: Deferred  # of constraints that are checked at COMMIT
    in_place: InPlace | None
    writes_return_keys: bool  # UPDATE and DELETE … RETURNING
    deletes_answer_rows: bool  # RETURNING takes no more memory than a SELECT of the rows does
    combines_updates: bool  # one statement can lock a row, look at it and update it
    inserts_return_json: bool  # an INSERT can answer its row as a JSON object
    numbers_rows: bool  # rows carry their place as `o`: a derived table has no order
    after_order: str  # follows an ORDER BY of rows that hold JSON
    aggregates_apart: bool  # an aggregate inside an object's subquery would be that subquery's own

    def quote(self, name: str) -> str: ...

    def table(self, name: TableName) -> str: ...

    def placeholders(self, text: str) -> str:
        """Return a finished text in the driver's parameter style."""
        ...

    def binder(self, slot: Slot) -> Binder:
        """Return what turns a coerced GraphQL value into the driver's."""
        ...

    def slot(self, slot: Slot) -> Sql:
        """Return a slot's placeholder, typed where the vendor needs it."""
        ...

    def compare(self, subject: Sql, node: Compare) -> Sql:
        """Return a comparison of the subject's expression with the node's slot."""
        ...

    def is_null(self, column: str, sql_type: SqlType, *, negated: bool = False) -> str:
        """Return whether a value is NULL, or isn't; a row of NULLs is a value."""
        ...

    def operator(self, symbol: str, sql_type: SqlType) -> str:
        """Return a comparison operator of two values of this type."""
        ...

    def comparable(self, column: str, sql_type: SqlType) -> str:
        """Return a column expression for which `=` has an operator."""
        ...

    def differs(self, column: str, slot: Slot) -> Sql:
        """Return a boolean that is true where the column doesn't hold the value to the letter."""
        ...

    def moved(self, column: str, slot: Slot) -> Sql:
        """Return a boolean that is true where the column's value isn't the expected one."""
        ...

    def changed(self, column: str, assignment: Assignment) -> Sql:
        """Return what an assignment makes of the column expression."""
        ...

    def overwritten(self, column: str, slot: Slot, value: Sql) -> Sql:
        """Return what rows get that aren't probed: a cell that is answered as this stays as it is.

        `value` is what the slot's value is stored as.
        """
        ...

    def stored(self, value: Sql, sql_type: SqlType) -> Sql:
        """Return a value as a column of a key holds it; asked where UPDATE returns no key."""
        ...

    def reference(self, table: Table, assignment: Assignment) -> Sql | None:
        """Return how the referenced row spells the value; None where the value itself serves."""
        ...

    def aggregate(
        self, function: Function, column: str, sql_type: SqlType, *, distinct: bool = False
    ) -> str:
        """Return an aggregate function of a column of this type, of each value once if distinct.

        `distinct` isn't for what `Function.has_distinct` denies.
        """
        ...

    def json_value(self, column: str, sql_type: SqlType) -> str:
        """Return a column expression as it is to be spelled in JSON."""
        ...

    def json_part(self, column: str, path: Slot) -> Sql:
        """Return what a path leads to in a JSON document; the slot has the column's type."""
        ...

    def json_cast(self, column: str, kind: Kind) -> str:
        """Return a JSON document as its text, or as the decimal that it is."""
        ...

    def required_value(self, column: str, sql_type: SqlType) -> str:
        """Return the same, or MARK where the type can't carry what the column holds."""
        ...

    def lost(self, column: str, sql_type: SqlType) -> str:
        """Return a condition: the column holds what its type can't carry; empty if none does."""
        ...

    def json_object(self, pairs: Sequence[tuple[str, Sql]]) -> Sql:
        """Return an object of any number of keys."""
        ...

    def json_list(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        """Return a scalar subquery: the array of objects over the SELECT `rows`, in their order."""
        ...

    def json_one(self, pairs: Sequence[tuple[str, Sql]], rows: Sql, alias: str) -> Sql:
        """Return a scalar subquery: the object of the one row of `rows`, NULL without one."""
        ...

    def id_text(self, column: str, sql_type: SqlType) -> str:
        """Return a column expression as it is spelled in JSON, as text without quotes."""
        ...

    def global_id(self, scope: Sql, type_name: str, keys: Sequence[str]) -> Sql:
        """Return what `schema.global_ids.encode_id` makes of these, `keys` being texts."""
        ...

    def text(self, value: str) -> str:
        """Return a text literal."""
        ...

    def order(self, expression: Sql, term: OrderTerm, *, nullable: bool) -> Sql: ...

    def order_value(self, subject: Sql, term: OrderTerm) -> tuple[Sql, SqlType]:
        """Return what rows are ordered by instead of the term's subject, and the type of that."""
        ...

    def distinct_value(self, column: str, sql_type: SqlType) -> str:
        """Return what two rows have alike where a column of them is answered alike."""
        ...

    def limited(self, limit: Slot | None, offset: Slot | None) -> Sql:
        """Return the end of a page's query: LIMIT and OFFSET, or what the vendor has."""
        ...

    def locked(self) -> str:
        """Return what locks the rows of a SELECT for this transaction."""
        ...

    def json_text(self, value: Sql) -> Sql:
        """Return a JSON value as text, if it has no more bytes than the request may read.

        Else it is an error, or a longer text that is refused on arrival.
        """
        ...

    def key_out(self, column: str, sql_type: SqlType) -> str:
        """Return a key column in the form in which a slot of use RAW takes it back."""
        ...

    def key_in_json(self, column: str, sql_type: SqlType) -> str:
        """Return a key column as a JSON value that `key_from_json` takes."""
        ...

    def key_from_json(self, value: Any, sql_type: SqlType) -> Any:
        """Return what the driver gives of `key_out`, from the value of `key_in_json`."""
        ...

    def counted(self, write: Sql, table: Table) -> Sql:
        """Return an UPDATE or DELETE that tells how many rows of `table` it wrote."""
        ...

    def conflict_alias(self, row: InsertedRow) -> str:
        """Return what the row that is there already is called in a condition of `onConflict`."""
        ...

    def tells_conflict(self, row: InsertedRow) -> bool:
        """Return whether an INSERT returns one more value: 1 if a conflict left the row."""
        ...

    def insert(self, row: InsertedRow, returned: Sql, condition: Sql) -> Sql:
        """Return an INSERT that returns these expressions; `condition` is that of `onConflict`."""
        ...

    def inserted(self, row: InsertedRow, returned: Sql) -> Sql | None:
        """Return the SELECT that follows an INSERT which can't return anything itself."""
        ...

    def answer(self, value: Sql) -> Sql:
        """Return the statement that answers one JSON value as one text."""
        ...
