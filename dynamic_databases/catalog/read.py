"""Alias → `Catalog`: picks the vendor's reader, and asks for the change token."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

from django.db import connections

from dynamic_databases import outcomes
from dynamic_databases.catalog import postgresql, sqlite
from dynamic_databases.catalog.assemble import RawCatalog, assemble
from dynamic_databases.catalog.types import Catalog
from dynamic_databases.errors import UnsupportedVendor
from dynamic_databases.identifiers import Unquotable, quote


class Reader(Protocol):
    """A vendor's module: what it is called, its token query, and how it reads a catalog."""

    VENDOR: str
    CHANGE_QUERY: str

    def read(self, cursor: Any, /) -> RawCatalog:
        """Return the catalog's rows in a constant number of queries on the driver's own cursor."""
        ...


_ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
_READERS: dict[str, Reader] = {reader.VENDOR: reader for reader in (sqlite, postgresql)}


def check_engine(engine: str) -> None:
    """Raise UnsupportedVendor for an engine whose catalog isn't read, before anything is imported for it."""
    if engine not in _ENGINES:
        raise UnsupportedVendor(engine, sorted(_READERS))


def read_catalog(alias: str) -> Catalog:
    """Return the catalog of the database `alias`. Raises `Unavailable` and its like (outcomes)."""
    vendor = connections[alias].vendor
    with _driver_cursor(alias) as cursor:
        raw = _reader(vendor).read(cursor)
    return assemble(raw, lambda name: _unusable(name, vendor))


def change_token(alias: str) -> str:
    """Return a text that differs when the catalog may have changed; one cheap query."""
    with _driver_cursor(alias) as cursor:
        (token,) = cursor.execute(_reader(connections[alias].vendor).CHANGE_QUERY).fetchone()
    return str(token)


@contextlib.contextmanager
def _driver_cursor(alias: str) -> Iterator[Any]:
    """The driver's own cursor: Django's would read a `%` in a catalog query as a parameter."""
    wrapper = connections[alias]
    with outcomes.translated(wrapper.vendor, writing=False):
        wrapper.ensure_connection()
        with contextlib.closing(wrapper.connection.cursor()) as cursor:
            yield cursor


def _reader(vendor: str) -> Reader:
    if vendor not in _READERS:
        raise UnsupportedVendor(vendor, sorted(_READERS))
    return _READERS[vendor]


def _unusable(name: str, vendor: str) -> str | None:
    try:
        quote(name, vendor)
        name.encode()
    except Unquotable as error:
        return error.reason
    except UnicodeEncodeError:
        return "its name is no valid Unicode"
    return None
