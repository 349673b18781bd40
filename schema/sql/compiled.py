"""What a plan was compiled to: its statements, and what running them needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from schema.plan.nodes import (
    Connection,
    DeleteRows,
    InsertedRow,
    InsertRows,
    NodeLookup,
    Page,
    Save,
    Update,
    UpdateRows,
)
from schema.sql.statement import Statement

_KEPT_LIKELY = 256  # databases and roles whose last columns an operation remembers


@dataclass(frozen=True)
class PortablePage:
    """A page that this server can't answer as one JSON text; it is read by the ORM."""

    page: Page


CompiledPage = Statement | PortablePage


@dataclass(frozen=True)
class CompiledConnection:
    """`statement` answers a row per edge; `keys` alone where its nodes are read by the ORM."""

    plan: Connection
    statement: Statement
    has_nodes: bool


@dataclass(frozen=True)
class CompiledNode:
    """`pages` fills up as ids of other types are asked for; None: the ORM reads them.

    Its keys are a type with how many keys the statement takes: 0 for that of a single row.
    """

    plan: NodeLookup
    pages: dict[tuple[str, int], Statement | None] = field(default_factory=dict)


@dataclass(frozen=True)
class CompiledRow:
    """One INSERT; `existing` finds the row that an onConflict left as it was.

    `inserted` tells what the INSERT wrote, where it can't tell it itself. `tells_conflict` says
    that the last value that comes back is 1 for a row that was left as it was. `check` answers null
    for a row that the role may not store.
    """

    row: InsertedRow
    insert: Statement
    existing: Statement | None = None
    inserted: Statement | None = None
    tells_conflict: bool = False
    check: CompiledPage | None = None


@dataclass(frozen=True)
class CompiledInsert:
    """INSERTs in their order, then the main row's page; none where the INSERT answers it itself."""

    rows: tuple[CompiledRow, ...]
    main: str
    page: CompiledPage | None


@dataclass
class CombinedUpdates:
    """Statements that lock a row, say what differs, and write that if it is what they set.

    `likely` are the values that were written last, by the database and the role there: requests of
    one operation mostly change the same columns. Equal tenants share the operation, but the rights
    of their databases' users may differ.
    """

    statements: dict[tuple[int, ...], Statement] = field(default_factory=dict)
    likely: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)

    def remember(self, database_and_role: tuple[str, str], chosen: tuple[int, ...]) -> None:
        if len(self.likely) >= _KEPT_LIKELY and database_and_role not in self.likely:
            self.likely.clear()  # each is found again by its next request
        self.likely[database_and_role] = chosen


@dataclass(frozen=True)
class CompiledUpdate:
    """`updates` fills up as requests differ in which columns they really change.

    Of one column alone the UPDATE itself can ask whether it differs: `direct`, with no probe
    before. `returns_key` says that the row is found by the key that the UPDATE returns, or the
    probe where there is none. Else the probe tells what the key is, and will be once the values at
    `new_key` are written.
    """

    plan: Update
    probe: Statement
    page: CompiledPage
    direct: Statement | None = None
    returns_key: bool = False
    new_key: tuple[int, ...] = ()
    updates: dict[tuple[int, ...], Statement] = field(default_factory=dict)
    combined: CombinedUpdates | None = None  # where one round trip may do
    check: CompiledPage | None = None  # as that of a row


@dataclass(frozen=True)
class CompiledSave:
    """`rows` holds the page of each `row` that is asked for, by response key.

    `before` and `after` answer the columns that are saved as c0, c1, …; where there is no `before`,
    the last value of `probe` has them by their names. `returns_key` and `new_key` are as those of
    an update.
    """

    plan: Save
    probe: Statement
    rows: dict[str, CompiledPage]
    after: CompiledPage
    before: PortablePage | None = None
    returns_key: bool = False
    new_key: tuple[int, ...] = ()
    updates: dict[tuple[int, ...], Statement] = field(default_factory=dict)
    check: CompiledPage | None = None


@dataclass(frozen=True)
class CompiledDelete:
    """The row's page, then DELETE; before them `guard` finds the row if it may be deleted."""

    page: CompiledPage
    delete: Statement
    guard: Statement | None = None


@dataclass(frozen=True)
class CompiledInserts:
    """INSERTs in their order; `returning` by response key answers each main row."""

    plan: InsertRows
    rows: tuple[CompiledRow, ...]
    returning: dict[str, CompiledPage]


@dataclass(frozen=True)
class CompiledRows:
    """A write of many rows: `keys` tells the rows' keys, and writes them where nothing follows.

    Else `each` follows per key, or `together` writes all rows that match and tells their keys once
    more. Objects that `returning` has no page for come as JSON after the key. Where no row is
    answered the server tells their number alone.
    """

    plan: UpdateRows | DeleteRows
    keys: Statement
    returning: dict[str, CompiledPage]  # by response key
    each: Statement | None = None
    together: Statement | None = None
    check: CompiledPage | None = None


@dataclass(frozen=True)
class CompiledEach:
    """Several writes of many rows."""

    writes: tuple[CompiledRows, ...]


CompiledWrite = (
    CompiledInsert
    | CompiledInserts
    | CompiledUpdate
    | CompiledSave
    | CompiledDelete
    | CompiledRows
    | CompiledEach
)
