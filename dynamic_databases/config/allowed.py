"""The allow list of each engine: what a configuration may say, and nothing else.

A configuration is untrusted input: ENGINE is an import path, and many drivers' options read a
file, load code or send the connection elsewhere. Everything is checked before anything is
imported, resolved or opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dynamic_databases.config.hosts import HostRules
from dynamic_databases.errors import InvalidConfig

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"
MYSQL = "django.db.backends.mysql"
MSSQL = "mssql"
ENGINES = (SQLITE, POSTGRESQL, MYSQL, MSSQL)

Check = Callable[[str, Any], Any]
_EVERYWHERE = HostRules()
_KEYS = {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "TIME_ZONE"}
_HOST = re.compile(r"[A-Za-z0-9._\-]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?")
_MSSQL_HOST = re.compile(
    r"(?:[A-Za-z0-9._\-]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)(?:\\[A-Za-z0-9_$#]+)?"
)


def _one_of(*values: str) -> Check:
    def check(key: str, value: Any) -> str:
        if value not in values:
            raise InvalidConfig(key, f"it must be one of {', '.join(values)}")
        return str(value)

    return check


def _whole_number(low: int, high: int) -> Check:
    def check(key: str, value: Any) -> int:
        text = str(value)
        if (
            isinstance(value, bool)
            or not text.isascii()
            or not text.isdigit()
            or not low <= int(text) <= high
        ):
            raise InvalidConfig(key, f"it must be a whole number from {low} to {high}")
        return int(text)

    return check


def _flag(key: str, value: Any) -> bool:
    if value not in (True, False, "true", "false", "1", "0"):
        raise InvalidConfig(key, "it must be true or false")
    return value in (True, "true", "1")


def _word(key: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9 _.\-]{1,64}", value):
        raise InvalidConfig(key, "it must be 1 to 64 letters, digits, spaces, dots, _ or -")
    return value


def _mssql_extra(key: str, value: Any) -> str:
    """`extra_params` is glued into the ODBC string as it is, so each part of it is on a list."""
    if not isinstance(value, str):
        raise InvalidConfig(key, "it must be text such as Encrypt=yes;TrustServerCertificate=no")
    for part in filter(None, value.split(";")):
        keyword, _, setting = part.partition("=")
        check = _MSSQL_EXTRA.get(keyword.strip().lower())
        if check is None:
            raise InvalidConfig(
                f"{key}.{keyword.strip()}", f"only {', '.join(sorted(_MSSQL_EXTRA))} may stand here"
            )
        check(f"{key}.{keyword.strip()}", setting.strip())
    return value


_MSSQL_EXTRA: dict[str, Check] = {
    "encrypt": _one_of("yes", "no", "strict", "mandatory", "optional"),
    "trustservercertificate": _one_of("yes", "no"),
    "multisubnetfailover": _one_of("yes", "no"),
    "applicationintent": _one_of("ReadOnly", "ReadWrite", "readonly", "readwrite"),
    "hostnameincertificate": _word,
}
_SECONDS = _whole_number(1, 3600)
_OPTIONS: dict[str, dict[str, Check]] = {
    SQLITE: {
        "timeout": _whole_number(0, 3600),
        "transaction_mode": _one_of("DEFERRED", "IMMEDIATE", "EXCLUSIVE"),
    },
    POSTGRESQL: {
        "sslmode": _one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "sslrootcert": _one_of("system"),
        "channel_binding": _one_of("disable", "prefer", "require"),
        "target_session_attrs": _one_of("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
        "connect_timeout": _SECONDS,
        "tcp_user_timeout": _whole_number(0, 3_600_000),
        "keepalives": _whole_number(0, 1),
        "keepalives_idle": _SECONDS,
        "keepalives_interval": _SECONDS,
        "keepalives_count": _whole_number(1, 100),
        "application_name": _word,
        "server_side_binding": _flag,
    },
    MYSQL: {
        "charset": _one_of("utf8mb4", "utf8mb3", "utf8", "latin1"),
        "ssl_mode": _one_of("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"),
        "connect_timeout": _SECONDS,
        "read_timeout": _SECONDS,
        "write_timeout": _SECONDS,
        "isolation_level": _one_of("read committed", "repeatable read", "serializable"),
    },
    MSSQL: {
        "python_driver": _one_of("mssql_python"),
        "extra_params": _mssql_extra,
        "connection_timeout": _SECONDS,
        "query_timeout": _SECONDS,
        "isolation_level": _one_of("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", "SNAPSHOT"),
    },
}  # fmt: skip


def check_config(
    config: Mapping[str, Any], sqlite_root: Path, hosts: HostRules = _EVERYWHERE
) -> dict[str, Any]:
    """Return `config` with every value checked and paths made absolute. Raises InvalidConfig."""
    if not isinstance(config, Mapping):
        raise InvalidConfig("config", "it must be an object such as a value of Django's DATABASES")
    engine = config.get("ENGINE")
    if engine not in ENGINES:
        raise InvalidConfig("ENGINE", f"it must be one of {', '.join(ENGINES)}")
    for key in config:
        if key not in _KEYS:
            raise InvalidConfig(
                str(key), f"it is not allowed; allowed are {', '.join(sorted(_KEYS))}"
            )
    checked = {key: value for key, value in config.items() if value not in (None, "")}
    for key in ("NAME", "USER", "HOST"):
        _check_text(key, checked.get(key, ""))
    if engine == SQLITE:
        _check_sqlite(checked, sqlite_root)
    else:
        _check_server(checked, engine)
        hosts.check_host(checked["HOST"])
    options = _check_options(engine, checked.get("OPTIONS", {}))
    if options:
        checked["OPTIONS"] = options
    return checked


def _check_text(key: str, value: Any) -> None:
    if (
        not isinstance(value, str)
        or len(value) > 1024
        or any(ord(character) < 32 for character in value)
    ):
        raise InvalidConfig(key, "it must be text without control characters")


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
        checked["PORT"] = str(_whole_number(1, 65535)("PORT", checked["PORT"]))
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
    return checked
