"""Alias → `Catalog`: picks the vendor's reader, and asks for the change token."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from dynamic_databases import outcomes
from dynamic_databases.aliases import Alias
from dynamic_databases.catalog import mssql, mysql, postgresql, sqlite
from dynamic_databases.catalog.assemble import RawCatalog, assemble
from dynamic_databases.catalog.bounded_cursor import BoundedCursor
from dynamic_databases.catalog.enum_tables import EnumTable, Row, rows_query
from dynamic_databases.catalog.types import Catalog
from dynamic_databases.errors import (
    CatalogTooLarge,
    DriverMissing,
)
from dynamic_databases.identifiers import Unquotable, quote
from dynamic_databases.package_settings import package_setting


class Reader(Protocol):
    """A vendor's module: what it is called, its token query, and how it reads a catalog."""

    VENDOR: str
    CHANGE_QUERY: str

    def read(self, cursor: Any, /) -> RawCatalog:
        """Return the catalog's rows in a constant number of queries on the driver's own cursor."""
        ...


_NAMES_KEPT = 10_000  # whether they are usable: columns of many tables share theirs
# What an engine needs that its PyPI packages don't bring.
_REMEDIES = {
    "django.db.backends.mysql": (
        "install the extra `mysql` (mysqlclient, "
        "which needs the headers of MySQL's or MariaDB's client)"
    ),
    "mssql": "install the system's libodbc (Debian: unixodbc)",
}
_READERS: dict[str, Reader] = {
    reader.VENDOR: reader for reader in (sqlite, postgresql, mysql, mssql)
}


def check_engine(engine: str) -> None:
    """Raise DriverMissing for an engine whose driver can't be imported on this machine."""
    if engine not in _REMEDIES:
        return
    try:
        import_module(f"{engine}.base")
    except (ImproperlyConfigured, ImportError) as error:
        raise DriverMissing(engine, _REMEDIES[engine]) from error


def read_catalog(alias: Alias) -> Catalog:
    """Return the catalog of the database `alias`. Raises `Unavailable` and its like (outcomes)."""
    vendor = connections[alias].vendor
    most = int(package_setting("GATEWAY_MAX_TABLES"))
    with outcomes.understood(alias):
        with _driver_cursor(alias) as cursor:
            raw = _READERS[vendor].read(cursor)
        if len(raw.tables) > most:
            raise CatalogTooLarge("tables", most, "GATEWAY_MAX_TABLES")
        return assemble(raw, lambda name: _unusable(name, vendor))


def read_enum_rows(alias: Alias, tables: Sequence[EnumTable]) -> list[Row]:
    """Return the rows of tables that are enums, with one query; none without a table."""
    if not tables:
        return []
    with outcomes.understood(alias), _driver_cursor(alias) as cursor:
        found = cursor.execute(rows_query(tables, connections[alias].vendor)).fetchall()
    return [(number, str(value), text) for number, value, text in found if value is not None]


def change_token(alias: Alias) -> str:
    """Return a text that differs when the catalog may have changed; one cheap query."""
    with outcomes.understood(alias), _driver_cursor(alias) as cursor:
        cursor.execute(_READERS[connections[alias].vendor].CHANGE_QUERY)
        (token,) = cursor.fetchone()
    return str(token)


@contextlib.contextmanager
def _driver_cursor(alias: Alias) -> Iterator[Any]:
    """The driver's own cursor: Django's would read a `%` in a catalog query as a parameter."""
    wrapper = connections[alias]
    most = int(package_setting("GATEWAY_MAX_COLUMNS"))
    with outcomes.translated(wrapper.vendor, writing=False):
        wrapper.ensure_connection()
        with (
            wrapper.wrap_database_errors,
            contextlib.closing(wrapper.connection.cursor()) as cursor,
        ):
            yield BoundedCursor(cursor, most)


@lru_cache(_NAMES_KEPT)
def _unusable(name: str, vendor: str) -> str | None:
    try:
        quote(name, vendor)
        name.encode()
    except Unquotable as error:
        return error.reason
    except UnicodeEncodeError:
        return "its name is no valid Unicode"
    return None
