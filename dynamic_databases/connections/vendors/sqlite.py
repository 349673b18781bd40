"""SQLite runs inside this process: a connection is an open file, a statement is interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dynamic_databases.aliases import Alias
from dynamic_databases.connections.egress import REFUSED
from dynamic_databases.connections.sqlite_files import (
    check_files,
    journal_of,
    names_a_super_journal,
)
from dynamic_databases.connections.sqlite_sandbox import open_file
from dynamic_databases.connections.state import OpenedFile, state_of
from dynamic_databases.errors import CannotConnect, InvalidConfig
from dynamic_databases.package_settings import package_setting


def connect(wrapper: Any, _django_connect: Any, parameters: dict[str, Any]) -> Any:
    """A path may mean another file when it is opened: it is asked for afterwards."""
    try:
        check_files(str(Path(unquote(urlsplit(parameters["database"]).path)).resolve()))
    except InvalidConfig as error:
        raise CannotConnect(REFUSED) from error
    connection = open_file(wrapper, parameters)
    opened = next(row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
    root = Path(package_setting("GATEWAY_SQLITE_ROOT")).resolve()
    if not Path(opened).resolve().is_relative_to(root):
        connection.close()
        raise CannotConnect(REFUSED) from InvalidConfig(
            "NAME", "its file is a link out of GATEWAY_SQLITE_ROOT"
        )
    return connection


def set_up(wrapper: Any, _statement_timeout_ms: int) -> None:
    path = next(row[2] for row in wrapper.connection.execute("PRAGMA database_list"))
    file = Path(path)
    state_of(wrapper).file = OpenedFile(file, journal_of(path), _identity(file))


def is_stale(wrapper: Any) -> bool:
    """The file was replaced, or has a journal that would delete another file."""
    file = state_of(wrapper).file
    if file is None:  # it was not set up
        return True
    return _identity(file.path) != file.identity or names_a_super_journal(file.journal)


def cancel(_wrapper: Any, connection: Any, _seconds: float) -> None:
    connection.interrupt()


def shut_down(_wrapper: Any) -> None:
    """There is no socket: the interrupt was enough."""


def forget(_alias: Alias) -> None:
    """The driver keeps nothing."""


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino
