"""Configurations of databases as the settings of this installation allow them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from dynamic_databases.config.allowed import SQLITE, check_config
from dynamic_databases.config.connection_strings import config_from_connection_string
from dynamic_databases.config.secrets import ReferenceRules, Secrets
from dynamic_databases.config.urls import config_from_url
from dynamic_databases.connections.egress import host_rules
from dynamic_databases.package_settings import package_setting


def config_from_text(text: str) -> dict[str, Any]:
    """Return the configuration of a URL or a SQL Server connection string. Raises InvalidConfig."""
    text = text.strip()
    has_scheme = "://" in text.split(";")[0].split("=")[0]
    return config_from_url(text) if has_scheme else config_from_connection_string(text)


def opened(config: dict[str, Any]) -> dict[str, Any]:
    """Return a given configuration checked, its references followed. Raises InvalidConfig."""
    secrets = database_secrets("given")
    return secrets.open(secrets.seal(allowed_config(config)))


def database_secrets(owner: str) -> Secrets:
    """Return what seals and opens the secrets of one owner's configuration."""
    references = ReferenceRules(
        package_setting("GATEWAY_SECRET_FILES_ROOT"),
        package_setting("GATEWAY_SECRET_ENV"),
        package_setting("GATEWAY_SECRET_FILES"),
        package_setting("GATEWAY_SECRET_OWN_FOLDER"),
    )
    return Secrets(package_setting("GATEWAY_SECRET_KEYS"), owner, references)


def allowed_config(config: Any) -> dict[str, Any]:
    """Return a configuration as this installation allows it. Raises InvalidConfig."""
    return check_config(config, package_setting("GATEWAY_SQLITE_ROOT"), host_rules())


def is_control_file(path: str) -> bool:
    """Return whether a SQLite file is the control database."""
    default = settings.DATABASES["default"]
    return default["ENGINE"] == SQLITE and Path(str(default["NAME"])).resolve() == Path(path)
