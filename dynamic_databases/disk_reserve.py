"""Disk space reserved for a control database on SQLite, so that a full disk allows revocation.

A reserve is a file next to the database. A write that must succeed on a full disk removes it and
is tried again. The next start of a process makes a new one where there is room.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.utils import OperationalError

from dynamic_databases.connections.session import connections
from dynamic_databases.package_settings import package_setting

_T = TypeVar("_T")
# What SQLite says of a full disk depends on the file that it was writing (sqlite.org/rescode.html).
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def with_reserve(work: Callable[[], _T]) -> _T:
    """Run `work`, a small write; if the disk is full, run it again with the reserve.

    Raises what `work` raises.
    """
    try:
        return work()
    except OperationalError as error:
        path: Path | None = package_setting("GATEWAY_DISK_RESERVE")
        if path is None or not _may_be_full(error) or not path.exists():
            raise
    connections[
        DEFAULT_DB_ALIAS
    ].close()  # a journal that couldn't be made is made with the next one
    path.unlink(missing_ok=True)
    return work()


def _may_be_full(error: OperationalError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error.__cause__, sqlite3.Error) and code in _FULL
