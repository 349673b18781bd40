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
    COUNT = "count"  # rows that are counted, not answered: no maximum
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


class Function(StrEnum):
    """What an aggregate computes of a column's values."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    STDDEV = "stddev"  # of a sample
    VARIANCE = "variance"  # of a sample


@dataclass(frozen=True)
class Count:
    """How many rows, or how many of them have values in all of `columns`; distinct ones on request."""

    key: str
    columns: tuple[Column, ...] = ()
    distinct: bool = False


@dataclass(frozen=True)
class Figure:
    """One function of one column, of the type that its answer has."""

    key: str
    column: Column
    type: SqlType


@dataclass(frozen=True)
class FigureSet:
    """One function of several columns, as an object."""

    key: str
    function: Function
    parts: tuple[Figure | Typename, ...]


@dataclass(frozen=True)
class Figures:
    """The field `aggregate`."""

    key: str
    parts: tuple[Count | FigureSet | Typename, ...]


@dataclass(frozen=True)
class Nodes:
    """The field `nodes`: the rows themselves."""

    key: str
    page: Page


@dataclass(frozen=True)
class Aggregate:
    """Figures over rows of one table; without a limit over all of them."""

    table: Table
    answer: tuple[Figures | Nodes | Typename, ...]
    where: Where = EVERYTHING
    order_by: tuple[OrderTerm, ...] = ()
    limit: Slot | None = None
    offset: Slot | None = None


@dataclass(frozen=True)
class NestedAggregate:
    """Figures over related rows, under a response key."""

    key: str
    aggregate: Aggregate
    links: tuple[tuple[Column, Column], ...]


Selected = Value | Typename | Nested | NestedAggregate


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
    """A column and the value to write, or to add to what is there."""

    column: Column
    slot: Slot
    adds: bool = False


@dataclass(frozen=True)
class OnConflict:
    """What an insert does where a row with this key exists: update these columns, or nothing."""

    key: tuple[str, ...]
    update: tuple[Column, ...]
    where: Where


@dataclass(frozen=True)
class Insert:
    """Insert one row."""

    table: Table
    values: tuple[Assignment, ...]
    page: Page
    on_conflict: OnConflict | None = None


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


@dataclass(frozen=True)
class AffectedRows:
    """`affectedRows` under a response key."""

    key: str


@dataclass(frozen=True)
class Returning:
    """`returning` under a response key: the rows that were written."""

    key: str
    page: Page


Answer = AffectedRows | Returning | Typename


@dataclass(frozen=True)
class InsertRows:
    """Insert rows in their order."""

    table: Table
    rows: tuple[tuple[Assignment, ...], ...]
    answer: tuple[Answer, ...]
    on_conflict: OnConflict | None = None


@dataclass(frozen=True)
class UpdateRows:
    """Update the rows that `where` matches, `at_most` so many."""

    table: Table
    where: Where
    values: tuple[Assignment, ...]
    at_most: Operand
    answer: tuple[Answer, ...]


@dataclass(frozen=True)
class UpdateEach:
    """Several updates, one after the other."""

    updates: tuple[UpdateRows, ...]


@dataclass(frozen=True)
class DeleteRows:
    """Delete the rows that `where` matches, `at_most` so many."""

    table: Table
    where: Where
    at_most: Operand
    answer: tuple[Answer, ...]


Write = Insert | Update | Save | Delete | InsertRows | UpdateRows | UpdateEach | DeleteRows


@dataclass(frozen=True)
class Introspect:
    """`__schema`, `__type`, or the lone field of a schema without tables: answered from the schema itself."""

    key: str


@dataclass(frozen=True)
class Root:
    """One root field: what is done and under which response key it is answered."""

    key: str
    nullable: bool
    action: Page | Aggregate | Write | Typename | Introspect


@dataclass(frozen=True)
class Plan:
    """One operation."""

    roots: tuple[Root, ...]
    writes: bool
