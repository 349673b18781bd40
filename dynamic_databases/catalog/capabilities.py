"""What one database server can do, probed once when it is first read."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.aliases import as_alias
from dynamic_databases.errors import ServerTooOld


class JsonWay(StrEnum):
    """How a root field's answer is made: by the server as one text, or row by row in Python."""

    EXACT = "exact"
    ORM = "orm"


@dataclass(frozen=True)
class Capabilities:
    """The facts about a server that plans and statements depend on; `vendor` as Django says it."""

    vendor: str
    version: tuple[int, ...]
    json: JsonWay
    locks_rows: bool  # SELECT … FOR UPDATE
    returning: bool  # INSERT … RETURNING


def probe_capabilities(wrapper: BaseDatabaseWrapper) -> Capabilities:
    """Return what the server of an open connection can do."""
    with (
        outcomes.understood(as_alias(wrapper.alias)),
        outcomes.translated(wrapper.vendor, writing=False),
    ):
        return _PROBES[wrapper.vendor](wrapper)


def _postgresql(wrapper: BaseDatabaseWrapper) -> Capabilities:
    """JSON is made in the server's encoding; only UTF-8 holds every text."""
    version = (wrapper.connection.info.server_version // 10000,)
    is_utf8 = _one(wrapper, "SHOW server_encoding") == "UTF8"
    way = JsonWay.EXACT if is_utf8 else JsonWay.ORM
    return Capabilities("postgresql", version, way, locks_rows=True, returning=True)


def _sqlite(wrapper: BaseDatabaseWrapper) -> Capabilities:
    version = sqlite3.sqlite_version_info
    nested = "SELECT json_object('a', (SELECT json_group_array(x) FROM (SELECT 1 AS x)))"
    exact = version >= (3, 38) and _one(wrapper, nested) == '{"a":[1]}'
    way = JsonWay.EXACT if exact else JsonWay.ORM
    return Capabilities("sqlite", version, way, locks_rows=False, returning=version >= (3, 35))


def _mysql(wrapper: BaseDatabaseWrapper) -> Capabilities:
    """MariaDB can put lists together in order; MySQL orders an object's keys by their length."""
    text = str(_one(wrapper, "SELECT version()"))
    version = tuple(int(part) for part in re.findall(r"\d+", text)[:3])
    is_mariadb = "MariaDB" in text
    exact = (
        is_mariadb
        and version >= (10, 6)
        and _one(
            wrapper,
            "SELECT json_object('bb', json_compact((SELECT "
            "json_arrayagg(t.x ORDER BY t.x DESC LIMIT 1, 1) "
            "FROM (SELECT 1 AS x UNION SELECT 2) t)), 'a', json_compact('true'))",
        )
        == '{"bb": [1], "a": true}'
    )
    way = JsonWay.EXACT if exact else JsonWay.ORM
    returning = is_mariadb and version >= (10, 5)
    return Capabilities("mysql", version, way, locks_rows=True, returning=returning)


# A list inside a list, ordered and cut, with a NULL and bytes: what an answer is made of. OPENJSON
# needs compatibility level 130, FOR JSON doesn't.
FOR_JSON = """
SELECT (SELECT p.a AS [a], JSON_QUERY(ISNULL((SELECT q.b AS [b], CAST(NULL AS int) AS [n],
  q.x AS [x] FROM
  (SELECT t.b, t.x, ROW_NUMBER() OVER (ORDER BY t.b DESC) AS o
    FROM (SELECT 1 AS b, 0x0102 AS x UNION ALL SELECT 2, 0x03) t
   WHERE t.b > p.a AND t.b IN (SELECT CAST(j.value AS int) FROM OPENJSON(N'[1,2]') j)
   ORDER BY t.b DESC OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY) q
  ORDER BY q.o FOR JSON PATH, INCLUDE_NULL_VALUES), N'[]')) AS [l]
    FROM (SELECT 1 AS a) p FOR JSON PATH, INCLUDE_NULL_VALUES)
"""
_AZURE = (5, 8, 12)
_OLDEST = (12,)  # SQL Server 2014: what Microsoft's ODBC driver 18 connects to


def _microsoft(wrapper: BaseDatabaseWrapper) -> Capabilities:
    """FOR JSON exists from 2016 (13) on; compatible servers implement less of it."""
    text = str(_one(wrapper, "SELECT CAST(SERVERPROPERTY('ProductVersion') AS varchar(30))"))
    edition = _one(wrapper, "SELECT CAST(SERVERPROPERTY('EngineEdition') AS int)")
    version = tuple(int(part) for part in re.findall(r"\d+", text)[:3])
    if version < _OLDEST and edition not in _AZURE:
        raise ServerTooOld("SQL Server", ".".join(map(str, version)), "2014 (12.0)")
    way = JsonWay.ORM
    if version >= (13,) or edition in _AZURE:
        with suppress(*outcomes.DRIVER_ERRORS):
            is_right = _one(wrapper, FOR_JSON) == '[{"a":1,"l":[{"b":2,"n":null,"x":"Aw=="}]}]'
            way = JsonWay.EXACT if is_right else JsonWay.ORM
    return Capabilities("microsoft", version, way, locks_rows=True, returning=True)


def _one(wrapper: BaseDatabaseWrapper, sql: str) -> object:
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        (value,) = cursor.fetchone()
    return value


_PROBES: dict[str, Callable[[BaseDatabaseWrapper], Capabilities]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mysql,
    "microsoft": _microsoft,
}
