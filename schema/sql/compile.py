"""(plan, capabilities, limits) → statements: picks the dialect, once per plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dynamic_databases.catalog.capabilities import Capabilities
from schema.errors import OperationProblem, TooComplex
from schema.limits import Limits
from schema.plan.nodes import (
    Aggregate,
    Assignment,
    Delete,
    DeleteRows,
    Insert,
    InsertRows,
    Page,
    Returning,
    RowField,
    Save,
    Slot,
    Update,
    UpdateEach,
    UpdateRows,
    Use,
    Write,
)
from schema.sql.binding import bind_offset, rows_binder
from schema.sql.dialect import Dialect
from schema.sql.postgresql import PostgresqlDialect
from schema.sql.read import aggregate_to_sql, page_to_sql
from schema.sql.sqlite import SqliteDialect
from schema.sql.statement import Binder, Sql, Statement
from schema.sql.write import (
    Probe,
    delete_raw_to_sql,
    delete_to_sql,
    insert_to_sql,
    keyed,
    matching_keys_to_sql,
    probe_to_sql,
    raw_key,
    update_rows_to_sql,
    update_to_sql,
)

_DIALECTS: dict[str, Dialect] = {"sqlite": SqliteDialect(), "postgresql": PostgresqlDialect()}
_SQLITE_NESTING = 18
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


@dataclass(frozen=True)
class CompiledRows:
    """A write of many rows: `keys` are its statements that tell the rows' keys, `each` follows per key."""

    plan: InsertRows | UpdateRows | DeleteRows
    keys: tuple[Statement, ...]
    returning: dict[str, Statement]  # by response key
    each: Statement | None = None


@dataclass(frozen=True)
class CompiledEach:
    """Several writes of many rows."""

    writes: tuple[CompiledRows, ...]


CompiledWrite = (
    CompiledInsert | CompiledUpdate | CompiledSave | CompiledDelete | CompiledRows | CompiledEach
)


class Compiler:
    """Makes the statements of plans for one kind of server."""

    def __init__(self, capabilities: Capabilities, limits: Limits) -> None:
        if capabilities.vendor not in _DIALECTS:
            raise OperationProblem(
                f"There is no SQL dialect for {capabilities.vendor} in this version."
            )
        self.dialect = _DIALECTS[capabilities.vendor]
        self._limits = limits
        self._vendor = capabilities.vendor
        self._version = capabilities.version

    def read(self, read: Page | Aggregate) -> Statement | None:
        """Return the statement that answers a root field, or None where it nests too deep for the server."""
        if isinstance(read, Aggregate):
            statement = self._finished(self.dialect.answer(aggregate_to_sql(read, self.dialect)))
        else:
            statement = self._finished(self.dialect.answer(page_to_sql(read, self.dialect)))
        return statement if self._fits(statement) else None

    def page(self, page: Page) -> Statement:
        """Return the statement that answers a written row. Raises TooComplex where it nests too deep."""
        statement = self.read(page)
        if statement is None:
            raise TooComplex(
                "What a mutation answers nests too deep for this database; ask for it with a query."
            )
        return statement

    def _fits(self, statement: Statement) -> bool:
        """SQLite's parser has a fixed stack before version 3.46: about 20 nested parentheses of ours."""
        if self._vendor != "sqlite" or self._version >= (3, 46):
            return True
        return _nesting(statement.sql) <= _SQLITE_NESTING

    def write(self, write: Write) -> CompiledWrite:
        match write:
            case Insert():
                page = self.page(keyed(write.page, raw_key(write.table)))
                insert = insert_to_sql(write.table, write.values, write.on_conflict, self.dialect)
                return CompiledInsert(self._finished(insert), page)
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
            case UpdateEach():
                return CompiledEach(tuple(self._rows(update) for update in write.updates))
            case InsertRows() | UpdateRows() | DeleteRows():
                return self._rows(write)

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

    def _rows(self, write: InsertRows | UpdateRows | DeleteRows) -> CompiledRows:
        each: Statement | None = None
        pieces: list[Sql] = []
        match write:
            case InsertRows():
                pieces = [
                    insert_to_sql(write.table, values, write.on_conflict, self.dialect)
                    for values in write.rows
                ]
            case UpdateRows():
                pieces = [update_rows_to_sql(write, self.dialect)]
            case DeleteRows():
                pieces = [matching_keys_to_sql(write, self.dialect)]
                each = self._finished(delete_raw_to_sql(write.table, self.dialect))
        key = raw_key(write.table)
        returning = {
            part.key: self.page(keyed(part.page, key))
            for part in write.answer
            if isinstance(part, Returning)
        }
        return CompiledRows(
            write, tuple(self._finished(piece) for piece in pieces), returning, each
        )

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
        return bind_offset if slot.use in (Use.OFFSET, Use.COUNT) else self.dialect.binder(slot)


def _nesting(text: str) -> int:
    """Return how deep parentheses nest; those inside names and literals count too, which is safe."""
    depth = deepest = 0
    for character in text:
        if character == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif character == ")":
            depth -= 1
    return deepest
