"""The vocabulary of plans: everything a statement will do, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dynamic_databases.catalog.types import Column, SqlType, Table
from schema.arguments import Operand


class Op(StrEnum):
    """Comparisons of a column with an operand."""

    EQ = "_eq"
    NEQ = "_neq"
    GT = "_gt"
    GTE = "_gte"
    LT = "_lt"
    LTE = "_lte"
    IN = "_in"
    NIN = "_nin"
    LIKE = "_like"
    NLIKE = "_nlike"
    ILIKE = "_ilike"
    NILIKE = "_nilike"


class Use(StrEnum):
    """What a slot's value is for; it decides how the value is bound."""

    VALUE = "value"
    LIST = "list"
    PATTERN = "pattern"  # of LIKE
    ICASE_PATTERN = "pattern without case"
    RAW = "raw"  # a key as the database itself gave it a moment ago
    ROWS = "rows"
    OFFSET = "offset"


@dataclass(frozen=True)
class Slot:
    """A place of a statement that takes a value: where it comes from and what type it has."""

    operand: Operand
    type: SqlType
    use: Use = Use.VALUE


@dataclass(frozen=True)
class Compare:
    """A column against a value."""

    column: Column
    op: Op
    slot: Slot


@dataclass(frozen=True)
class IsNull:
    """A column is NULL, or is not."""

    column: Column
    negated: bool


@dataclass(frozen=True)
class Related:
    """Some row of another table, reached by `links` (own column, their column), satisfies `where`."""

    table: Table
    links: tuple[tuple[Column, Column], ...]
    where: Where


@dataclass(frozen=True)
class AllOf:
    """Every part holds; of no part: always."""

    parts: tuple[Where, ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """Some part holds; of no part: never."""

    parts: tuple[Where, ...] = ()


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Where


Where = Compare | IsNull | Related | AllOf | AnyOf | Not
EVERYTHING = AllOf()


@dataclass(frozen=True)
class Hop:
    """One step along a to-one relation."""

    table: Table
    links: tuple[tuple[Column, Column], ...]


@dataclass(frozen=True)
class OrderTerm:
    """Order by a column, perhaps of a related row; nulls are placed the same on every vendor."""

    hops: tuple[Hop, ...]
    column: Column
    descending: bool
    nulls_first: bool


@dataclass(frozen=True)
class Value:
    """A column under a response key."""

    key: str
    column: Column


@dataclass(frozen=True)
class Typename:
    """`__typename` under a response key."""

    key: str
    name: str


@dataclass(frozen=True)
class Nested:
    """Related rows under a response key: an object or null where `page.single`, else a list."""

    key: str
    page: Page
    links: tuple[tuple[Column, Column], ...]  # (column of the enclosing page, column of this page)


Selected = Value | Typename | Nested


@dataclass(frozen=True)
class Page:
    """Rows of one table: which, in what order, how many, and what of them."""

    table: Table
    selection: tuple[Selected, ...]
    where: Where = EVERYTHING
    order_by: tuple[OrderTerm, ...] = ()
    limit: Slot | None = None
    offset: Slot | None = None
    single: bool = False


@dataclass(frozen=True)
class Assignment:
    """A column and the value to write."""

    column: Column
    slot: Slot


@dataclass(frozen=True)
class Insert:
    """Insert one row."""

    table: Table
    values: tuple[Assignment, ...]
    page: Page


@dataclass(frozen=True)
class Update:
    """Write what differs of the row with this key."""

    table: Table
    key: tuple[Assignment, ...]
    values: tuple[Assignment, ...]
    page: Page


class Resolve(StrEnum):
    """What a save does about fields that changed underneath."""

    FAIL = "FAIL"
    MINE = "MINE"
    THEIRS = "THEIRS"


@dataclass(frozen=True)
class ChangeFields:
    """Which of `field column before after` a client wants of each change, by response key."""

    key: str
    parts: tuple[tuple[str, str], ...]  # (response key, part)


@dataclass(frozen=True)
class Save:
    """The three-way save: `expected` holds what the client read."""

    table: Table
    key: tuple[Assignment, ...]
    values: tuple[Assignment, ...]
    expected: tuple[Assignment, ...]
    resolve: Resolve
    page: Page
    answer: tuple[Typename | ChangeFields | RowField, ...]
    field_of: tuple[tuple[str, str], ...]  # column → GraphQL field


@dataclass(frozen=True)
class RowField:
    """The saved row, under a response key."""

    key: str
    page: Page


@dataclass(frozen=True)
class Delete:
    """Delete the row with this key."""

    table: Table
    key: tuple[Assignment, ...]
    page: Page


Write = Insert | Update | Save | Delete


@dataclass(frozen=True)
class Introspect:
    """`__schema`, `__type`, or the lone field of a schema without tables: answered from the schema itself."""

    key: str


@dataclass(frozen=True)
class Root:
    """One root field: what is done and under which response key it is answered."""

    key: str
    nullable: bool
    action: Page | Write | Typename | Introspect


@dataclass(frozen=True)
class Plan:
    """One operation."""

    roots: tuple[Root, ...]
    writes: bool
