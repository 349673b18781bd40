"""What is written, and what of it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dynamic_databases.catalog.types import Column, Table
from schema.plan.nodes.conditions import EVERYTHING, Slot, Where
from schema.plan.nodes.reads import Page, Typename
from schema.plan.operands import Operand


class How(StrEnum):
    """What an assignment does with its value, by the argument that says so."""

    SET = "_set"
    ADD = "_inc"
    APPEND = "_append"
    PREPEND = "_prepend"
    DELETE_KEY = "_deleteKey"
    DELETE_ELEM = "_deleteElem"
    DELETE_AT_PATH = "_deleteAtPath"


@dataclass(frozen=True)
class Assignment:
    """A column and the value to write, or to change what is there with."""

    column: Column
    slot: Slot
    how: How = How.SET


@dataclass(frozen=True)
class OnConflict:
    """What an insert does where a row with this key exists: update these columns, or nothing."""

    key: tuple[str, ...]
    update: tuple[Column, ...]
    where: Where


@dataclass(frozen=True)
class InsertedRow:
    """One row to insert; its values may refer to the results of rows before it.

    `result` names where the values of `returned` (the key first) are kept; `is_needed` says that
    another row refers to them. The row as it is stored must satisfy `check`; one that is there
    already is found where `visible` holds. `chosen` are its columns that refer to a row that may
    be there already: so a client chooses their values.
    """

    table: Table
    values: tuple[Assignment, ...]
    returned: tuple[Column, ...]
    result: str
    on_conflict: OnConflict | None = None
    is_needed: bool = False
    check: Where = EVERYTHING
    visible: Where = EVERYTHING
    chosen: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Insert:
    """Insert one row, the rows that it refers to before it and those that refer to it after it."""

    table: Table
    rows: tuple[InsertedRow, ...]
    main: str  # the result of the row that is answered
    page: Page


@dataclass(frozen=True)
class Update:
    """Write what differs of the row with this key, if it satisfies `where`.

    It must satisfy `check` once it is stored, which may depend on which of `held` it satisfied
    before.
    """

    table: Table
    key: tuple[Assignment, ...]
    values: tuple[Assignment, ...]
    page: Page
    where: Where = EVERYTHING
    check: Where = EVERYTHING
    held: tuple[Where, ...] = ()


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
    """The three-way save: `expected` holds what the client read.

    `where`, `check` and `held` are as those of an update.
    """

    table: Table
    key: tuple[Assignment, ...]
    values: tuple[Assignment, ...]
    expected: tuple[Assignment, ...]
    resolve: Resolve
    page: Page
    answer: tuple[Typename | ChangeFields | RowField, ...]
    field_of: tuple[tuple[str, str], ...]  # column → GraphQL field
    where: Where = EVERYTHING
    check: Where = EVERYTHING
    held: tuple[Where, ...] = ()


@dataclass(frozen=True)
class RowField:
    """The saved row, under a response key."""

    key: str
    page: Page


@dataclass(frozen=True)
class Delete:
    """Delete the row with this key, if it satisfies `where`."""

    table: Table
    key: tuple[Assignment, ...]
    page: Page
    where: Where = EVERYTHING


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
    """Insert rows in their order, each with those that go with it."""

    table: Table
    rows: tuple[InsertedRow, ...]
    mains: tuple[str, ...]  # the results of the rows that are answered
    answer: tuple[Answer, ...]


@dataclass(frozen=True)
class UpdateRows:
    """Update the rows that `where` matches, `at_most` so many; they must satisfy `check` then.

    `held` is as that of an update.
    """

    table: Table
    where: Where
    values: tuple[Assignment, ...]
    at_most: Operand
    answer: tuple[Answer, ...]
    check: Where = EVERYTHING
    held: tuple[Where, ...] = ()


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
