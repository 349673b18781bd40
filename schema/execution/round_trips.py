"""What is sent together and its answer: reads and mutations are generators of these.

A generator of round trips knows what to send and how to use the answer; its driver knows
how to wait. So one text serves a thread that blocks and an event loop that must not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from schema.sql.statement import Statement

_T = TypeVar("_T")
Variables = Mapping[str, Any]
Row = tuple[Any, ...]
Rows = list[Row]


class End(StrEnum):
    """How a transaction ends."""

    COMMIT = "COMMIT"
    ROLLBACK = "ROLLBACK"


@dataclass(frozen=True, slots=True)
class Request:
    """One statement with the values of one request, as the driver takes them."""

    statement: Statement
    parameters: list[Any]


def request(statement: Statement, variables: Variables) -> Request:
    """Return a statement with its values. Raises BadUserInput for one that its type can't hold."""
    return Request(statement, statement.parameters(variables))


@dataclass(frozen=True, slots=True)
class Question:
    """Requests that answer a root field together; `finish` makes its JSON of their rows."""

    requests: tuple[Request, ...]
    finish: Callable[[Sequence[Rows]], bytes]


# A root field's JSON where it is known, or what is asked for it.
Asked = bytes | Question


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Requests that are sent together and answered in order.

    `begins` starts a transaction before them, `ends` ends it after them; the requests of one
    round trip that does both are all done or none.
    """

    requests: tuple[Request, ...]
    begins: bool = False
    ends: End | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests of a step in a transaction; after the last of them nothing is checked."""

    requests: tuple[Request, ...]
    is_last: bool = False


# Sends round trips, gets the rows of each of its requests, and returns what it made of them. A
# write
# that returns nothing has an empty row for each row that it wrote.
Flow = Generator[RoundTrip, list[Rows], _T]
Step = Generator[Batch, list[Rows], _T]


def rows_of(request: Request) -> Flow[Rows]:
    """Ask one statement, and return its rows."""
    (rows,) = yield RoundTrip((request,))
    return rows
