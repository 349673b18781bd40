"""What vendors share of naming and changing columns; each has its own class.

Django's schema editor isn't used: on SQLite it makes a table again from what a model knows of it,
which is less than what the table has (checks, triggers, collations).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from dynamic_databases.catalog.types import Column, TableName
from dynamic_databases.errors import ColumnRefused
from dynamic_databases.identifiers import quote, quote_table

UNBOUNDED = 10**9  # characters
WAIT_SECONDS = 5  # for the lock, and for those of tables
LOCK_NAME = "tenant_graphql_gateway.columns"
_BUSY = "Another change of this database's columns is under way; try again when it is done."


@dataclass(frozen=True)
class TypeNames:
    """What a vendor calls the types of columns."""

    scalars: Mapping[str, str]  # GraphQL scalar → SQL type; `{}` takes a length or precision
    plain: Mapping[str, str]  # the same without a length or precision
    sql: str  # names of SQL types, the first one as an example
    suffixes: frozenset[str] = frozenset()  # words after a type
    fraction: int = 6  # digits of a second, where a type says none
    # Characters that a text holds where its type says none.
    text_sizes: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"char": 1, "nchar": 1, "character": 1})
    )
    other_texts: int = UNBOUNDED


@dataclass(frozen=True)
class Existing:
    """What a statement that gives a column another type must say again, as the server has it."""

    definition: str = ""  # MySQL: the column's line of SHOW CREATE TABLE, without its name
    collation: str = ""  # SQL Server
    indexes: tuple[tuple[str, str], ...] = ()  # SQLite: (name, statement) of those with the column


class ColumnVendor(ABC):
    """Changes columns of one vendor's tables: statements, names of types, the server's lock."""

    name: ClassVar[str]  # Django's word
    types: ClassVar[TypeNames]
    max_name: ClassVar[int]  # of a column, as `name_size` counts
    add_clause: ClassVar[str] = "ADD COLUMN"
    # Statements that wait for locks a while; the last returns whether the lock was taken.
    lock_statements: ClassVar[tuple[str, ...]] = ()

    def name_size(self, name: str) -> int:
        return len(name)

    def lock(self, wrapper: Any) -> None:
        """Take the server's own lock for changes of columns, which ends with the session.

        Raises ColumnRefused where another session holds it.
        """
        with wrapper.cursor() as cursor:
            run(cursor, self.lock_statements)
            (taken,) = cursor.fetchone()
        if not taken:
            raise ColumnRefused(_BUSY)

    def check_retype(self, table: TableName, column: Column) -> None:  # noqa: B027 - most can
        """Raise ColumnRefused for a column that can get no other type."""

    def existing(self, cursor: Any, table: TableName, name: str) -> Existing:  # noqa: ARG002
        """Return what a statement that gives this column another type has to say again."""
        return Existing()

    def add(self, table: TableName, name: str, sql_type: str, default: str | None) -> list[str]:
        """`default` is a SQL literal for existing rows too; with it the column is NOT NULL."""
        rest = "NULL" if default is None else f"NOT NULL DEFAULT {self.literal(default, sql_type)}"
        return [f"{self._alter(table)} {self.add_clause} {self.quote(name)} {sql_type} {rest}"]

    def rename(self, table: TableName, old: str, new: str) -> list[str]:
        return [f"{self._alter(table)} RENAME COLUMN {self.quote(old)} TO {self.quote(new)}"]

    @abstractmethod
    def retype(
        self, table: TableName, column: Column, sql_type: str, existing: Existing
    ) -> list[str]:
        """Give a column another type, its values converted by the server."""

    def drop(self, table: TableName, name: str) -> list[str]:
        return [f"{self._alter(table)} DROP COLUMN {self.quote(name)}"]

    def filled(self, table: TableName, name: str) -> str:
        """Return the query that counts the rows in which a column has a value."""
        return f"SELECT count({self.quote(name)}) FROM {self.named(table)}"

    def literal(self, literal: str, sql_type: str) -> str:  # noqa: ARG002 - some vendors ask it
        """Return a default's literal as the vendor takes it."""
        return literal

    def quote(self, name: str) -> str:
        return quote(name, self.name)

    def named(self, table: TableName) -> str:
        """Return a table's name, quoted, with its schema where it has one of its own."""
        return quote_table(table.schema, table.name, self.name)

    def _alter(self, table: TableName) -> str:
        return f"ALTER TABLE {self.named(table)}"


def run(cursor: Any, statements: Iterable[str]) -> None:
    """Run statements one after the other."""
    for statement in statements:
        cursor.execute(statement)
