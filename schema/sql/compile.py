"""(plan, capabilities, limits) → statements: picks the dialect, once per plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dynamic_databases.catalog.capabilities import Capabilities
from schema.errors import OperationProblem
from schema.limits import Limits
from schema.plan.nodes import Assignment, Delete, Insert, Page, RowField, Save, Slot, Update, Use
from schema.sql.binding import bind_offset, rows_binder
from schema.sql.dialect import Dialect
from schema.sql.postgresql import PostgresqlDialect
from schema.sql.read import page_to_sql
from schema.sql.sqlite import SqliteDialect
from schema.sql.statement import Binder, Sql, Statement
from schema.sql.write import (
    Probe,
    delete_to_sql,
    insert_to_sql,
    keyed,
    probe_to_sql,
    raw_key,
    update_to_sql,
)

_DIALECTS: dict[str, Dialect] = {"sqlite": SqliteDialect(), "postgresql": PostgresqlDialect()}
_KEPT_UPDATES = 64  # statements of one update field, by the set of columns that differ


@dataclass(frozen=True)
class CompiledInsert:
    """INSERT, then the new row's page."""

    insert: Statement
    page: Statement


@dataclass(frozen=True)
class CompiledUpdate:
    """`updates` fills up as requests differ in which columns they really change."""

    plan: Update
    probe: Statement
    page: Statement
    updates: dict[tuple[int, ...], Statement] = field(default_factory=dict)


@dataclass(frozen=True)
class CompiledSave:
    """`rows` holds the statement of each `row` that is asked for, by response key."""

    plan: Save
    probe: Statement
    rows: dict[str, Statement]
    after: Statement
    updates: dict[tuple[int, ...], Statement] = field(default_factory=dict)


@dataclass(frozen=True)
class CompiledDelete:
    """The row's page, then DELETE."""

    page: Statement
    delete: Statement


CompiledWrite = CompiledInsert | CompiledUpdate | CompiledSave | CompiledDelete


class Compiler:
    """Makes the statements of plans for one kind of server."""

    def __init__(self, capabilities: Capabilities, limits: Limits) -> None:
        if capabilities.vendor not in _DIALECTS:
            raise OperationProblem(
                f"There is no SQL dialect for {capabilities.vendor} in this version."
            )
        self.dialect = _DIALECTS[capabilities.vendor]
        self._limits = limits

    def page(self, page: Page) -> Statement:
        return self._finished(self.dialect.answer(page_to_sql(page, self.dialect)))

    def write(self, write: Insert | Update | Save | Delete) -> CompiledWrite:
        match write:
            case Insert():
                page = self.page(keyed(write.page, raw_key(write.table)))
                return CompiledInsert(self._finished(insert_to_sql(write, self.dialect)), page)
            case Update():
                probe = self._probe(write, Probe(write.values))
                return CompiledUpdate(write, probe, self.page(self._after(write, write.page)))
            case Save():
                return self._save(write)
            case Delete():
                page = self.page(keyed(write.page, [(a.column, a.slot) for a in write.key]))
                return CompiledDelete(
                    page, self._finished(delete_to_sql(write.table, write.key, self.dialect))
                )

    def update(self, write: CompiledUpdate | CompiledSave, chosen: tuple[int, ...]) -> Statement:
        """Return the UPDATE of the values at `chosen`."""
        known = write.updates.get(chosen)
        if known is None:
            values = [write.plan.values[index] for index in chosen]
            known = self._finished(
                update_to_sql(write.plan.table, write.plan.key, values, self.dialect)
            )
            if len(write.updates) < _KEPT_UPDATES:
                write.updates[chosen] = known
        return known

    def _save(self, write: Save) -> CompiledSave:
        shown = tuple(a.column for a in write.values)
        expected = Probe((*write.values, *write.expected), shown)
        rows = {
            part.key: self.page(self._after(write, part.page))
            for part in write.answer
            if isinstance(part, RowField)
        }
        after = self._finished(
            probe_to_sql(write.table, self._key_after(write), Probe((), shown), self.dialect)
        )
        return CompiledSave(write, self._probe(write, expected), rows, after)

    def _probe(self, write: Update | Save, probe: Probe) -> Statement:
        return self._finished(probe_to_sql(write.table, write.key, probe, self.dialect))

    def _after(self, write: Update | Save, page: Page) -> Page:
        return keyed(page, [(a.column, a.slot) for a in self._key_after(write)])

    def _key_after(self, write: Update | Save) -> Sequence[Assignment]:
        """Return the key that the row has once the values are written."""
        written = {a.column.name: a for a in write.values}
        return [written.get(a.column.name, a) for a in write.key]

    def _finished(self, piece: Sql) -> Statement:
        binders = tuple(self._binder(slot) for slot in piece.slots)
        return Statement(self.dialect.placeholders(piece.text), piece.slots, binders)

    def _binder(self, slot: Slot) -> Binder:
        if slot.use is Use.ROWS:
            return rows_binder(self._limits)
        return bind_offset if slot.use is Use.OFFSET else self.dialect.binder(slot)
