"""What a plan was compiled to: its statements, and what running them needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from schema.plan.nodes import (
    Connection,
    DeleteRows,
    InsertedRow,
    InsertRows,
    NodeLookup,
    Save,
    Update,
    UpdateRows,
)
from schema.sql.statement import Statement


@dataclass(frozen=True)
class CompiledConnection:
    """`statement` answers a row per edge; `keys` alone where its nodes are read the portable way."""

    plan: Connection
    statement: Statement
    has_nodes: bool


@dataclass(frozen=True)
class CompiledNode:
    """`pages` fills up as ids of other types are asked for; None: the portable way."""

    plan: NodeLookup
    pages: dict[str, Statement | None] = field(default_factory=dict)


@dataclass(frozen=True)
class CompiledRow:
    """One INSERT; `existing` finds the row that an onConflict left as it was."""

    row: InsertedRow
    insert: Statement
    existing: Statement | None = None


@dataclass(frozen=True)
class CompiledInsert:
    """INSERTs in their order, then the main row's page; none where the INSERT answers it itself."""

    rows: tuple[CompiledRow, ...]
    main: str
    page: Statement | None


@dataclass(frozen=True)
class CompiledUpdate:
    """`updates` fills up as requests differ in which columns they really change.

    Of one column alone the UPDATE itself can ask whether it differs: `direct`, with no probe before.
    """

    plan: Update
    probe: Statement
    page: Statement
    direct: Statement | None = None
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
class CompiledInserts:
    """INSERTs in their order; `returning` by response key answers each main row."""

    plan: InsertRows
    rows: tuple[CompiledRow, ...]
    returning: dict[str, Statement]


@dataclass(frozen=True)
class CompiledRows:
    """A write of many rows: `keys` tells the rows' keys, `each` follows per key."""

    plan: UpdateRows | DeleteRows
    keys: Statement
    returning: dict[str, Statement]  # by response key
    each: Statement | None = None


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
