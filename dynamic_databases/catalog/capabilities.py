"""What one database server can do, probed once when it is first read."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes


class JsonWay(StrEnum):
    """How a root field's answer is made: by the server as one text, or row by row in Python."""

    EXACT = "exact"
    PORTABLE = "portable"


@dataclass(frozen=True)
class Capabilities:
    """The facts about a server that plans and statements depend on; `vendor` as Django says it."""

    vendor: str
    version: tuple[int, ...]
    json: JsonWay
    locks_rows: bool  # SELECT … FOR UPDATE
    returning: bool  # INSERT … RETURNING


def probe_capabilities(wrapper: BaseDatabaseWrapper) -> Capabilities:
    """Return what the server behind an open connection can do."""
    with outcomes.translated(wrapper.vendor, writing=False):
        if wrapper.vendor == "postgresql":
            version = (wrapper.connection.info.server_version // 10000,)
            # JSON is made in the server's encoding; only UTF-8 holds every text.
            way = (
                JsonWay.EXACT
                if _one(wrapper, "SHOW server_encoding") == "UTF8"
                else JsonWay.PORTABLE
            )
            return Capabilities("postgresql", version, way, locks_rows=True, returning=True)
        if wrapper.vendor == "sqlite":
            return _sqlite(wrapper)
    return Capabilities(wrapper.vendor, (), JsonWay.PORTABLE, locks_rows=True, returning=False)


def _sqlite(wrapper: BaseDatabaseWrapper) -> Capabilities:
    version = sqlite3.sqlite_version_info
    nested = "SELECT json_object('a', (SELECT json_group_array(x) FROM (SELECT 1 AS x)))"
    exact = version >= (3, 38) and _one(wrapper, nested) == '{"a":[1]}'
    way = JsonWay.EXACT if exact else JsonWay.PORTABLE
    return Capabilities("sqlite", version, way, locks_rows=False, returning=version >= (3, 35))


def _one(wrapper: BaseDatabaseWrapper, sql: str) -> object:
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        (value,) = cursor.fetchone()
    return value
