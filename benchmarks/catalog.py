"""How long it takes to read a catalog of 2,000 tables × 20 columns, and in how many queries.

`make bench` runs it at its end; alone: `python -m benchmarks.catalog`.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import psycopg
from django.core.management import call_command

from dynamic_databases.catalog import read
from schema.access import FULL_ACCESS
from schema.limits import Limits
from tests.fixtures.vendors import connect_mariadb

TABLES, COLUMNS = 2_000, 20


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"GATEWAY_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "gateway.settings"}
        django.setup()
        call_command("migrate", verbosity=0)
        print(
            f"\n{TABLES} tables x {COLUMNS} columns{'read s':>14}{'queries':>10}"
            f"{'schema s':>10}{'all types s':>13}"
        )
        for name, make in _servers(Path(folder)).items():
            try:
                url, drop = make()
            except Exception as error:  # noqa: BLE001 - a server that is missing is told, not fatal
                print(f"{name:24} is not there: {type(error).__name__}")
                continue
            try:
                _measure(name, url)
            finally:
                drop()


def _measure(name: str, url: str) -> None:
    from dynamic_databases.models import Database  # noqa: PLC0415 - after django.setup()
    from dynamic_databases.process import process_registry  # noqa: PLC0415 - likewise
    from schema.build.builder import build_schema  # noqa: PLC0415 - likewise

    alias = Database.objects.from_url(name, url).label
    registry = process_registry()
    with registry.connections.lease(alias):
        pass  # opened beforehand
    counted = _Counted(read)
    with counted:
        started = time.perf_counter()
        entry = registry.refresh(alias)
        read_seconds = time.perf_counter() - started
    assert len(entry.catalog.tables) == TABLES
    started = time.perf_counter()
    built = build_schema(entry, FULL_ACCESS, {}, Limits())
    schema_seconds = time.perf_counter() - started
    started = time.perf_counter()
    assert built.schema.graphql_schema.whole
    whole_seconds = time.perf_counter() - started
    print(
        f"{name:24}{read_seconds:>19.2f}{counted.queries:>10}{schema_seconds:>10.2f}{whole_seconds:>13.2f}",
        flush=True,
    )
    registry.forget(alias)


class _Counted:
    """Counts what the catalog's readers execute."""

    def __init__(self, read: Any) -> None:
        self._read = read
        self._cursor_of = read._driver_cursor
        self.queries = 0

    def __enter__(self) -> None:
        @contextmanager
        def counting(alias: str) -> Any:
            with self._cursor_of(alias) as cursor:
                yield _CountingCursor(cursor, self)

        self._read._driver_cursor = counting

    def __exit__(self, *_: object) -> None:
        self._read._driver_cursor = self._cursor_of


class _CountingCursor:
    def __init__(self, cursor: Any, counted: _Counted) -> None:
        self._cursor = cursor
        self._counted = counted

    def execute(self, *arguments: Any) -> Any:
        self._counted.queries += 1
        return self._cursor.execute(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def _ddl(number: int) -> str:
    columns = ", ".join(f"c{i} INTEGER" for i in range(1, COLUMNS - 1))
    return (
        f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, up INTEGER "
        f"REFERENCES t{max(number - 1, 0)} (id), {columns})"
    )


def _servers(folder: Path) -> dict[str, Callable[[], tuple[str, Callable[[], None]]]]:
    return {"sqlite": lambda: _sqlite(folder), "postgresql": _postgresql, "mariadb": _mariadb}


def _sqlite(folder: Path) -> tuple[str, Callable[[], None]]:
    (folder / "databases").mkdir(exist_ok=True)
    path = folder / "databases" / "many.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript(";".join(_ddl(i) for i in range(TABLES)))
    connection.close()
    return f"sqlite:///{path}", path.unlink


def _postgresql() -> tuple[str, Callable[[], None]]:
    server = os.environ.get(
        "GATEWAY_TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres"
    )
    url = server.rpartition("/")[0] + "/gateway_many_tables"

    def drop() -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS gateway_many_tables WITH (FORCE)")

    drop()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE gateway_many_tables")
    with psycopg.connect(url) as connection:
        for start in range(0, TABLES, 100):
            connection.execute(";".join(_ddl(i) for i in range(start, start + 100)))
            connection.commit()
    return url, drop


def _mariadb() -> tuple[str, Callable[[], None]]:
    import MySQLdb  # noqa: PLC0415 - an extra that may not be installed

    url = os.environ.get("GATEWAY_TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/test")

    def run(*statements: str) -> None:
        connection = connect_mariadb(url)
        try:
            for statement in statements:
                connection.query(statement)
        except MySQLdb.Error:
            connection.close()
            raise
        connection.close()

    run(
        "DROP DATABASE IF EXISTS gateway_many_tables",
        "CREATE DATABASE gateway_many_tables",
        "USE gateway_many_tables",
        *(_ddl(i) for i in range(TABLES)),
    )
    made = url.rpartition("/")[0] + "/gateway_many_tables"
    return made, lambda: run("DROP DATABASE gateway_many_tables")


if __name__ == "__main__":
    main()
