"""The package's settings: a project's own, or defaults that are those of the gateway."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings

from dynamic_databases.config.secrets import ReferenceRules, Secrets
from dynamic_databases.package_settings import has_own_keys, package_setting
from gateway.config import load_config

SHARED = [
    *("GATEWAY_ALLOWED_HOSTS", "GATEWAY_CONNECT_TIMEOUT_SECONDS", "GATEWAY_CONTROLLER"),
    *("GATEWAY_DEADLINE_MS", "GATEWAY_DENIED_NETWORKS", "GATEWAY_IDLE_CONNECTION_SECONDS"),
    *("GATEWAY_MAX_COLUMNS", "GATEWAY_MAX_IDLE_CONNECTIONS", "GATEWAY_MAX_TABLES"),
    *("GATEWAY_POLL_SECONDS", "GATEWAY_RECEIVE_LIMIT_BYTES", "GATEWAY_SECRET_ENV"),
    "GATEWAY_REPLICA_MAX_LAG_SECONDS",
    *("GATEWAY_SECRET_FILES", "GATEWAY_SECRET_FILES_ROOT", "GATEWAY_SERVER_CONNECTIONS"),
    *("GATEWAY_SESSION_SET_ROLE", "GATEWAY_SESSION_TO_DATABASE"),
    *("GATEWAY_SQLITE_MEMORY_BYTES", "GATEWAY_SQLITE_VALUE_BYTES"),
]


@pytest.mark.parametrize("name", SHARED)
def test_a_default_is_the_gateways(settings, tmp_path: Path, name: str) -> None:
    if hasattr(django_settings, name):
        delattr(settings, name)
    config = load_config({"GATEWAY_DATA_DIR": str(tmp_path)})
    assert package_setting(name) == getattr(config, name.removeprefix("GATEWAY_").lower())


def test_a_setting_of_the_project_counts(settings) -> None:
    settings.GATEWAY_MAX_TABLES = 7
    assert package_setting("GATEWAY_MAX_TABLES") == 7


def test_folders_are_below_the_project(settings, tmp_path: Path) -> None:
    del settings.GATEWAY_SQLITE_ROOT
    settings.BASE_DIR = tmp_path
    assert package_setting("GATEWAY_SQLITE_ROOT") == tmp_path / "databases"


def test_keys_follow_the_projects_secret(settings) -> None:
    """A rotated SECRET_KEY opens what the former one sealed, as long as it is a fallback."""
    del settings.GATEWAY_SECRET_KEYS
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old", []
    assert not has_own_keys()
    rules = ReferenceRules(Path("/run/secrets"))
    sealed = Secrets(package_setting("GATEWAY_SECRET_KEYS"), "7", rules).seal({"PASSWORD": "pw"})

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["old"]
    keys = package_setting("GATEWAY_SECRET_KEYS")
    assert Secrets(keys, "7", rules).open(sealed) == {"PASSWORD": "pw"}
    assert all(Fernet(key) for key in keys) and len(set(keys)) == 2


def test_an_unknown_name_is_no_setting() -> None:
    with pytest.raises(KeyError, match="GATEWAY_NO_SUCH"):
        package_setting("GATEWAY_NO_SUCH")
