"""What is sent together and its answer: reads and mutations are generators of these.

A generator of round trips knows what to send and how to use the answer; its driver knows
how to wait. So one text serves a thread that blocks and an event loop that must not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
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
    """Requests that are sent together; `finish` makes of their rows what answers them.

    That may be another question: it is asked in the next round trip.
    """

    requests: tuple[Request, ...]
    finish: Callable[[Sequence[Rows]], Asked]


# A text of JSON where it is known, or what is asked for it.
Asked = bytes | Question


def requests_of(asked: Iterable[Asked]) -> tuple[Request, ...]:
    return tuple([r for one in asked if isinstance(one, Question) for r in one.requests])


def answered(asked: Iterable[Asked], found: Iterable[Rows]) -> list[Asked]:
    """Return what answers each, given the rows of all their requests in order."""
    rows = iter(found)
    return [
        one if isinstance(one, bytes) else one.finish(list(islice(rows, len(one.requests))))
        for one in asked
    ]


def together(asked: Sequence[Asked], finish: Callable[[list[bytes]], Asked]) -> Asked:
    """Return one question for several; `finish` makes its answer of theirs."""
    requests = requests_of(asked)
    if not requests:
        return finish([one for one in asked if isinstance(one, bytes)])
    return Question(requests, lambda found: together(answered(asked, found), finish))


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
