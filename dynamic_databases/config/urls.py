"""URLs `postgresql://`, `mysql://`, `mssql://` and `sqlite:///` → values of DATABASES."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from dynamic_databases.errors import InvalidConfig

_ENGINES = {
    "postgresql": "django.db.backends.postgresql",
    "postgres": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
    "mariadb": "django.db.backends.mysql",
    "mssql": "mssql",
    "sqlserver": "mssql",
    "sqlite": "django.db.backends.sqlite3",
}


def config_from_url(text: str) -> dict[str, Any]:
    """Return the configuration that a database URL spells. Raises InvalidConfig."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InvalidConfig(
            "URL", f"it can't be read: {error}; special characters are written %XX"
        ) from None
    engine = _ENGINES.get(parts.scheme.lower())
    if engine is None:
        known = ", ".join(f"{scheme}://" for scheme in _ENGINES)
        raise InvalidConfig(
            "URL", f"{parts.scheme}:// is not known; it must start with one of {known}"
        )
    if parts.fragment:
        raise InvalidConfig("URL", "it holds an unescaped '#'; write %23")
    if engine.endswith("sqlite3"):
        return _sqlite_config(parts, engine)
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise InvalidConfig(
            "NAME", "the URL names no database; write scheme://user:password@host/NAME"
        )
    config: dict[str, Any] = {
        "ENGINE": engine,
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
    }
    return _with_options(config, parts)


def _sqlite_config(parts: SplitResult, engine: str) -> dict[str, Any]:
    if parts.netloc:
        raise InvalidConfig(
            "URL", "a SQLite URL has three slashes: sqlite:///file.db or sqlite:////full/path.db"
        )
    path = unquote(parts.path)[1:]
    if not path:
        raise InvalidConfig("NAME", "the URL names no file; write sqlite:///file.db")
    return _with_options({"ENGINE": engine, "NAME": path}, parts)


def _with_options(config: dict[str, Any], parts: SplitResult) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key in options:
            raise InvalidConfig(f"OPTIONS.{key}", "it is given twice")
        options[key] = value
    if options:
        config["OPTIONS"] = options
    return config
