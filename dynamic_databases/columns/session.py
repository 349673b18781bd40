"""The server's side of a change: one at a time per database, and what a column is like before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.catalog.types import TableName
from dynamic_databases.columns.ddl import Existing, named, text
from dynamic_databases.errors import ColumnRefused

_KEY = 7205770641  # of PostgreSQL's advisory lock, within the database
_NAME = "tenant_graphql_gateway.columns"
_WAIT_SECONDS = 5
_BUSY = "Another change of this database's columns is under way; try again when it is done."


def lock(wrapper: BaseDatabaseWrapper) -> None:
    """Take the server's own lock for changes of columns, which ends with the session.

    SQLite's is the lock for writing, which a transaction takes at its beginning from here on. Raises
    ColumnRefused where somebody else holds it.
    """
    if wrapper.vendor == "sqlite":
        wrapper.__dict__["transaction_mode"] = "IMMEDIATE"
        return
    with wrapper.cursor() as cursor:
        run(cursor, _LOCKS[wrapper.vendor])
        (taken,) = cursor.fetchone()
    if not taken:
        raise ColumnRefused(_BUSY)


def run(cursor: Any, statements: Iterable[str]) -> None:
    for statement in statements:
        cursor.execute(statement)


def existing(cursor: Any, table: TableName, name: str, vendor: str) -> Existing:
    """Return what a statement that gives this column another type has to say again."""
    if vendor == "mysql":
        cursor.execute(f"SHOW CREATE TABLE {named(table, vendor)}")
        head = f"  `{name.replace('`', '``')}` "
        lines = [line for line in cursor.fetchone()[1].split("\n") if line.startswith(head)]
        return Existing(definition=lines[0].removeprefix(head).rstrip(","))
    if vendor == "microsoft":
        owner = text(named(table, vendor))
        cursor.execute(
            f"SELECT collation_name FROM sys.columns WHERE object_id = OBJECT_ID({owner}) AND name = {text(name)}"
            " AND collation_name <> CONVERT(sysname, DATABASEPROPERTYEX(DB_NAME(), 'Collation'))"
        )
        found = cursor.fetchone()
        return Existing(collation=found[0] if found else "")
    if vendor == "sqlite":
        cursor.execute(
            "SELECT i.name, i.sql FROM sqlite_master i WHERE i.type = 'index' AND i.sql IS NOT NULL AND i.tbl_name = %s"
            " AND EXISTS (SELECT 1 FROM pragma_index_info(i.name) c WHERE c.name = %s)",
            [table.name, name],
        )
        return Existing(indexes=tuple(cursor.fetchall()))
    return Existing()


# Statements that wait for locks a while, no longer; the last tells whether the lock was taken.
_LOCKS = {
    "postgresql": (
        f"SET lock_timeout = '{_WAIT_SECONDS}s'",
        f"SELECT pg_try_advisory_lock({_KEY})",
    ),
    "mysql": (
        f"SET SESSION lock_wait_timeout = {_WAIT_SECONDS}",
        f"SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 30), '.', '{_NAME}'), {_WAIT_SECONDS})",
    ),
    "microsoft": (
        f"SET LOCK_TIMEOUT {_WAIT_SECONDS * 1000}",
        (
            f"DECLARE @taken int; EXEC @taken = sp_getapplock @Resource = N'{_NAME}', @LockMode = 'Exclusive',"
            f" @LockOwner = 'Session', @LockTimeout = {_WAIT_SECONDS * 1000};"
            " SELECT CASE WHEN @taken >= 0 THEN 1 ELSE 0 END"
        ),
    ),
}
