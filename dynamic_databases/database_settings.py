"""What the registry needs of one database: its row of the control database, made ready to connect.

Rows can be kept elsewhere as values, their secrets sealed, and be made ready without the control
database.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from dynamic_databases.catalog.bookkeeping import without_bookkeeping
from dynamic_databases.config.allowed import MSSQL, MYSQL, POSTGRESQL, SQLITE
from dynamic_databases.connections.state import SESSION_KEY, GivenSession
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Baseline, Database
from dynamic_databases.package_settings import package_setting
from dynamic_databases.registry import DatabaseSettings

_SESSION_SETTINGS = ("GATEWAY_SESSION_TO_DATABASE", "GATEWAY_SESSION_SET_ROLE")


_log = logging.getLogger("dynamic_databases.settings")


@dataclass(frozen=True)
class SourceRow:
    """An enabled database's row as it is stored: JSON values, its secrets sealed."""

    pk: int
    name: str
    config: Mapping[str, Any]
    secret_id: str
    revision: int
    baseline: int | None  # its key
    replicas: list[Mapping[str, Any]] = field(default_factory=list)  # of an older file: none


@dataclass(frozen=True)
class BaselineRow:
    """A baseline's row as it is stored: JSON values; its name is not needed to serve."""

    pk: int
    created_at: str  # in ISO 8601
    catalog: Mapping[str, Any]


def load_settings(pk: int) -> DatabaseSettings | None:
    """Return what the registry needs of one enabled database, secrets open, or None."""
    row = Database.objects.with_baselines().filter(pk=pk, enabled=True).first()
    return _source(row) if row is not None else None


def read_rows(keys: Collection[int] | None) -> dict[int, SourceRow]:
    """Return the rows of all enabled databases, or of those of `keys`, by key."""
    rows = Database.objects.filter(enabled=True)
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    return {
        row.pk: SourceRow(
            row.pk,
            row.name,
            row.config,
            str(row.secret_id),
            row.revision,
            row.baseline_id,
            row.replicas,
        )
        for row in rows
    }


def read_baselines(keys: Collection[int]) -> dict[int, BaselineRow]:
    """Return the baselines of `keys`, with their catalogs."""
    rows = Baseline.objects.defer(None).filter(pk__in=keys)
    return {
        row.pk: BaselineRow(row.pk, row.created_at.isoformat(), row.catalog_json) for row in rows
    }


def source_of(row: SourceRow, baseline: BaselineRow | None) -> DatabaseSettings:
    """Return what the registry needs of a row that was kept. Raises InvalidConfig."""
    stored = Database(
        pk=row.pk,
        name=row.name,
        config=row.config,
        replicas=row.replicas,
        secret_id=UUID(row.secret_id),
        revision=row.revision,
    )
    if baseline is not None:
        created_at = dt.datetime.fromisoformat(baseline.created_at)
        stored.baseline = Baseline(
            pk=baseline.pk, created_at=created_at, catalog_json=baseline.catalog
        )
    return _source(stored)


def _source(row: Database) -> DatabaseSettings:
    config = row.opened_config()
    baseline = without_bookkeeping(row.baseline.catalog) if row.baseline else None
    replicas: dict[int, dict[str, Any]] = {}
    for number, one in enumerate(row.opened_replicas(), 1):
        if isinstance(one, InvalidConfig):
            _log.warning("the replica %d of %s is left out: %s", number, row.name, one)
        else:
            replicas[number] = _settings(row.name, one)
    return DatabaseSettings(
        _settings(row.name, config), baseline, _override_file(row.name), row.revision, replicas
    )


def _override_file(name: str) -> Path | None:
    """Return where a database's overrides are; a name that is no file's name has none."""
    file = f"{name}.json"
    return package_setting("GATEWAY_OVERRIDES_DIR") / file if Path(file).name == file else None


def gives_sessions() -> bool:
    """Return whether the settings name databases that are given their callers' sessions."""
    return any(package_setting(name) for name in _SESSION_SETTINGS)


def _settings(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a connection to the database of this name, or to a replica of it."""
    return _runtime_settings(config) | _session(name, config)


def _runtime_settings(config: dict[str, Any]) -> dict[str, Any]:
    """Fill in what Django's connection handler fills into static entries, and how we connect."""
    engine = config["ENGINE"]
    options = dict(config.get("OPTIONS", {}))
    if engine in _FILL_IN:
        options = _FILL_IN[engine](options)
    # Of SQLite a missing file is an error, not a new database.
    name = f"file:{quote(config['NAME'])}?mode=rw" if engine == SQLITE else config["NAME"]
    return {
        "ENGINE": config["ENGINE"],
        "NAME": name,
        "USER": config.get("USER", ""),
        "PASSWORD": config.get("PASSWORD", ""),
        "HOST": config.get("HOST", ""),
        "PORT": config.get("PORT", ""),
        "OPTIONS": options,
        "TIME_ZONE": config.get("TIME_ZONE"),
        "ATOMIC_REQUESTS": False,
        "AUTOCOMMIT": True,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": False,
        "DISABLE_SERVER_SIDE_CURSORS": config.get("DISABLE_SERVER_SIDE_CURSORS", False),
        "TEST": {
            "CHARSET": None,
            "COLLATION": None,
            "MIGRATE": False,
            "MIRROR": None,
            "NAME": None,
        },
    }


def _session(name: str, config: Mapping[str, Any]) -> dict[str, str]:
    """Return the setting of a database that is given its callers' sessions; SQLite has none."""
    if config["ENGINE"] == SQLITE:
        return {}
    if config["ENGINE"] == POSTGRESQL and _is_listed(name, "GATEWAY_SESSION_SET_ROLE"):
        return {SESSION_KEY: GivenSession.VARIABLES_AND_ROLE}
    if any(_is_listed(name, setting) for setting in _SESSION_SETTINGS):
        return {SESSION_KEY: GivenSession.VARIABLES}
    return {}


def _is_listed(name: str, setting: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in package_setting(setting))


def _of_postgresql(options: dict[str, Any]) -> dict[str, Any]:
    options.setdefault("connect_timeout", package_setting("GATEWAY_CONNECT_TIMEOUT_SECONDS"))
    options.setdefault("application_name", "tenant-graphql-gateway")
    return options


def _of_mysql(options: dict[str, Any]) -> dict[str, Any]:
    options.setdefault("connect_timeout", package_setting("GATEWAY_CONNECT_TIMEOUT_SECONDS"))
    options.setdefault("charset", "utf8mb4")
    # A server may otherwise ask for files of this machine.
    return options | {"local_infile": 0}


def _of_mssql(options: dict[str, Any]) -> dict[str, Any]:
    options.setdefault("python_driver", "mssql_python")
    options.setdefault("connection_timeout", package_setting("GATEWAY_CONNECT_TIMEOUT_SECONDS"))
    # Each retry would wait for five seconds.
    return options | {"connection_retries": 0}


_FILL_IN: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    POSTGRESQL: _of_postgresql,
    MYSQL: _of_mysql,
    MSSQL: _of_mssql,
}
