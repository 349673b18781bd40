"""`GATEWAY_…` environment variables → one frozen value, checked at start."""

from __future__ import annotations

import hashlib
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from dynamic_databases.aliases import PREFIX, SEPARATOR
from dynamic_databases.config.hosts import NEVER_A_DATABASE
from gateway.config_parsers import (
    Network,
    control_url,
    controller,
    directory,
    domain,
    encodings,
    flag,
    http_hosts,
    names,
    networks,
    one_of,
    optional_file,
    optional_seconds,
    origins,
    proxies,
    redis_url,
    seconds,
    whole,
    word,
    words,
)
from tenants.authentication.issuers.settings import IssuerConfig, read_issuers

_IN_DATA_DIR = "{data_dir}/"
_DRAIN_SECONDS = 5.0  # above the three seconds between two readiness probes
_LARGE = 1_000_000_000


class InvalidSetting(Exception):
    """An environment variable that can't be used; the message names it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


def _setting(name: str, default: str, parse: Callable[[str], Any]) -> Any:
    """Return a field that is read from the environment variable `name`."""
    return field(metadata={"name": name, "default": default, "parse": parse})


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting of the gateway, by its unit; docs/operating.md says what each is for."""

    # What is where
    data_dir: Path = _setting("GATEWAY_DATA_DIR", ".data", directory)
    control_database_url: str = _setting(
        "GATEWAY_CONTROL_DATABASE_URL", f"sqlite:///{_IN_DATA_DIR}control.sqlite3", control_url
    )
    control_deadline_ms: int = _setting(
        "GATEWAY_CONTROL_DEADLINE_MS", "3000", whole(100, 3_600_000)
    )
    snapshot_file: Path | None = _setting(
        "GATEWAY_SNAPSHOT_FILE", f"{_IN_DATA_DIR}snapshot.sealed", optional_file
    )
    snapshot_max_age_seconds: int = _setting(
        "GATEWAY_SNAPSHOT_MAX_AGE_SECONDS", "86400", whole(1, 31_536_000)
    )
    page_deadline_ms: int = _setting("GATEWAY_PAGE_DEADLINE_MS", "60000", whole(100, 3_600_000))
    secret_keys: tuple[str, ...]
    sqlite_root: Path = _setting("GATEWAY_SQLITE_ROOT", f"{_IN_DATA_DIR}databases", directory)
    overrides_dir: Path = _setting("GATEWAY_OVERRIDES_DIR", f"{_IN_DATA_DIR}overrides", directory)
    sqlite_value_bytes: int = _setting(
        "GATEWAY_SQLITE_VALUE_BYTES", "25000000", whole(1_000_000, _LARGE)
    )
    sqlite_memory_bytes: int = _setting(
        "GATEWAY_SQLITE_MEMORY_BYTES", "1000000000", whole(100_000_000, 1_000_000_000_000)
    )
    secret_files_root: Path = _setting("GATEWAY_SECRET_FILES_ROOT", "/run/secrets", Path)
    secret_env: tuple[str, ...] = _setting("GATEWAY_SECRET_ENV", "", words)
    secret_files: tuple[str, ...] = _setting("GATEWAY_SECRET_FILES", "", words)
    alias_prefix: str = _setting("DYNAMIC_DATABASES_PREFIX", PREFIX, word)
    alias_separator: str = _setting("DYNAMIC_DATABASES_SEPARATOR", SEPARATOR, word)
    tenant_domain: str = _setting("GATEWAY_TENANT_DOMAIN", "", domain)
    redis_url: str = _setting("GATEWAY_REDIS_URL", "", redis_url)
    controller: Mapping[str, Any] | None = _setting("GATEWAY_CONTROLLER", "", controller)
    controller_check_seconds: float = _setting("GATEWAY_CONTROLLER_CHECK_SECONDS", "5", seconds)

    # Who may come in, and where connections may go
    demo: bool = _setting("GATEWAY_DEMO", "0", flag)
    allowed_http_hosts: tuple[str, ...] = _setting(
        "GATEWAY_ALLOWED_HTTP_HOSTS", "localhost,127.0.0.1,[::1]", http_hosts
    )
    trusted_proxies: tuple[Network, ...] | None = _setting("GATEWAY_TRUSTED_PROXIES", "", proxies)
    proxy_headers: str = _setting(
        "GATEWAY_PROXY_HEADERS", "x-forwarded", one_of("x-forwarded", "forwarded")
    )
    hsts_seconds: int = _setting("GATEWAY_HSTS_SECONDS", "0", whole(0, _LARGE))
    allowed_hosts: tuple[str, ...] = _setting("GATEWAY_ALLOWED_HOSTS", "", words)
    denied_networks: tuple[Network, ...] = _setting(
        "GATEWAY_DENIED_NETWORKS", NEVER_A_DATABASE, networks
    )
    cors_origins: tuple[str, ...] = _setting("GATEWAY_CORS_ORIGINS", "", origins)
    locked_down: bool = _setting("GATEWAY_LOCKED_DOWN", "0", flag)
    introspection: bool = _setting("GATEWAY_INTROSPECTION", "1", flag)
    graphiql: bool = _setting("GATEWAY_GRAPHIQL", "1", flag)
    suggestions: bool = _setting("GATEWAY_SUGGESTIONS", "1", flag)
    database_messages: bool = _setting("GATEWAY_DATABASE_MESSAGES", "1", flag)
    login_tries: int = _setting("GATEWAY_LOGIN_TRIES", "5", whole(1, 1_000_000))
    login_address_tries: int = _setting("GATEWAY_LOGIN_ADDRESS_TRIES", "20", whole(1, 1_000_000))
    login_name_tries: int = _setting("GATEWAY_LOGIN_NAME_TRIES", "50", whole(1, 1_000_000))
    login_wait_seconds: int = _setting("GATEWAY_LOGIN_WAIT_SECONDS", "900", whole(1, 86_400))
    login_token_seconds: int = _setting("GATEWAY_LOGIN_TOKEN_SECONDS", "300", whole(10, 86_400))
    login_refresh_seconds: int = _setting(
        "GATEWAY_LOGIN_REFRESH_SECONDS", "1209600", whole(60, 31_536_000)
    )
    jwt_issuers: tuple[IssuerConfig, ...] = _setting("GATEWAY_JWT", "", read_issuers)
    session_to_database: tuple[str, ...] = _setting("GATEWAY_SESSION_TO_DATABASE", "", words)
    session_set_role: tuple[str, ...] = _setting("GATEWAY_SESSION_SET_ROLE", "", words)
    user_hashers: tuple[str, ...] = _setting("GATEWAY_USER_HASHERS", "", words)
    log_requests: bool = _setting("GATEWAY_LOG_REQUESTS", "0", flag)
    slow_ms: int = _setting("GATEWAY_SLOW_MS", "1000", whole(0, 3_600_000))
    metrics: str = _setting(
        "GATEWAY_METRICS", "operators", one_of("operators", "local", "everyone", "off")
    )

    # Threads, connections, waiting
    worker_threads: int = _setting("GATEWAY_WORKER_THREADS", "64", whole(1, 512))
    reader_threads: int = _setting("GATEWAY_READER_THREADS", "16", whole(1, 512))
    tenant_concurrency: int = _setting("GATEWAY_TENANT_CONCURRENCY", "12", whole(1, 512))
    server_concurrency: int = _setting("GATEWAY_SERVER_CONCURRENCY", "48", whole(1, 512))
    queue_limit: int = _setting("GATEWAY_QUEUE_LIMIT", "1000", whole(1, 1_000_000))
    queue_wait_ms: int = _setting("GATEWAY_QUEUE_WAIT_MS", "4000", whole(1, 3_600_000))
    max_idle_connections: int = _setting("GATEWAY_MAX_IDLE_CONNECTIONS", "256", whole(0, 100_000))
    server_connections: int = _setting("GATEWAY_SERVER_CONNECTIONS", "80", whole(1, 100_000))
    idle_connection_seconds: float = _setting("GATEWAY_IDLE_CONNECTION_SECONDS", "300", seconds)
    receive_limit_bytes: int = _setting(
        "GATEWAY_RECEIVE_LIMIT_BYTES", "100000000", whole(1_000_000, _LARGE * 100)
    )
    deadline_ms: int = _setting("GATEWAY_DEADLINE_MS", "5000", whole(50, 3_600_000))
    compression: tuple[str, ...] = _setting("GATEWAY_COMPRESSION", "zstd,br,gzip", encodings)
    static_root: Path = _setting("GATEWAY_STATIC_ROOT", f"{_IN_DATA_DIR}staticfiles", Path)
    drain_seconds: float | None = _setting("GATEWAY_DRAIN_SECONDS", "", optional_seconds)
    max_connections: int = _setting("GATEWAY_MAX_CONNECTIONS", "4000", whole(1, 1_000_000))
    max_client_connections: int = _setting(
        "GATEWAY_MAX_CLIENT_CONNECTIONS", "1000", whole(0, 1_000_000)
    )
    catalog_deadline_ms: int = _setting(
        "GATEWAY_CATALOG_DEADLINE_MS", "30000", whole(50, 3_600_000)
    )
    connect_timeout_seconds: int = _setting("GATEWAY_CONNECT_TIMEOUT_SECONDS", "3", whole(1, 600))
    breaker_failures: int = _setting("GATEWAY_BREAKER_FAILURES", "3", whole(1, 1000))
    breaker_max_seconds: float = _setting("GATEWAY_BREAKER_MAX_SECONDS", "5", seconds)
    replica_max_lag_seconds: float = _setting("GATEWAY_REPLICA_MAX_LAG_SECONDS", "5", seconds)

    # Following changes, caches
    poll_seconds: float = _setting("GATEWAY_POLL_SECONDS", "1", seconds)
    catalog_check_seconds: float = _setting("GATEWAY_CATALOG_CHECK_SECONDS", "5", seconds)
    schema_cache_bytes: int = _setting(
        "GATEWAY_SCHEMA_CACHE_BYTES", "400000000", whole(1_000_000, 1_000_000_000_000)
    )
    operation_cache_bytes: int = _setting(
        "GATEWAY_OPERATION_CACHE_BYTES", "100000000", whole(1_000_000, 1_000_000_000_000)
    )
    operation_cache_entries: int = _setting(
        "GATEWAY_OPERATION_CACHE_ENTRIES", "1000", whole(1, 1_000_000)
    )
    shapes_per_operation: int = _setting("GATEWAY_SHAPES_PER_OPERATION", "64", whole(1, 100_000))
    admitted_entries: int = _setting("GATEWAY_ADMITTED_ENTRIES", "10000", whole(1, 10_000_000))
    warm: tuple[str, ...] = _setting("GATEWAY_WARM", "", words)
    names: Mapping[str, str] = _setting("GATEWAY_NAMES", "", names)

    max_tables: int = _setting("GATEWAY_MAX_TABLES", "10000", whole(1, 1_000_000))
    max_columns: int = _setting("GATEWAY_MAX_COLUMNS", "200000", whole(1, 100_000_000))

    # Limits; all but the first may be given per tenant
    body_limit_bytes: int = _setting("GATEWAY_BODY_LIMIT_BYTES", "1000000", whole(1000, _LARGE))
    answer_limit_bytes: int = _setting(
        "GATEWAY_ANSWER_LIMIT_BYTES", "20000000", whole(1000, _LARGE)
    )
    answers_limit_bytes: int = _setting(
        "GATEWAY_ANSWERS_LIMIT_BYTES", "100000000", whole(1_000_000, _LARGE * 100)
    )
    max_tokens: int = _setting("GATEWAY_MAX_TOKENS", "10000", whole(10, 1_000_000))
    max_comments: int = _setting("GATEWAY_MAX_COMMENTS", "1000", whole(0, 1_000_000))
    max_directives: int = _setting("GATEWAY_MAX_DIRECTIVES", "100", whole(0, 100_000))
    max_depth: int = _setting("GATEWAY_MAX_DEPTH", "12", whole(1, 100))
    max_input_depth: int = _setting("GATEWAY_MAX_INPUT_DEPTH", "64", whole(1, 200))
    max_aliases: int = _setting("GATEWAY_MAX_ALIASES", "30", whole(1, 10_000))
    max_root_fields: int = _setting("GATEWAY_MAX_ROOT_FIELDS", "20", whole(1, 10_000))
    max_cost: int = _setting("GATEWAY_MAX_COST", "20000000", whole(1, 1_000_000_000_000))
    max_errors: int = _setting("GATEWAY_MAX_ERRORS", "20", whole(1, 1000))
    default_rows: int = _setting("GATEWAY_DEFAULT_ROWS", "100", whole(1, 1_000_000))
    max_rows: int = _setting("GATEWAY_MAX_ROWS", "1000", whole(1, 1_000_000))
    at_most_rows: int = _setting("GATEWAY_AT_MOST_ROWS", "1000", whole(0, _LARGE))
    tenant_requests: int = _setting("GATEWAY_TENANT_REQUESTS", "1000", whole(1, 1_000_000))
    requests_per_second: int = _setting(
        "GATEWAY_REQUESTS_PER_SECOND", "20000", whole(1, 10_000_000)
    )

    @property
    def django_secret_keys(self) -> list[str]:
        """Django's signing keys, derived so that they can't open a database's secret."""
        return [hashlib.sha256(f"django:{key}".encode()).hexdigest() for key in self.secret_keys]

    @property
    def login_token_keys(self) -> list[bytes]:
        """The keys that sign people's access tokens, derived so that they open nothing else."""
        return [hashlib.sha256(f"login token:{key}".encode()).digest() for key in self.secret_keys]

    @property
    def seconds_to_drain(self) -> float:
        """How long it serves after SIGTERM; load balancers need a few seconds in production."""
        default = 0.0 if self.demo else _DRAIN_SECONDS
        return default if self.drain_seconds is None else self.drain_seconds

    @property
    def may_introspect(self) -> bool:
        return self.introspection and not self.locked_down

    @property
    def has_graphiql(self) -> bool:
        return self.graphiql and not self.locked_down

    @property
    def may_suggest(self) -> bool:
        """Whether an error names fields that the client may have meant."""
        return self.suggestions and not self.locked_down


def load_config(environment: Mapping[str, str] = os.environ) -> Config:
    """Return the settings of `environment`. Raises InvalidSetting, which names the variable."""
    values: dict[str, Any] = {}
    for setting in fields(Config):
        if setting.metadata:
            values[setting.name] = _read(environment, setting.metadata, values.get("data_dir"))
    return Config(**values, secret_keys=_secret_keys(environment, values["data_dir"]))


def _read(environment: Mapping[str, str], setting: Mapping[str, Any], data_dir: Path | None) -> Any:
    """Read one variable; one that is empty counts as not given."""
    name: str = setting["name"]
    default = str(setting["default"]).replace("{data_dir}", str(data_dir))
    try:
        return setting["parse"](environment.get(name) or default)
    except ValueError as error:
        raise InvalidSetting(name, str(error)) from None


def _secret_keys(environment: Mapping[str, str], data_dir: Path) -> tuple[str, ...]:
    """Take the keys from the environment, else from a file of the data folder, made if missing."""
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
