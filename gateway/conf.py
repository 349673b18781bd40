"""`GATEWAY_…` environment variables → one frozen value, checked at start."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")


class InvalidSetting(Exception):
    """An environment variable that can't be used; the message names it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


@dataclass(frozen=True)
class Config:
    """Every setting of the gateway, by its unit."""

    data_dir: Path
    control_database_url: str
    secret_keys: tuple[str, ...]
    sqlite_root: Path
    overrides_dir: Path
    secret_files_root: Path
    demo: bool
    allowed_hosts: tuple[str, ...]
    alias_prefix: str
    alias_separator: str
    worker_threads: int
    tenant_concurrency: int
    queue_limit: int
    max_idle_connections: int
    deadline_ms: int
    connect_timeout_seconds: int
    poll_seconds: float
    catalog_check_seconds: float
    schema_cache_bytes: int
    warm: tuple[str, ...]
    operation_cache_entries: int
    body_limit_bytes: int
    max_tokens: int
    max_depth: int
    max_input_depth: int
    max_aliases: int
    max_root_fields: int
    default_rows: int
    max_rows: int
    at_most_rows: int
    names: Mapping[str, str]
    redis_url: str
    controller: Mapping[str, Any] | None
    controller_check_seconds: float

    @property
    def django_secret_keys(self) -> list[str]:
        """Django's signing keys, derived so that they can't open a database's secret."""
        return [hashlib.sha256(f"django:{key}".encode()).hexdigest() for key in self.secret_keys]


def load_config(environment: Mapping[str, str] = os.environ) -> Config:
    """Return the settings of `environment`. Raises InvalidSetting, which names the variable."""
    read = _Reader(environment)
    data_dir = read("GATEWAY_DATA_DIR", ".data", _directory)
    return Config(
        data_dir=data_dir,
        control_database_url=read(
            "GATEWAY_CONTROL_DATABASE_URL",
            f"sqlite:///{data_dir / 'control.sqlite3'}",
            _control_url,
        ),
        secret_keys=_secret_keys(environment, data_dir),
        sqlite_root=read("GATEWAY_SQLITE_ROOT", str(data_dir / "databases"), _directory),
        overrides_dir=read("GATEWAY_OVERRIDES_DIR", str(data_dir / "overrides"), _directory),
        secret_files_root=read("GATEWAY_SECRET_FILES_ROOT", "/run/secrets", Path),
        demo=read("GATEWAY_DEMO", "0", _flag),
        allowed_hosts=read("GATEWAY_ALLOWED_HTTP_HOSTS", "localhost,127.0.0.1,[::1]", _words),
        alias_prefix=read("DYNAMIC_DATABASES_PREFIX", "DYNAMIC_DATABASE", _word),
        alias_separator=read("DYNAMIC_DATABASES_SEPARATOR", "_", _word),
        worker_threads=read("GATEWAY_WORKER_THREADS", "64", _whole(1, 512)),
        tenant_concurrency=read("GATEWAY_TENANT_CONCURRENCY", "12", _whole(1, 512)),
        queue_limit=read("GATEWAY_QUEUE_LIMIT", "1000", _whole(1, 1_000_000)),
        max_idle_connections=read("GATEWAY_MAX_IDLE_CONNECTIONS", "256", _whole(0, 100_000)),
        deadline_ms=read("GATEWAY_DEADLINE_MS", "5000", _whole(50, 3_600_000)),
        connect_timeout_seconds=read("GATEWAY_CONNECT_TIMEOUT_SECONDS", "3", _whole(1, 600)),
        poll_seconds=read("GATEWAY_POLL_SECONDS", "1", _seconds),
        catalog_check_seconds=read("GATEWAY_CATALOG_CHECK_SECONDS", "5", _seconds),
        schema_cache_bytes=read(
            "GATEWAY_SCHEMA_CACHE_BYTES", "400000000", _whole(1_000_000, 1_000_000_000_000)
        ),
        warm=read("GATEWAY_WARM", "", _words),
        operation_cache_entries=read(
            "GATEWAY_OPERATION_CACHE_ENTRIES", "1000", _whole(1, 1_000_000)
        ),
        body_limit_bytes=read("GATEWAY_BODY_LIMIT_BYTES", "1000000", _whole(1000, 1_000_000_000)),
        max_tokens=read("GATEWAY_MAX_TOKENS", "10000", _whole(10, 1_000_000)),
        max_depth=read("GATEWAY_MAX_DEPTH", "12", _whole(1, 100)),
        max_input_depth=read("GATEWAY_MAX_INPUT_DEPTH", "64", _whole(1, 200)),
        max_aliases=read("GATEWAY_MAX_ALIASES", "30", _whole(1, 10_000)),
        max_root_fields=read("GATEWAY_MAX_ROOT_FIELDS", "20", _whole(1, 10_000)),
        default_rows=read("GATEWAY_DEFAULT_ROWS", "100", _whole(1, 1_000_000)),
        max_rows=read("GATEWAY_MAX_ROWS", "1000", _whole(1, 1_000_000)),
        at_most_rows=read("GATEWAY_AT_MOST_ROWS", "1000", _whole(0, 1_000_000_000)),
        names=read("GATEWAY_NAMES", "", _names),
        redis_url=read("GATEWAY_REDIS_URL", "", _redis_url),
        controller=read("GATEWAY_CONTROLLER", "", _controller),
        controller_check_seconds=read("GATEWAY_CONTROLLER_CHECK_SECONDS", "5", _seconds),
    )


_CONTROLLER = {"database", "table", "id", "connection"}
_CONTROLLER_OPTIONAL = {"domain", "active", "name", "environment", "template"}


class _Reader:
    """Reads one variable at a time and says which one is wrong."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, name: str, default: str, parse: Callable[[str], _T]) -> _T:
        try:
            return parse(self._environment.get(name) or default)
        except ValueError as error:
            raise InvalidSetting(name, str(error)) from None


def _secret_keys(environment: Mapping[str, str], data_dir: Path) -> tuple[str, ...]:
    """Take the keys from the environment, else from a file of the data folder, made when missing."""
    name = "GATEWAY_SECRET_KEYS"
    text = environment.get(name) or _own_secret_key(data_dir / "secret.key")
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    for key in keys:
        try:
            fits = len(urlsafe_b64decode(key)) == 32
        except ValueError:
            fits = False
        if not fits:
            raise InvalidSetting(
                name,
                "each key must be 32 bytes in URL-safe base64, as Fernet.generate_key() makes them",
            )
    if not keys:
        raise InvalidSetting(name, "it holds no key")
    return keys


def _own_secret_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        file.write(key)
    return key


def _directory(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is no folder")
    path.mkdir(parents=True, exist_ok=True)
    return path


def _control_url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ValueError("it must start with sqlite:/// or postgresql://")
    return text


def _redis_url(text: str) -> str:
    if text and not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("it must start with redis://, rediss:// or unix://")
    return text


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return parse


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < 86_400:
        raise ValueError(f"{text!r} is no number of seconds above 0 and below 86400")
    return seconds


def _flag(text: str) -> bool:
    if text.lower() not in {"0", "1", "true", "false", "yes", "no"}:
        raise ValueError(f"{text!r} is neither 1 nor 0")
    return text.lower() in {"1", "true", "yes"}


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _word(text: str) -> str:
    if not text.isidentifier():
        raise ValueError(f"{text!r} may hold letters, digits and _ only")
    return text


def _controller(text: str) -> dict[str, Any] | None:
    """A JSON object that says where the table of customers is; see `tenants.controller`."""
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from None
    names = value.keys() if isinstance(value, dict) else set()
    is_object = isinstance(value, dict) and isinstance(value.get("template", {}), dict)
    if not is_object or names - _CONTROLLER - _CONTROLLER_OPTIONAL or not names >= _CONTROLLER:
        needed, optional = ", ".join(sorted(_CONTROLLER)), ", ".join(sorted(_CONTROLLER_OPTIONAL))
        raise ValueError(
            f"it must be a JSON object of {needed}; it may hold {optional} (template: an object)"
        )
    found: dict[str, Any] = value
    return found


def _names(text: str) -> dict[str, str]:
    """`table=name,table.column=name`: names that an operator gives instead of the folded ones."""
    names: dict[str, str] = {}
    for pair in _words(text):
        source, equals, name = pair.partition("=")
        if not equals or not (name.isidentifier() and name.isascii()) or name.startswith("__"):
            raise ValueError(f"{pair!r} is not table=name or table.column=name with a GraphQL name")
        names[source] = name
    return names
