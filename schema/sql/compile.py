"""(plan, capabilities, limits) → statements: picks the dialect, once per plan."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from dynamic_databases.catalog.capabilities import Capabilities, JsonWay
from dynamic_databases.catalog.types import Column, Table
from schema.errors import TooComplex
from schema.limits import Limits
from schema.plan.nodes import (
    Aggregate,
    Answer,
    AnyOf,
    Assignment,
    Connection,
    Delete,
    DeleteRows,
    Insert,
    InsertedRow,
    InsertRows,
    Page,
    Read,
    Returning,
    RowField,
    Save,
    Selected,
    Slot,
    Update,
    UpdateEach,
    UpdateRows,
    Use,
    Value,
    Write,
)
from schema.plan.operands import Constant
from schema.sql.binding import bind_offset, rows_and_one_binder, rows_binder
from schema.sql.compiled import (
    CompiledConnection,
    CompiledDelete,
    CompiledEach,
    CompiledInsert,
    CompiledInserts,
    CompiledPage,
    CompiledRow,
    CompiledRows,
    CompiledSave,
    CompiledUpdate,
    CompiledWrite,
    PortablePage,
)
from schema.sql.dialect import Dialect
from schema.sql.group_by import group_by_to_sql
from schema.sql.lost_cells import lost_cells_to_sql
from schema.sql.mssql import MssqlDialect
from schema.sql.mysql import MysqlDialect
from schema.sql.postgresql import PostgresqlDialect
from schema.sql.read import aggregate_to_sql, page_rows_to_sql, page_to_sql
from schema.sql.relay_connection import connection_to_sql
from schema.sql.sqlite import SqliteDialect, fits_parser
from schema.sql.statement import PLACE, Binder, Sql, Statement
from schema.sql.write import (
    Probe,
    delete_raw_to_sql,
    delete_to_sql,
    direct_update_to_sql,
    existing_to_sql,
    insert_to_sql,
    is_flat,
    key_columns,
    keyed,
    matching_keys_to_sql,
    new_raw_key,
    probe_to_sql,
    raw_key,
    returns_key,
    update_raw_to_sql,
    update_rows_to_sql,
    update_to_sql,
    written_key,
)

_DIALECTS: dict[tuple[str, bool], Dialect] = {
    ("sqlite", True): SqliteDialect(),
    ("postgresql", True): PostgresqlDialect(),
    ("mysql", True): MysqlDialect(returning=True),
    ("mysql", False): MysqlDialect(returning=False),
    ("microsoft", True): MssqlDialect(),
}
_DEEP_SQLITE = SqliteDialect(deep=True)
_COUNTS = {Use.ROWS, Use.ROWS_AND_ONE, Use.COUNT, Use.OFFSET}
_KEPT_UPDATES = 64  # statements of one update field, by the set of columns that differ


class Compiler:
    """Makes the statements of plans for one kind of server."""

    def __init__(
        self, capabilities: Capabilities, limits: Limits, *, by_rows: bool = False
    ) -> None:
        """With `by_rows` SQLite's lists come as a text for each row, not as one text."""
        self.dialect = _dialect_of(capabilities)
        self.capabilities = capabilities
        self.limits = limits
        self._by_rows = by_rows
        self._is_exact = capabilities.json is JsonWay.EXACT
        self._vendor = capabilities.vendor

    def read(self, read: Read) -> Statement | None:
        """Return the statement that answers a root field; None where this server needs several."""
        if not self._is_exact:
            return None
        try:
            statement = self._read(read, self.dialect)
        except TooComplex:
            return None
        if self._fits(statement):
            return statement
        statement = self._read(read, _DEEP_SQLITE)
        return statement if self._fits(statement) else None

    def _read(self, read: Read, dialect: Dialect) -> Statement:
        if (
            self._by_rows
            and isinstance(dialect, SqliteDialect)
            and isinstance(read, Page)
            and not read.single
        ):
            piece = page_rows_to_sql(read, dialect, dialect.json_rows)
            return replace(self._finished(piece, json_columns=range(1)), is_list=True)
        return self._finished(_read_to_sql(read, dialect), is_answer=True)

    def connection(self, connection: Connection) -> CompiledConnection:
        """Return the statement of a connection; without its nodes where those need others."""
        if self._is_exact:
            with suppress(TooComplex):
                piece = connection_to_sql(connection, self.limits, self.dialect)
                first = len(connection.order_by)
                nodes = range(first, first + len(connection.selections))
                statement = self._finished(piece, json_columns=nodes)
                if self._fits(statement):
                    return CompiledConnection(connection, statement, has_nodes=True)
        keys = replace(connection, selections=())
        piece = connection_to_sql(keys, self.limits, self.dialect)
        return CompiledConnection(connection, self._finished(piece), has_nodes=False)

    def lost_cells(self, table: Table, rows: int) -> tuple[tuple[Column, ...], Statement] | None:
        """Return columns, and a statement that counts their cells that no type carries."""
        found = lost_cells_to_sql(table, rows, self.dialect)
        return found and (found[0], self._finished(found[1]))

    def page(self, page: Page) -> CompiledPage:
        """Return what answers a row that is written."""
        return self.read(page) or PortablePage(page)

    def _fits(self, statement: Statement) -> bool:
        return self._vendor != "sqlite" or fits_parser(statement.sql)

    def write(self, write: Write) -> CompiledWrite:
        compiled: CompiledWrite
        match write:
            case Insert():
                compiled = self._insert_one(write)
            case InsertRows():
                returning = self._returning(write.table, write.answer)
                compiled = CompiledInserts(write, self._inserts(write.rows), returning)
            case Update():
                compiled = self._update(write)
            case Save():
                compiled = self._save(write)
            case Delete():
                page = self.page(keyed(write.page, [(a.column, a.slot) for a in write.key]))
                delete = delete_to_sql(write.table, write.key, self.dialect)
                compiled = CompiledDelete(page, self._finished(delete))
            case UpdateEach():
                compiled = CompiledEach(tuple(self._rows(update) for update in write.updates))
            case UpdateRows() | DeleteRows():
                compiled = self._rows(write)
            case _:
                assert_never(write)
        return compiled

    def update(self, write: CompiledUpdate | CompiledSave, chosen: tuple[int, ...]) -> Statement:
        """Return the UPDATE of the values at `chosen`."""
        known = write.updates.get(chosen)
        if known is None:
            values = [write.plan.values[index] for index in chosen]
            known = self._finished(
                update_to_sql(
                    write.plan.table,
                    write.plan.key,
                    values,
                    self.dialect,
                    returns_key=write.returns_key,
                )
            )
            if len(write.updates) < _KEPT_UPDATES:
                write.updates[chosen] = known
        return known

    def _insert_one(self, write: Insert) -> CompiledInsert:
        can_answer = self._is_exact and self.dialect.inserts_return_json
        # RETURNING is computed before AFTER triggers. With triggers the row is read once more.
        can_answer = can_answer and not write.table.has_triggers
        if can_answer and len(write.rows) == 1 and is_flat(write.page.selection):
            row = self._insert(write.rows[0], write.page.selection)
            return CompiledInsert((row,), write.main, None)
        page = self.page(keyed(write.page, raw_key(write.table)))
        return CompiledInsert(self._inserts(write.rows), write.main, page)

    def _update(self, write: Update) -> CompiledUpdate:
        probe = self._probe(write, self._with_key(Probe(write.values), write))
        page = self.page(self._after(write, write.page))
        direct, new_key = self._direct(write), self._new_key(write)
        return CompiledUpdate(write, probe, page, direct, self._returns_key(write), new_key)

    def _returns_key(self, write: Update | Save) -> bool:
        return returns_key(write.table, write.values, self.dialect)

    def _new_key(self, write: Update | Save) -> tuple[int, ...]:
        """Return which values the probe tells as the new key, where the UPDATE doesn't."""
        if self.dialect.updates_return_keys:
            return ()
        written = written_key(write.table, write.values)
        return tuple(write.values.index(assignment) for assignment in written)

    def _with_key(self, probe: Probe, write: Update | Save) -> Probe:
        new_key = tuple(write.values[i] for i in self._new_key(write))
        if not new_key and not self._returns_key(write):
            return probe
        return replace(probe, key=key_columns(write.table), new_key=new_key)

    def _direct(self, write: Update) -> Statement | None:
        """Return the UPDATE of a lone column, unless it is one that the row is found by.

        Where there are triggers, a row that wasn't written may differ all the same.
        """
        key = {a.column.name for a in write.key}
        if len(write.values) != 1 or write.values[0].column.name in key or write.table.has_triggers:
            return None
        return self._finished(direct_update_to_sql(write, self.dialect))

    def _inserts(self, rows: Sequence[InsertedRow]) -> tuple[CompiledRow, ...]:
        return tuple(self._insert(row) for row in rows)

    def _insert(self, row: InsertedRow, selection: Sequence[Selected] = ()) -> CompiledRow:
        existing = existing_to_sql(row, self.dialect) if row.is_needed and row.on_conflict else None
        insert, inserted = insert_to_sql(row, self.dialect, selection)
        # After the key comes what is selected, as JSON.
        json_columns = range(len(row.returned), len(row.returned) + bool(selection))
        return CompiledRow(
            row,
            self._finished(insert, json_columns=json_columns),
            self._finished(existing) if existing else None,
            self._finished(inserted, json_columns=json_columns) if inserted else None,
            self.dialect.tells_conflict(row),
        )

    def _rows(self, write: UpdateRows | DeleteRows) -> CompiledRows:
        if isinstance(write, UpdateRows) and not write.values:
            nothing = replace(write, where=AnyOf())
            return CompiledRows(
                write, self._finished(matching_keys_to_sql(nothing, self.dialect)), {}
            )
        if isinstance(write, UpdateRows) and self.dialect.updates_return_keys:
            keys = self._finished(update_rows_to_sql(write, self.dialect))
            return CompiledRows(write, keys, self._returning(write.table, write.answer))
        keys = self._finished(matching_keys_to_sql(write, self.dialect))
        if isinstance(write, DeleteRows):
            each = self._finished(delete_raw_to_sql(write.table, self.dialect))
            return CompiledRows(write, keys, self._returning(write.table, write.answer), each)
        each = self._finished(update_raw_to_sql(write, self.dialect))
        returning = self._returning(write.table, write.answer, write.values)
        return CompiledRows(write, keys, returning, each)

    def _returning(
        self, table: Table, answer: Sequence[Answer], written: Sequence[Assignment] = ()
    ) -> dict[str, CompiledPage]:
        """Return the page of each `returning`.

        It finds the row whose key is in RETURNED_KEY; with `written` its new key stands there.
        """
        key = new_raw_key(table, written)
        return {
            part.key: self.page(keyed(part.page, key))
            for part in answer
            if isinstance(part, Returning)
        }

    def _save(self, write: Save) -> CompiledSave:
        shown = tuple(a.column for a in write.values)
        is_told = self._is_exact and self._spells(shown)
        expected = Probe(write.values, write.expected, shown if is_told else ())
        rows = {
            part.key: self.page(self._after(write, part.page))
            for part in write.answer
            if isinstance(part, RowField)
        }
        shown_page = Page(
            write.table, tuple(Value(f"c{i}", c) for i, c in enumerate(shown)), single=True
        )
        before = PortablePage(keyed(shown_page, [(a.column, a.slot) for a in write.key]))
        return CompiledSave(
            write,
            self._probe(write, self._with_key(expected, write)),
            rows,
            self.page(self._after(write, shown_page)),
            None if is_told else before,
            self._returns_key(write),
            self._new_key(write),
        )

    def _spells(self, columns: Sequence[Column]) -> bool:
        """Return whether the server can spell these columns in JSON itself."""
        try:
            return all(self.dialect.json_value("x", column.type) for column in columns)
        except TooComplex:
            return False

    def _probe(self, write: Update | Save, probe: Probe) -> Statement:
        before = len(probe.values) + len(probe.expected) + len(probe.key) + len(probe.new_key)
        return self._finished(
            probe_to_sql(write.table, write.key, probe, self.dialect),
            json_columns=range(before, before + bool(probe.shown)),
        )

    def _after(self, write: Update | Save, page: Page) -> Page:
        """Return the page of the row with the key that it has once the values are written."""
        if self._returns_key(write):
            return keyed(page, raw_key(write.table))
        if self._new_key(write):
            return keyed(page, new_raw_key(write.table, write.values))
        return keyed(page, [(a.column, a.slot) for a in write.key])

    def _finished(
        self, piece: Sql, *, is_answer: bool = False, json_columns: range = range(0)
    ) -> Statement:
        piece = self._with_constant_counts(piece)
        binders = tuple(self._binder(slot) for slot in piece.slots)
        text = self.dialect.placeholders(piece.text)
        json_columns = range(1) if is_answer else json_columns
        return Statement(text, piece.slots, binders, is_answer, json_columns)

    def _with_constant_counts(self, piece: Sql) -> Sql:
        """Write limits and offsets that stand in the document into the text.

        A planner that doesn't know how few rows are wanted plans for many, and again each time.
        """
        head, *rest = piece.text.split(PLACE)
        texts, slots = [head], []
        for slot, text in zip(piece.slots, rest, strict=True):
            if slot.use in _COUNTS and isinstance(slot.operand, Constant):
                texts.append(str(self._binder(slot)(slot.operand.value)))
            else:
                texts.append(PLACE)
                slots.append(slot)
            texts.append(text)
        return Sql("".join(texts), tuple(slots))

    def _binder(self, slot: Slot) -> Binder:
        if slot.use is Use.ROWS:
            return rows_binder(self.limits)
        if slot.use is Use.ROWS_AND_ONE:
            return rows_and_one_binder(self.limits)
        return bind_offset if slot.use in (Use.OFFSET, Use.COUNT) else self.dialect.binder(slot)


def dialect_of(vendor: str) -> Dialect:
    """Return a vendor's dialect, as Django calls the vendor."""
    return _DIALECTS[vendor, True]


def _dialect_of(capabilities: Capabilities) -> Dialect:
    known = _DIALECTS.get((capabilities.vendor, capabilities.returning))
    return known or _DIALECTS[capabilities.vendor, True]


def _read_to_sql(read: Read, dialect: Dialect) -> Sql:
    if isinstance(read, Page):
        value = page_to_sql(read, dialect)
    elif isinstance(read, Aggregate):
        value = aggregate_to_sql(read, dialect)
    else:
        value = group_by_to_sql(read, dialect)
    return dialect.answer(value)
