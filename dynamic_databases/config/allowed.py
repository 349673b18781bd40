"""The allow list of each engine: what a configuration may say, and nothing else.

A configuration is untrusted input: ENGINE is an import path, and many drivers' options read a
file, load code or send the connection elsewhere. Everything is checked before anything is
imported, resolved or opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dynamic_databases.config.conventional import conventional
from dynamic_databases.config.hosts import HostRules
from dynamic_databases.config.values import (
    Check,
    certificate_name,
    flag,
    one_of,
    text,
    time_zone,
    whole_number,
    word,
)
from dynamic_databases.errors import InvalidConfig

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"
MYSQL = "django.db.backends.mysql"
MSSQL = "mssql"
ENGINES = (SQLITE, POSTGRESQL, MYSQL, MSSQL)

_EVERYWHERE = HostRules()
_CURSORS = "DISABLE_SERVER_SIDE_CURSORS"  # for PgBouncer: Django's iterator() then uses none
_KEYS = {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "TIME_ZONE", _CURSORS}
_LONGEST = {"NAME": 1024, "USER": 128, "HOST": 253}
# NAMEDATALEN of PostgreSQL; MySQL and MariaDB manuals, "Identifier Length Limits"; sysname.
_LONGEST_OF: dict[str, dict[str, int]] = {
    SQLITE: {},
    POSTGRESQL: {"NAME": 63, "USER": 63},
    MYSQL: {"NAME": 64, "USER": 80},
    MSSQL: {"NAME": 128, "USER": 128},
}
_LONGEST_PASSWORD = 8192  # tokens that serve as passwords are long
_HOST = re.compile(r"[A-Za-z0-9._\-]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?")
_MSSQL_HOST = re.compile(
    r"(?:[A-Za-z0-9._\-]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)(?:\\[A-Za-z0-9_$#]+)?"
)


def _mssql_extra(key: str, value: Any) -> str:
    """`extra_params` is glued into the ODBC string as it is, so each part of it is on a list."""
    if not isinstance(value, str):
        raise InvalidConfig(key, "it must be text such as Encrypt=yes;TrustServerCertificate=no")
    seen: set[str] = set()
    for part in filter(None, value.split(";")):
        keyword, _, setting = part.partition("=")
        if keyword.strip().lower() in seen:
            raise InvalidConfig(f"{key}.{keyword.strip()}", "it is given twice")
        seen.add(keyword.strip().lower())
        check = _MSSQL_EXTRA.get(keyword.strip().lower())
        if check is None:
            raise InvalidConfig(
                f"{key}.{keyword.strip()}", f"only {', '.join(sorted(_MSSQL_EXTRA))} may stand here"
            )
        check(f"{key}.{keyword.strip()}", setting.strip())
    return value


_MSSQL_EXTRA: dict[str, Check] = {
    "encrypt": one_of("yes", "no", "strict", "mandatory", "optional"),
    "trustservercertificate": one_of("yes", "no"),
    "multisubnetfailover": one_of("yes", "no"),
    "applicationintent": one_of("ReadOnly", "ReadWrite", "readonly", "readwrite"),
    "hostnameincertificate": certificate_name,
}
_SECONDS = whole_number(1, 3600)
_OPTIONS: dict[str, dict[str, Check]] = {
    SQLITE: {
        "timeout": whole_number(0, 3600),
        "transaction_mode": one_of("DEFERRED", "IMMEDIATE", "EXCLUSIVE"),
    },
    POSTGRESQL: {
        "sslmode": one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "sslrootcert": one_of("system"),
        "channel_binding": one_of("disable", "prefer", "require"),
        "target_session_attrs": one_of(
            "any", "read-write", "read-only", "primary", "standby", "prefer-standby"
        ),
        "connect_timeout": _SECONDS,
        "tcp_user_timeout": whole_number(0, 3_600_000),
        "keepalives": whole_number(0, 1),
        "keepalives_idle": _SECONDS,
        "keepalives_interval": _SECONDS,
        "keepalives_count": whole_number(1, 100),
        "application_name": word,
        "server_side_binding": flag,
    },
    MYSQL: {
        "charset": one_of("utf8mb4", "utf8mb3", "utf8", "latin1"),
        "ssl_mode": one_of("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"),
        "connect_timeout": _SECONDS,
        "read_timeout": _SECONDS,
        "write_timeout": _SECONDS,
        "isolation_level": one_of("read committed", "repeatable read", "serializable"),
    },
    MSSQL: {
        "python_driver": one_of("mssql_python"),
        "extra_params": _mssql_extra,
        "connection_timeout": _SECONDS,
        "query_timeout": _SECONDS,
        "isolation_level": one_of("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", "SNAPSHOT"),
    },
}


# Keys that decide neither where a secret goes nor how safely. All others do, a new one as well.
_HARMLESS_KEYS = frozenset({"PASSWORD", "OPTIONS", "TIME_ZONE", _CURSORS})
_HARMLESS_OPTIONS: Mapping[str, frozenset[str]] = {
    SQLITE: frozenset({"timeout", "transaction_mode"}),
    POSTGRESQL: frozenset(
        {
            "connect_timeout",
            "tcp_user_timeout",
            "keepalives",
            "keepalives_idle",
            "keepalives_interval",
            "keepalives_count",
            "application_name",
            "server_side_binding",
        }
    ),
    MYSQL: frozenset(
        {"charset", "connect_timeout", "read_timeout", "write_timeout", "isolation_level"}
    ),
    MSSQL: frozenset({"connection_timeout", "query_timeout", "isolation_level"}),
}


def destination_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a checked configuration that decide where and how a secret is sent.

    Options stand as `OPTIONS.sslmode`. Two configurations with equal destinations may share a
    secret.
    """
    engine = str(config.get("ENGINE"))
    harmless = _HARMLESS_OPTIONS.get(engine, frozenset())
    given = config.get("OPTIONS")
    options = given if isinstance(given, Mapping) else {}  # an older release stored anything
    found = {key: value for key, value in config.items() if key not in _HARMLESS_KEYS}
    return found | {
        f"OPTIONS.{key}": value for key, value in options.items() if key not in harmless
    }


def check_config(
    config: Mapping[str, Any], sqlite_root: Path, hosts: HostRules = _EVERYWHERE
) -> dict[str, Any]:
    """Return `config` with every value checked and paths made absolute. Raises InvalidConfig."""
    if not isinstance(config, Mapping):
        raise InvalidConfig("config", "it must be an object such as a value of Django's DATABASES")
    config = conventional(config)
    engine = config.get("ENGINE")
    if engine not in ENGINES:
        raise InvalidConfig("ENGINE", f"it must be one of {', '.join(ENGINES)}")
    _check_keys(config)
    checked = {key: value for key, value in config.items() if value not in (None, "")}
    for key, longest in _LONGEST.items():
        text(key, checked.get(key, ""), _LONGEST_OF[engine].get(key, longest))
    if isinstance(checked.get("PASSWORD"), str):
        text("PASSWORD", checked["PASSWORD"], _LONGEST_PASSWORD)
    if "TIME_ZONE" in checked:
        time_zone("TIME_ZONE", checked["TIME_ZONE"])
    if _CURSORS in checked:
        checked[_CURSORS] = flag(_CURSORS, checked[_CURSORS])
    if engine == SQLITE:
        _check_sqlite(checked, sqlite_root)
    else:
        _check_server(checked, engine)
        hosts.check_host(checked["HOST"])
    options = _check_options(engine, checked.get("OPTIONS", {}))
    if options:
        checked["OPTIONS"] = options
    return checked


def _check_keys(config: Mapping[str, Any]) -> None:
    for key in config:
        if key not in _KEYS:
            allowed = ", ".join(sorted(_KEYS))
            raise InvalidConfig(str(key)[:64], f"it is not allowed; allowed are {allowed}")


def _check_sqlite(checked: dict[str, Any], root: Path) -> None:
    for key in ("USER", "PASSWORD", "HOST", "PORT"):
        if checked.pop(key, None):
            raise InvalidConfig(key, "SQLite has none")
    name = checked.get("NAME")
    if not name:
        raise InvalidConfig("NAME", "the path of the SQLite file is missing")
    if name.startswith("file:") or name == ":memory:":
        raise InvalidConfig("NAME", "it must be a plain path of a file, no URI and not :memory:")
    resolved_root = root.resolve()
    path = (resolved_root / name).resolve()
    if not path.is_relative_to(resolved_root) or path == resolved_root:
        raise InvalidConfig(
            "NAME",
            f"the file must lie in {root} (the setting GATEWAY_SQLITE_ROOT, links followed); "
            "move it there or change the setting",
        )
    checked["NAME"] = str(path)


def _check_server(checked: dict[str, Any], engine: str) -> None:
    if not checked.get("NAME"):
        raise InvalidConfig("NAME", "the database's name is missing")
    if engine == POSTGRESQL and re.search(r"=|://", checked["NAME"]):
        raise InvalidConfig(
            "NAME",
            "a PostgreSQL name may not hold '=' or '://': the driver would read options there",
        )
    pattern = _MSSQL_HOST if engine == MSSQL else _HOST
    if not pattern.fullmatch(checked.get("HOST", "")):
        raise InvalidConfig("HOST", "it must be one host name or address (no path, no list)")
    if "PORT" in checked:
        checked["PORT"] = str(whole_number(1, 65535)("PORT", checked["PORT"]))
    if engine == MSSQL and not checked.get("USER"):
        text = (
            "it is missing; the gateway's own Kerberos identity isn't used, give USER and PASSWORD"
        )
        raise InvalidConfig("USER", text)
    if engine == MSSQL and re.search(r"[;{}]", checked["NAME"] + checked.get("USER", "")):
        raise InvalidConfig("NAME", "NAME and USER of a SQL Server may not hold ';', '{' or '}'")


def _check_options(engine: str, options: Any) -> dict[str, Any]:
    if not isinstance(options, Mapping):
        raise InvalidConfig("OPTIONS", "it must be an object")
    known = _OPTIONS[engine]
    checked: dict[str, Any] = {}
    for key, value in options.items():
        if key not in known:
            raise InvalidConfig(
                f"OPTIONS.{key}", f"it is not allowed here; allowed are {', '.join(sorted(known))}"
            )
        checked[key] = known[key](f"OPTIONS.{key}", value)
    is_weak = checked.get("sslmode", "verify-full") != "verify-full"
    if checked.get("sslrootcert") == "system" and is_weak:
        raise InvalidConfig("OPTIONS.sslmode", "with sslrootcert=system it must be verify-full")
    return checked
