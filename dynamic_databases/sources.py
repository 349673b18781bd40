"""What the registry needs of one database: its row of the control database, made ready to connect."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings

from dynamic_databases.config.allowed import MSSQL, SQLITE
from dynamic_databases.models import Database
from dynamic_databases.registry import Source


def load_source(pk: int) -> Source | None:
    """Return what the registry needs of one enabled database, secrets open, or None."""
    row = Database.objects.with_baselines().filter(pk=pk, enabled=True).first()
    if row is None:
        return None
    config = row.opened_config()
    baseline = row.baseline.catalog if row.baseline else None
    return Source(_runtime_settings(config), baseline, _override_file(row.name), row.revision)


def _override_file(name: str) -> Path | None:
    """Return where a database's overrides are; a name that is no file's name has none."""
    file = f"{name}.json"
    return settings.GATEWAY_OVERRIDES_DIR / file if Path(file).name == file else None


def _runtime_settings(config: dict[str, Any]) -> dict[str, Any]:
    """Fill in what Django's connection handler fills into static entries, and how we connect."""
    options = dict(config.get("OPTIONS", {}))
    name = config["NAME"]
    if config["ENGINE"] == SQLITE:
        name = f"file:{quote(name)}?mode=rw"  # a missing file is an error, not a new database
    elif config["ENGINE"].endswith("postgresql"):
        options.setdefault("connect_timeout", settings.GATEWAY_CONNECT_TIMEOUT_SECONDS)
        options.setdefault("application_name", "tenant-graphql-gateway")
    elif config["ENGINE"].endswith("mysql"):
        options.setdefault("connect_timeout", settings.GATEWAY_CONNECT_TIMEOUT_SECONDS)
        options.setdefault("charset", "utf8mb4")
        options["local_infile"] = 0  # a server may otherwise ask for files of this machine
    elif config["ENGINE"] == MSSQL:
        options.setdefault("python_driver", "mssql_python")
        options.setdefault("connection_timeout", settings.GATEWAY_CONNECT_TIMEOUT_SECONDS)
        options["connection_retries"] = 0  # each would wait for five seconds
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
        "TEST": {
            "CHARSET": None,
            "COLLATION": None,
            "MIGRATE": False,
            "MIRROR": None,
            "NAME": None,
        },
    }
