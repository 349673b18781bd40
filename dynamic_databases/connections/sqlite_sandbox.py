"""How a SQLite file of somebody else is opened: its schema runs no Python that takes long.

Views, triggers, generated columns, defaults, CHECKs and index expressions are code of the
file's author (https://sqlite.org/security.html). A function of Python holds the interpreter's lock
while it runs, so one that takes long stops every thread of the process. Hence most of Django's
functions are left out, the others refuse long values, and `trusted_schema=OFF` keeps the file from
all of them where it can be used: SQLite 3.38 to 3.40 takes its own JSON functions for unsafe.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from functools import cache
from typing import Any
from weakref import ref

from django.db.backends.sqlite3._functions import register  # type: ignore[import-untyped]

from dynamic_databases.connections.state import state_of
from dynamic_databases.package_settings import package_setting

_LONGEST = 200  # characters of a date, a time or a time zone's name
_INSTRUCTIONS = 100_000  # of SQLite's machine between two looks, some milliseconds
# Django's functions that are needed by its lookups of dates and times; the others are left out.
_NEEDED = "django_"
_LIMITS = {
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 8_000_000,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 5_000_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}


class _WithoutMost:
    """What Django registers its functions on: it passes on those that are needed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.execute = connection.execute

    def create_function(
        self, name: str, arguments: int, function: Callable[..., Any], **options: Any
    ) -> None:
        if name.startswith(_NEEDED):
            self._connection.create_function(name, arguments, _short(function), **options)

    def create_aggregate(self, *_arguments: Any) -> None:
        """Leave out the aggregates: they keep every value, and compute with the lock held."""


def _short(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of moments that answers NULL for a text that is too long to be one."""

    def of_short_texts(*values: Any) -> Any:
        for value in values:
            if isinstance(value, str | bytes) and len(value) > _LONGEST:
                return None
        return function(*values)

    return of_short_texts


def open_file(wrapper: Any, parameters: dict[str, Any]) -> sqlite3.Connection:
    """Return a connection to a file, as Django opens it, without trust in what the file holds.

    `parameters` are those of `sqlite3.connect`. Raises `sqlite3.Error` where it can't be opened.
    """
    connection: sqlite3.Connection = wrapper.Database.connect(**parameters)
    try:
        _confine(connection)
        connection.set_progress_handler(_ends_with(wrapper), _INSTRUCTIONS)
        register(_WithoutMost(connection))
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA legacy_alter_table = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


@cache
def _can_distrust() -> bool:
    """Return whether a view may call SQLite's JSON functions under `trusted_schema=OFF`."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("CREATE VIEW v AS SELECT json_array()")
        try:
            connection.execute("SELECT * FROM v")
        except sqlite3.OperationalError:
            return False
    return True


def _confine(connection: sqlite3.Connection) -> None:
    if _can_distrust():
        connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    memory = int(package_setting("GATEWAY_SQLITE_MEMORY_BYTES"))
    connection.execute(f"PRAGMA hard_heap_limit = {memory}")  # of the process: SQLite has no other
    value = int(package_setting("GATEWAY_SQLITE_VALUE_BYTES"))
    for limit, figure in {sqlite3.SQLITE_LIMIT_LENGTH: value, **_LIMITS}.items():
        connection.setlimit(limit, figure)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def _ends_with(wrapper: Any) -> Any:
    """Return a check that ends statements once no request waits for the connection.

    `Connection.interrupt` ends what runs at that moment only: it is lost between two statements,
    and while one is being prepared.
    """
    find_state = ref(state_of(wrapper))

    def is_ended() -> bool:
        state = find_state()  # None once the wrapper is gone
        return state is None or state.ends_after_use

    return is_ended
