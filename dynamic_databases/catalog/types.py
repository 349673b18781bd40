"""The catalog of one database as frozen values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, NewType

Fingerprint = NewType("Fingerprint", str)
# Less than the 2,048 bytes from which on hashlib lets go of the interpreter: a thread that does so
# again and again keeps all others from getting it.
_HASHED_BYTES = 2_000


class Kind(StrEnum):
    """The families of SQL types; each has one GraphQL scalar."""

    BOOLEAN = "boolean"
    INTEGER = "integer"  # up to 32 bits
    BIGINT = "bigint"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    BINARY = "binary"
    DATE = "date"
    TIME = "time"
    LOCAL_DATETIME = "local datetime"  # the column has no time zone
    DATETIME = "datetime"
    DURATION = "duration"
    UUID = "uuid"
    JSON = "json"
    ENUM = "enum"
    ARRAY = "array"
    OTHER = "other"  # carried as text

    @property
    def is_orderable(self) -> bool:
        """Return whether every vendor can order by columns of this kind."""
        return self not in (Kind.JSON, Kind.ARRAY, Kind.BINARY, Kind.OTHER)


class Support(StrEnum):
    """What a server can do with the values of a type."""

    EQUALITY = "equality"
    ORDER = "order"
    EXTREMES = "extremes"  # min and max
    PATTERNS = "patterns"  # LIKE and regular expressions


# Defaults that GraphQL's types can't carry: their cells are null.
_BEYOND = re.compile(r"infinity|'nan'|'0000-00-00", re.IGNORECASE)
_HAVE_BEYOND = (Kind.DECIMAL, Kind.FLOAT, Kind.DATE, Kind.LOCAL_DATETIME, Kind.DATETIME)


@dataclass(frozen=True)
class SqlType:
    """A column's type: its family, and its name as the database spells it."""

    kind: Kind
    name: str
    precision: int | None = None
    scale: int | None = None
    labels: tuple[str, ...] = ()  # of an enum, in the database's order
    enum: str = ""  # the enum's own name
    element: SqlType | None = None  # of an array
    base: str = field(default="", compare=False)  # the type that a domain stands on
    meanings: tuple[str, ...] = ()  # of the labels, where a table describes them
    # What the server can do with values; None: what every server can do with this kind.
    supports: tuple[str, ...] | None = field(default=None, compare=False)
    # The schema of the comparison operators, quoted, where the search path lacks it.
    operators: str = field(default="", compare=False)
    # Of a text of SQL Server: its collation where that isn't the database's, and the code page
    # that its characters are of; 0 is Unicode.
    collation: str = ""
    code_page: int = 0

    @property
    def plain(self) -> str:
        """The name of the type itself, not that of a domain over it."""
        return self.base or self.name

    @property
    def supported(self) -> frozenset[Support]:
        """What can be done with values: as the server says it, else as every server does."""
        if self.supports is not None:
            return frozenset(Support(one) for one in self.supports)
        if self.kind is Kind.TEXT:
            return frozenset({Support.EQUALITY, Support.ORDER, Support.PATTERNS})
        if self.kind.is_orderable:
            return frozenset({Support.EQUALITY, Support.ORDER})
        return frozenset({Support.EQUALITY} if self.kind is Kind.BINARY else ())

    @property
    def has_order(self) -> bool:
        """Return whether the server can sort, group and count distinct values."""
        return Support.ORDER in self.supported

    @property
    def facts(self) -> tuple[object, ...]:
        """All that the type is as plain values; kept, as many columns share a type."""
        known: tuple[object, ...] | None = self.__dict__.get("_facts")
        if known is None:
            element = self.element.facts if self.element else None
            known = (
                self.kind.value,
                self.name,
                self.precision,
                self.scale,
                self.labels,
                self.enum,
                element,
            )
            known += (self.base,) if self.base else ()
            known += (self.meanings,) if self.meanings else ()
            if self.supports is not None or self.operators:
                known += (tuple(map(str, self.supports or ())), self.operators)
            if self.collation or self.code_page:
                known += (self.collation, self.code_page)
            self.__dict__["_facts"] = known
        return known


@dataclass(frozen=True)
class Column:
    """One column of a table or view."""

    name: str
    type: SqlType
    nullable: bool = True
    default: str | None = None  # the default as the database spells it
    generated: bool = False  # computed by the database, never written
    identity: bool = False  # given by the database when left out
    is_fixed: bool = False  # written when its row is inserted, never after
    comment: str = ""
    # Answered as null at times: a key of SQLite may be NULL, an override says so of any column.
    is_loose: bool = False
    is_version: bool = False  # the database changes it with each write of its row

    @property
    def answers_null(self) -> bool:
        """Return whether a cell may be null.

        It may be NULL or a document that is null, or no type carries the column's default.
        """
        if self.nullable or self.is_loose or self.type.kind is Kind.JSON:
            return True
        is_beyond = bool(self.default) and bool(_BEYOND.search(self.default or ""))
        return is_beyond and self.type.kind in _HAVE_BEYOND


@dataclass(frozen=True)
class UniqueKey:
    """Columns that hold each combination of values once."""

    name: str
    columns: tuple[str, ...]


# By Django's name of the vendor; catalogs leave it out of tables' names.
_DEFAULT_SCHEMAS = {"postgresql": "public", "microsoft": "dbo", "sqlite": "main"}


@dataclass(frozen=True, order=True)
class TableName:
    """A table's schema and name; `schema` is empty for the database's default schema."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True)
class ForeignKey:
    """Columns that point to a key of a table of the same database, pairwise."""

    name: str
    columns: tuple[str, ...]
    target: TableName
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table or view with its keys."""

    name: TableName
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[UniqueKey, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    is_view: bool = False
    comment: str = ""
    # Triggers, rules or row-level security: rows may be stored otherwise than they are written.
    has_triggers: bool = False
    deferrable_keys: tuple[
        tuple[str, ...], ...
    ] = ()  # checked at COMMIT: nothing conflicts on them

    view_writes: tuple[str, ...] = ()  # of a view: what it takes of `insert`, `update`, `delete`
    in_transactions: bool = True  # else what is written stays: tables of MySQL's engine MyISAM

    def takes(self, write: str) -> bool:
        """Return whether rows can be written in this way: `insert`, `update` or `delete`."""
        return not self.is_view or write in self.view_writes

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def key_may_be_null(self) -> bool:
        """Whether a row's key may be NULL, as SQLite has it."""
        return any(self.by_name[name].is_loose for name in self.primary_key)

    @property
    def digest(self) -> bytes:
        """A SHA-256 of all that the table is: the same in every process and version of Python."""
        # Kept by hand: until Python 3.12 a cached property is computed under one lock for all
        # tables.
        known: bytes | None = self.__dict__.get("_digest")
        if known is None:
            known = self.__dict__["_digest"] = _digest_of(repr(_facts_of_table(self)))
        return known

    def is_unique(self, columns: tuple[str, ...]) -> bool:
        """Return whether some key lies within `columns`."""
        keys = [self.primary_key, *(key.columns for key in self.unique_keys)]
        return any(key and set(key) <= set(columns) for key in keys)


@dataclass(frozen=True)
class Skipped:
    """Something of the database that isn't served, with the reason for the operator."""

    name: str
    reason: str


@dataclass(frozen=True)
class Catalog:
    """What one database holds; `vendor` is Django's `connection.vendor`."""

    vendor: str
    tables: tuple[Table, ...]
    skipped: tuple[Skipped, ...] = field(default=(), compare=False)
    names: tuple[tuple[str, str], ...] = ()  # GraphQL names that its override file gives
    enums: tuple[str, ...] = field(default=(), compare=False)  # tables that it makes enums of

    @cached_property
    def by_name(self) -> Mapping[TableName, Table]:
        return {table.name: table for table in self.tables}

    @property
    def fingerprint(self) -> Fingerprint:
        """A SHA-256 of what a schema depends on: equal in every process and Python version."""
        known: Fingerprint | None = self.__dict__.get("_fingerprint")
        if known is None:
            known = self.__dict__["_fingerprint"] = self._fingerprint_now()
        return known

    def _fingerprint_now(self) -> Fingerprint:
        digest = hashlib.sha256(_digest_of(repr((self.vendor, self.names))))
        for table in self.tables:
            digest.update(table.digest)
        return Fingerprint(digest.hexdigest())

    def to_json(self) -> dict[str, Any]:
        """Return the catalog as JSON values; what was skipped is no part of it."""
        value: dict[str, Any] = {
            "vendor": self.vendor,
            "tables": [asdict(table) for table in self.tables],
        }
        value |= {"enums": list(self.enums)} if self.enums else {}
        return value | ({"names": [list(pair) for pair in self.names]} if self.names else {})

    def find(self, name: str) -> Table | None:
        """Return the table called `name` or `schema.name`, by its exact spelling.

        The server's default schema may be named, too: `public.author` is `author`.
        """
        found = next((table for table in self.tables if str(table.name) == name), None)
        schema, dot, rest = name.partition(".")
        if found is None and dot and schema == _DEFAULT_SCHEMAS.get(self.vendor):
            return next((table for table in self.tables if str(table.name) == rest), None)
        return found


def labels_of(spelled: str) -> tuple[str, ...]:
    """Return the labels of MySQL's `enum('a','it''s')` or `set(…)`: a, it's."""
    return tuple(label.replace("''", "'") for label in re.findall(r"'((?:[^']|'')*)'", spelled))


def _facts_of_table(table: Table) -> tuple[object, ...]:
    """Return all that a table is as plain tuples, whose spelling never changes."""
    return (
        (table.name.schema, table.name.name, table.is_view, table.comment)
        + ((True,) if table.has_triggers else ())
        + table.deferrable_keys
        + (("writes", *table.view_writes),) * bool(table.view_writes)
        + ("in no transaction",) * (not table.in_transactions),
        tuple(
            (
                c.name,
                c.type.facts,
                c.nullable,
                c.default,
                c.generated,
                c.identity,
                c.comment,
                *((True,) if c.is_loose else ()),
                *(("version",) if c.is_version else ()),
                *(("fixed",) if c.is_fixed else ()),
            )
            for c in table.columns
        ),
        table.primary_key,
        tuple((k.name, k.columns) for k in table.unique_keys),
        tuple(
            (k.name, k.columns, k.target.schema, k.target.name, k.target_columns)
            for k in table.foreign_keys
        ),
    )


def _digest_of(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256()
    for start in range(0, len(data), _HASHED_BYTES):
        digest.update(data[start : start + _HASHED_BYTES])
    return digest.digest()
