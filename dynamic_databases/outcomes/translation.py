"""Driver exception → our error, with the table of its vendor. The exception stays chained."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import psycopg
from django.db.utils import DatabaseError, InterfaceError

from dynamic_databases.aliases import Alias
from dynamic_databases.errors import (
    BadValue,
    CannotConnect,
    DatabaseProblem,
    StatementFailed,
    TooDeep,
    UnexpectedAnswer,
)
from dynamic_databases.outcomes import mssql, mysql, postgresql, sqlite
from dynamic_databases.outcomes.messages import REFUSED, TOO_DEEP, UNAVAILABLE


class Classifier(Protocol):
    """A vendor's module: what its driver's own errors mean."""

    def classify(self, error: BaseException, /, *, writing: bool) -> StatementFailed:
        """Return our error; `writing` says whether a write may have been sent."""


_CLASSIFIERS: dict[str, Classifier] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
    "mysql": mysql,
    "microsoft": mssql,
}
# Other drivers' own errors come as Django's (`wrap_database_errors`): they are imported where they
# are used.
DRIVER_ERRORS = (DatabaseError, InterfaceError, psycopg.Error, sqlite3.Error)

_log = logging.getLogger("dynamic_databases.outcomes")
# What Python raises over values that are none of those that were asked for.
_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


class translated:  # noqa: N801 - it is called as a function; a generator would cost more
    """Raise our errors instead of the driver's; `writing` says whether a write may have been sent.

    Whatever fails while `connecting` means that the database can't be reached.
    """

    __slots__ = ("_connecting", "_vendor", "_writing")

    def __init__(self, vendor: str, *, writing: bool, connecting: bool = False) -> None:
        self._vendor = vendor
        self._writing = writing
        self._connecting = connecting

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, DRIVER_ERRORS):
            failed = classify(error, self._vendor, writing=self._writing)
            raise (CannotConnect(UNAVAILABLE) if self._connecting else failed) from error
        if isinstance(error, MemoryError):  # sqlite3: all its connections' memory is used up
            raise TooDeep(TOO_DEEP) from error
        if isinstance(error, OverflowError):  # sqlite3: an int beyond 64 bits
            raise BadValue("A number is too large for its column.") from error


@contextmanager
def understood(alias: Alias) -> Iterator[None]:
    """Raise UnexpectedAnswer where a server that may be hostile answers what no server should.

    For what the gateway asks by itself: a client's query never shows what Python makes of an
    answer.
    """
    try:
        yield
    except _NONSENSE as error:
        if isinstance(error, DatabaseProblem):
            raise
        event = {"alias": alias, "error": type(error).__name__}
        text = "a server's answer can't be understood"
        _log.warning(text, extra={"event": event}, exc_info=error)
        raise UnexpectedAnswer from error


def classify(error: Exception, vendor: str, *, writing: bool) -> StatementFailed:
    """Return what a driver's exception, or Django's wrapper of one, means."""
    cause = error.__cause__ if isinstance(error, DatabaseError | InterfaceError) else error
    if cause is None:  # Django's own: no driver was asked
        return StatementFailed(REFUSED)
    return _CLASSIFIERS[vendor].classify(cause, writing=writing)
