"""What is sent to a database together, and what it answered: mutations and reads are generators of these.

A generator of exchanges knows what to send and what to make of the answer; whoever drives it knows
how to wait. So one text serves a thread that blocks and an event loop that must not.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
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
class Exchange:
    """Requests that are sent together and answered in order.

    `begins` starts a transaction before them, `ends` ends it after them; the requests of one
    exchange that does both are all done or none.
    """

    requests: tuple[Request, ...]
    begins: bool = False
    ends: End | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests of a step inside a transaction; after the last of them nothing is checked any more."""

    requests: tuple[Request, ...]
    is_last: bool = False


# Sends exchanges, gets the rows of each of its requests, and returns what it made of them.
Talk = Generator[Exchange, list[Rows], _T]
Step = Generator[Batch, list[Rows], _T]
