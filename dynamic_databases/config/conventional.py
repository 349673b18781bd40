"""Configurations as Django projects have them → as the allow list wants them.

Engines go by their short names. What steers something that is done here by other means is taken
out, and `without_effect` says why: a configuration that is pasted works, and hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dynamic_databases.errors import InvalidConfig

_POSTGRESQL, _MYSQL = "django.db.backends.postgresql", "django.db.backends.mysql"
_SQLITE, _MSSQL = "django.db.backends.sqlite3", "mssql"
_ENGINES = {
    _POSTGRESQL: "postgresql postgres psql pgsql psycopg psycopg2 postgresql_psycopg2 "
    "django.db.backends.postgresql_psycopg2",
    _MYSQL: "mysql mariadb mysqlclient django.db.backends.mariadb",
    _SQLITE: "sqlite sqlite3 django.db.backends.sqlite",
    _MSSQL: "sqlserver sql_server mssql-django sql_server.pyodbc django.db.backends.mssql",
}
_ENGINE_OF = {name: engine for engine, names in _ENGINES.items() for name in names.split()}
_POOL = "connections are kept and checked by a pool of the process"
_KEYS = {
    "ATOMIC_REQUESTS": "each mutation is a transaction; write transaction.atomic(using=…) in views",
    "CONN_MAX_AGE": f"{_POOL} (GATEWAY_IDLE_CONNECTION_SECONDS)",
    "CONN_HEALTH_CHECKS": _POOL,
    "TEST": "tests make no database of a tenant's",
}
_DRIVER = re.compile(r"(?:ODBC Driver \d+(?:\.\d)? for SQL Server|SQL Server|FreeTDS)")
_STRICT = re.compile(r"SET\s+(?:SESSION\s+)?sql_mode\s*=\s*['\"][A-Z_,]*['\"]\s*;?", re.IGNORECASE)
_ODBC = "Microsoft's own driver is used, without ODBC"
# Of each engine: an option, the values that do no harm, and why it has no effect.
_OPTIONS: Mapping[str, Mapping[str, tuple[re.Pattern[str], str]]] = {
    _POSTGRESQL: {"pool": (re.compile(r"True|False|\{.*\}", re.DOTALL), _POOL)},
    _MYSQL: {
        "init_command": (_STRICT, "each session is strict already"),
        "use_unicode": (re.compile("True"), "texts are Unicode already"),
    },
    _MSSQL: {
        "driver": (_DRIVER, _ODBC),
        "host_is_server": (re.compile("True|False"), _ODBC),
        "unicode_results": (re.compile("True|False"), _ODBC),
        "MARS_Connection": (re.compile("True|False|yes|no"), _ODBC),
    },
}


def conventional(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration without what has no effect. Raises InvalidConfig.

    AUTOCOMMIT may only be true: code that commits by itself would find all committed already.
    """
    if config.get("AUTOCOMMIT", True) is not True:
        raise InvalidConfig("AUTOCOMMIT", "it must be true; write transaction.atomic(using=…)")
    found = {key: value for key, value in config.items() if key not in {*_KEYS, "AUTOCOMMIT"}}
    engine, options = config.get("ENGINE"), config.get("OPTIONS")
    if isinstance(engine, str):
        found["ENGINE"] = _ENGINE_OF.get(engine.lower(), engine)
    if isinstance(options, Mapping):
        dropped = _idle_options(str(found.get("ENGINE")), options)
        found["OPTIONS"] = {name: value for name, value in options.items() if name not in dropped}
        if dropped and not found["OPTIONS"]:
            del found["OPTIONS"]
    return found


def without_effect(config: object) -> list[str]:
    """Return a sentence for each part of a configuration that `conventional` takes out."""
    if not isinstance(config, Mapping):
        return []
    found = [f"{key} has no effect here: {why}." for key, why in _KEYS.items() if config.get(key)]
    engine, options = config.get("ENGINE"), config.get("OPTIONS")
    if isinstance(engine, str) and isinstance(options, Mapping):
        engine = _ENGINE_OF.get(engine.lower(), engine)
        for name, why in _idle_options(engine, options).items():
            found.append(f"OPTIONS.{name} has no effect here: {why}.")
    return found


def _idle_options(engine: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options of harmless values that have no effect, each with the reason."""
    known = _OPTIONS.get(engine, {})
    return {
        name: why
        for name, (harmless, why) in known.items()
        if name in options and harmless.fullmatch(str(options[name]))
    }
