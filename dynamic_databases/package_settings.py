"""The Django settings of this package, each with a default: a project names what it changes.

The gateway fills them from environment variables of the same names (`gateway.config`). A project
of its own may set each of them in its settings module; docs/django.md lists them.
"""

from __future__ import annotations

import hashlib
import ipaddress
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from dynamic_databases.config.hosts import NEVER_A_DATABASE


def package_setting(name: str) -> Any:
    """Return the project's setting of this name, or its default. Raises KeyError for others."""
    found = getattr(settings, name, _MISSING)
    return _DEFAULTS[name]() if found is _MISSING else found


def has_own_keys() -> bool:
    """Return whether the project names the keys that seal the databases' secrets."""
    return hasattr(settings, "GATEWAY_SECRET_KEYS")


def _folder(name: str) -> Path:
    """Return a folder of the project: below its BASE_DIR, else where the process runs."""
    return Path(getattr(settings, "BASE_DIR", "")).resolve() / name


def _keys_of_django() -> tuple[str, ...]:
    """Derive keys from SECRET_KEY and its fallbacks, so that nothing else opens with them."""
    texts = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"dynamic_databases:{text}".encode()).digest() for text in texts]
    return tuple(urlsafe_b64encode(digest).decode() for digest in digests)


def _constant(value: object) -> Callable[[], object]:
    return lambda: value


_MISSING = object()
_DEFAULTS: Mapping[str, Callable[[], object]] = {
    "GATEWAY_ALLOWED_HOSTS": _constant(()),
    "GATEWAY_CONNECT_TIMEOUT_SECONDS": _constant(3),
    "GATEWAY_CONTROLLER": _constant(None),
    "GATEWAY_CONTROLLER_CHECK_SECONDS": _constant(5.0),
    "GATEWAY_DEADLINE_MS": _constant(5000),
    "GATEWAY_DENIED_NETWORKS": _constant(
        tuple(ipaddress.ip_network(network) for network in NEVER_A_DATABASE.split(","))
    ),
    "GATEWAY_DISK_RESERVE": _constant(None),
    "GATEWAY_IDLE_CONNECTION_SECONDS": _constant(300.0),
    "GATEWAY_MAX_COLUMNS": _constant(200_000),
    "GATEWAY_MAX_IDLE_CONNECTIONS": _constant(256),
    "GATEWAY_MAX_TABLES": _constant(10_000),
    "GATEWAY_OVERRIDES_DIR": lambda: _folder("overrides"),
    "GATEWAY_POLL_SECONDS": _constant(1.0),
    "GATEWAY_RECEIVE_LIMIT_BYTES": _constant(100_000_000),
    "GATEWAY_REPLICA_MAX_LAG_SECONDS": _constant(5.0),
    "GATEWAY_SECRET_ENV": _constant(()),
    "GATEWAY_SECRET_FILES": _constant(()),
    "GATEWAY_SECRET_FILES_ROOT": _constant(Path("/run/secrets")),
    "GATEWAY_SECRET_KEYS": _keys_of_django,
    "GATEWAY_SECRET_OWN_FOLDER": _constant(None),
    "GATEWAY_SESSION_SET_ROLE": _constant(()),
    "GATEWAY_SESSION_TO_DATABASE": _constant(()),
    "GATEWAY_SERVER_CONNECTIONS": _constant(80),
    "GATEWAY_SQLITE_MEMORY_BYTES": _constant(1_000_000_000),
    "GATEWAY_SQLITE_ROOT": lambda: _folder("databases"),
    "GATEWAY_SQLITE_VALUE_BYTES": _constant(25_000_000),
    "GATEWAY_USER_HASHERS": _constant(()),
}
