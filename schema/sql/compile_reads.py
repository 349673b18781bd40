"""(plan of a read, capabilities, limits) → statement: picks the dialect, once per plan."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from dynamic_databases.catalog.capabilities import Capabilities, JsonWay
from dynamic_databases.catalog.types import Column, Table
from schema.errors import TooComplex
from schema.limits import Limits
from schema.plan.nodes import (
    Aggregate,
    Connection,
    Page,
    Read,
    Slot,
    Use,
)
from schema.plan.operands import Constant
from schema.sql.binding import bind_offset, rows_and_one_binder, rows_binder
from schema.sql.compiled import (
    CompiledConnection,
    CompiledPage,
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
from schema.sql.sqlite import SqliteDialect
from schema.sql.sqlite_parser import fits_parser
from schema.sql.statement import PLACE, Binder, Sql, Statement

_DIALECTS: dict[tuple[str, bool], Dialect] = {
    ("sqlite", True): SqliteDialect(),
    ("postgresql", True): PostgresqlDialect(),
    ("mysql", True): MysqlDialect(returning=True),
    ("mysql", False): MysqlDialect(returning=False),
    ("microsoft", True): MssqlDialect(),
}
_DEEP_SQLITE = SqliteDialect(deep=True)
_COUNTS = {Use.ROWS, Use.ROWS_AND_ONE, Use.COUNT, Use.OFFSET}


class ReadCompiler:
    """Makes the statements of reads for one kind of server."""

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
