"""(plan, capabilities, limits) → statements, for reads and writes of one kind of server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from dynamic_databases.catalog.types import Column, Table
from schema.errors import TooComplex
from schema.plan.nodes import (
    EVERYTHING,
    Answer,
    AnyOf,
    Assignment,
    Delete,
    DeleteRows,
    Insert,
    InsertedRow,
    InsertRows,
    Page,
    Returning,
    RowField,
    Save,
    Selected,
    Slot,
    Typename,
    Update,
    UpdateEach,
    UpdateRows,
    Value,
    Where,
    Write,
)
from schema.sql.compile_reads import ReadCompiler
from schema.sql.compiled import (
    CombinedUpdates,
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
from schema.sql.statement import Statement
from schema.sql.write import (
    Probe,
    combined_update_to_sql,
    delete_to_sql,
    direct_update_to_sql,
    existing_to_sql,
    insert_to_sql,
    is_flat,
    key_columns,
    keyed,
    new_raw_key,
    probe_to_sql,
    raw_key,
    returns_key,
    update_to_sql,
    written_key,
)
from schema.sql.write_rows import (
    delete_raw_to_sql,
    delete_rows_to_sql,
    matching_keys_to_sql,
    update_raw_to_sql,
    update_rows_to_sql,
)

_KEPT_UPDATES = 64  # statements of one update field, by the set of columns that differ


class Compiler(ReadCompiler):
    """Makes the statements of plans for one kind of server."""

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
                compiled = CompiledDelete(page, self._finished(delete), self._guard(write))
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

    def combined_update(
        self, update: Update, combined: CombinedUpdates, chosen: tuple[int, ...]
    ) -> Statement:
        """Return the statement that writes the values at `chosen` if those and no others differ."""
        known = combined.statements.get(chosen)
        if known is None:
            known = self._finished(combined_update_to_sql(update, chosen, self.dialect))
            if len(combined.statements) < _KEPT_UPDATES:
                combined.statements[chosen] = known
        return known

    def _insert_one(self, write: Insert) -> CompiledInsert:
        can_answer = self._is_exact and self.dialect.inserts_return_json
        # RETURNING is computed before AFTER triggers. With triggers the row is read once more.
        can_answer = can_answer and not write.table.has_triggers
        can_answer = can_answer and write.page.is_of_stored_rows
        is_checked = any(row.check != EVERYTHING for row in write.rows)
        if can_answer and not is_checked and _is_lone_row(write):
            row = self._insert(write.rows[0], write.page.selection)
            return CompiledInsert((row,), write.main, None)
        page = self.page(keyed(write.page, raw_key(write.table)))
        return CompiledInsert(self._inserts(write.rows), write.main, page)

    def _update(self, write: Update) -> CompiledUpdate:
        probe = self._probe(write, self._with_key(Probe(write.values), write))
        page = self.page(self._after(write, write.page))
        direct, new_key = self._direct(write), self._new_key(write)
        return CompiledUpdate(
            write,
            probe,
            page,
            direct,
            self._returns_key(write),
            new_key,
            combined=self._combined(write),
            check=self._check_after(write),
        )

    def _returns_key(self, write: Update | Save) -> bool:
        return returns_key(write.table, write.values, self.dialect)

    def _new_key(self, write: Update | Save) -> tuple[int, ...]:
        """Return which values the probe tells as the new key, where the UPDATE doesn't."""
        if self.dialect.writes_return_keys:
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
        if write.where != EVERYTHING or write.check != EVERYTHING:
            return None
        return self._finished(direct_update_to_sql(write, self.dialect))

    def _combined(self, write: Update) -> CombinedUpdates | None:
        """Return where the combined updates are kept; None where a write takes several statements.

        A key that is written, a check of the row and triggers do.
        """
        table, key = write.table, {a.column.name for a in write.key}
        if not self.dialect.combines_updates or len(write.values) < 2:
            return None
        if table.has_triggers or table.key_may_be_null or write.check != EVERYTHING:
            return None
        if any(a.column.name in key for a in write.values):
            return None
        return CombinedUpdates()

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
            self._check(
                row.table, row.check, raw_key(row.table), sees_all=row.visible == EVERYTHING
            ),
        )

    def _rows(self, write: UpdateRows | DeleteRows) -> CompiledRows:
        if isinstance(write, UpdateRows) and not write.values:
            nothing = replace(write, where=AnyOf())
            return CompiledRows(
                write, self._finished(matching_keys_to_sql(nothing, self.dialect)), {}
            )
        if isinstance(write, UpdateRows) and self.dialect.writes_return_keys and not write.held:
            keys = self._finished(update_rows_to_sql(write, self.dialect))
            check = self._check_rows(write)
            returning = self._returning(write.table, write.answer)
            return CompiledRows(write, keys, returning, check=check)
        if isinstance(write, DeleteRows) and self.dialect.writes_return_keys:
            return self._delete_rows(write)
        keys = self._finished(matching_keys_to_sql(write, self.dialect))
        if isinstance(write, DeleteRows):
            each = self._finished(delete_raw_to_sql(write.table, self.dialect))
            return CompiledRows(write, keys, self._returning(write.table, write.answer), each)
        each = self._finished(update_raw_to_sql(write, self.dialect))
        returning = self._returning(write.table, write.answer, write.values)
        return CompiledRows(
            write, keys, returning, each, check=self._check_rows(write, write.values)
        )

    def _delete_rows(self, write: DeleteRows) -> CompiledRows:
        """Return a lone DELETE where it answers what is selected of its rows."""
        returned = [one.page for one in write.answer if isinstance(one, Returning)]
        selections = [page.selection for page in returned]
        key = len(write.table.primary_key)
        # A row whose key is NULL isn't found a second time.
        may_answer = self.dialect.deletes_answer_rows or write.table.key_may_be_null
        may_answer = may_answer and not any(page.is_masked for page in returned)
        if not selections or (may_answer and all(map(is_flat, selections))):
            delete = delete_rows_to_sql(write, self.dialect, selections)
            objects = range(key, key + len(selections))
            return CompiledRows(write, self._finished(delete, json_columns=objects), {})
        keys = matching_keys_to_sql(write, self.dialect, locks=False)
        delete = delete_rows_to_sql(write, self.dialect)
        pages = self._returning(write.table, write.answer)
        return CompiledRows(write, self._finished(keys), pages, together=self._finished(delete))

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
            check=self._check_after(write),
        )

    def _spells(self, columns: Sequence[Column]) -> bool:
        """Return whether the server can spell these columns in JSON itself."""
        try:
            return all(self.dialect.json_value("x", column.type) for column in columns)
        except TooComplex:
            return False

    def _probe(self, write: Update | Save, probe: Probe) -> Statement:
        probe = replace(probe, held=write.held)
        before = len(probe.values) + len(probe.expected) + len(probe.key) + len(probe.new_key)
        before += len(probe.held)
        return self._finished(
            probe_to_sql(write.table, write.key, probe, self.dialect, write.where),
            json_columns=range(before, before + bool(probe.shown)),
        )

    def _guard(self, write: Delete) -> Statement | None:
        """Return what locks the row if it may be deleted, where not every row may be."""
        if write.where == EVERYTHING:
            return None
        guard = probe_to_sql(write.table, write.key, Probe(()), self.dialect, write.where)
        return self._finished(guard)

    def _check_after(self, write: Update | Save) -> CompiledPage | None:
        sees_all = write.page.is_of_stored_rows
        return self._check(write.table, write.check, self._key_after(write), sees_all=sees_all)

    def _check_rows(
        self, write: UpdateRows, written: Sequence[Assignment] = ()
    ) -> CompiledPage | None:
        pages = [one.page for one in write.answer if isinstance(one, Returning)]
        sees_all = all(page.is_of_stored_rows for page in pages)
        key = new_raw_key(write.table, written)
        return self._check(write.table, write.check, key, sees_all=sees_all)

    def _check(
        self, table: Table, check: Where, key: Sequence[tuple[Column, Slot]], *, sees_all: bool
    ) -> CompiledPage | None:
        """Return what answers null where the row as it is stored doesn't satisfy `check`.

        Where the role doesn't see all rows, that a row isn't answered doesn't show that it is gone.
        """
        if check == EVERYTHING and sees_all:
            return None
        return self.page(keyed(Page(table, (Typename("is", ""),), check, single=True), key))

    def _after(self, write: Update | Save, page: Page) -> Page:
        """Return the page of the row with the key that it has once the values are written."""
        return keyed(page, self._key_after(write))

    def _key_after(self, write: Update | Save) -> Sequence[tuple[Column, Slot]]:
        if self._returns_key(write):
            return raw_key(write.table)
        if self._new_key(write):
            return new_raw_key(write.table, write.values)
        return [(a.column, a.slot) for a in write.key]


def _is_lone_row(write: Insert) -> bool:
    return len(write.rows) == 1 and is_flat(write.page.selection)
