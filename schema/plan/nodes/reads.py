"""What is read, and under which response keys it is answered."""

from __future__ import annotations

from dataclasses import dataclass

from dynamic_databases.catalog.types import Column, SqlType, Table
from schema.plan.nodes.conditions import EVERYTHING, Function, Link, OrderTerm, Slot, Where
from schema.plan.nodes.masks import MaskedTable
from schema.plan.operands import Operand


@dataclass(frozen=True)
class Value:
    """A column under a response key; of a JSON document what `path` leads to."""

    key: str
    column: Column
    path: Slot | None = None


@dataclass(frozen=True)
class Typename:
    """`__typename` under a response key."""

    key: str
    name: str


@dataclass(frozen=True)
class GlobalId:
    """The row's id among all tables of this database, made of its type and its key."""

    key: str
    type: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class CustomFields:
    """Dynamic columns under a response key, as one object."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Absent:
    """Null under a response key: the baseline has the column, this database doesn't."""

    key: str


@dataclass(frozen=True)
class Nested:
    """Related rows under a response key: an object or null where `page.single`, else a list."""

    key: str
    page: Page
    links: tuple[Link, ...]  # (column of the enclosing page, column of this page)


@dataclass(frozen=True)
class Count:
    """A count of rows, or of those with values in all of `columns`; distinct on request."""

    key: str
    columns: tuple[Column, ...] = ()
    distinct: bool = False


@dataclass(frozen=True)
class AggregateColumn:
    """One function of one column, of the type that its answer has."""

    key: str
    column: Column
    type: SqlType


@dataclass(frozen=True)
class AggregateColumns:
    """One function of several columns, as an object."""

    key: str
    function: Function
    parts: tuple[AggregateColumn | Typename | Absent, ...]


@dataclass(frozen=True)
class AggregateFields:
    """The field `aggregate`."""

    key: str
    parts: tuple[Count | AggregateColumns | Typename, ...]


@dataclass(frozen=True)
class Nodes:
    """The field `nodes`: the rows themselves."""

    key: str
    page: Page


@dataclass(frozen=True)
class Aggregate:
    """AggregateFields over rows of one table; without a limit over all of them."""

    table: Table
    answer: tuple[AggregateFields | Nodes | Typename, ...]
    where: Where = EVERYTHING
    order_by: tuple[OrderTerm, ...] = ()
    limit: Slot | None = None
    offset: Slot | None = None
    distinct_on: tuple[Column, ...] = ()


@dataclass(frozen=True)
class NestedAggregate:
    """AggregateFields over related rows, under a response key."""

    key: str
    aggregate: Aggregate
    links: tuple[Link, ...]


@dataclass(frozen=True)
class OrderValue:
    """What a row is ordered by, in the form that a cursor keeps: the term of this number."""

    key: str
    number: int
    term: OrderTerm


@dataclass(frozen=True)
class NodeObject:
    """A selection of the row itself, as an object."""

    key: str
    selection: tuple[Selected, ...]


@dataclass(frozen=True)
class NestedConnection:
    """A connection of related rows, read as an object of `parts`.

    The gateway makes the answer of it: it alone can seal cursors.
    """

    key: str
    connection: Connection
    parts: tuple[Nested | NestedAggregate, ...]


Selected = (
    Value
    | Typename
    | GlobalId
    | CustomFields
    | Absent
    | Nested
    | NestedAggregate
    | NestedConnection
    | OrderValue
    | NodeObject
)


@dataclass(frozen=True)
class Page:
    """Rows of one table: which, in what order, how many, and what of them.

    Of the rows that are equal in `distinct_on` the first one counts.
    """

    table: Table
    selection: tuple[Selected, ...]
    where: Where = EVERYTHING
    order_by: tuple[OrderTerm, ...] = ()
    limit: Slot | None = None
    offset: Slot | None = None
    distinct_on: tuple[Column, ...] = ()
    single: bool = False

    @property
    def is_masked(self) -> bool:
        return isinstance(self.table, MaskedTable)

    @property
    def is_of_stored_rows(self) -> bool:
        """Return whether all rows count, each as it is stored."""
        return self.where == EVERYTHING and not self.is_masked


@dataclass(frozen=True)
class GroupKeys:
    """The field `keys` of a group."""

    key: str
    parts: tuple[Value | Typename, ...]


@dataclass(frozen=True)
class GroupBy:
    """Aggregates over rows equal in `by`; `having` and `order_by` have the group's subjects."""

    table: Table
    by: tuple[Column, ...]
    answer: tuple[GroupKeys | AggregateFields | Typename, ...]
    where: Where
    having: Where
    order_by: tuple[OrderTerm, ...]
    limit: Slot | None
    offset: Slot | None = None


@dataclass(frozen=True)
class CursorField:
    """`cursor` of an edge."""

    key: str


@dataclass(frozen=True)
class NodeField:
    """`node` of an edge: the selection of this number."""

    key: str
    number: int


@dataclass(frozen=True)
class Edges:
    """The field `edges`."""

    key: str
    parts: tuple[CursorField | NodeField | Typename, ...]


@dataclass(frozen=True)
class PageInfoFields:
    """The field `pageInfo`: (response key, field)."""

    key: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TotalCount:
    """The field `totalCount`."""

    key: str


@dataclass(frozen=True)
class Connection:
    """A slice of an ordered list between two of its rows (Relay's cursor connections, §4).

    `order_by` ends with the key, so that every row has a place of its own. `number` tells the
    connections of an operation apart.
    """

    table: Table
    selections: tuple[tuple[Selected, ...], ...]
    answer: tuple[Edges | PageInfoFields | TotalCount | Typename, ...]
    where: Where
    order_by: tuple[OrderTerm, ...]
    first: Operand | None = None
    last: Operand | None = None
    after: Operand | None = None
    before: Operand | None = None
    number: int = 0
    visible: Where = EVERYTHING  # of `where` what the role's rules ask

    @property
    def is_backward(self) -> bool:
        return self.last is not None and self.first is None

    @property
    def after_name(self) -> str:
        """The variable of the order values that the cursor `after` holds."""
        return f"\0after{self.number}"  # no variable of GraphQL can have this name

    @property
    def before_name(self) -> str:
        return f"\0before{self.number}"

    @property
    def wants_total(self) -> bool:
        return any(isinstance(part, TotalCount) for part in self.answer)

    @property
    def wants_behind(self) -> bool:
        """Return whether it is asked if there are rows on the side where the page begins."""
        field = "hasNextPage" if self.is_backward else "hasPreviousPage"
        bound = self.before if self.is_backward else self.after
        return bound is not None and any(
            name == field
            for part in self.answer
            if isinstance(part, PageInfoFields)
            for _, name in part.parts
        )


@dataclass(frozen=True)
class NodeLookup:
    """`node(nodeId)`: which page is read depends on the type that the id names.

    `pages` has the types that the selection names; of the others only `plain` is asked: (response
    key, `nodeId` or `__typename`). `many`: the operand is a list of ids, and so is the answer.
    """

    id: Operand
    pages: tuple[tuple[str, Page], ...]
    plain: tuple[tuple[str, str], ...]
    many: bool = False
