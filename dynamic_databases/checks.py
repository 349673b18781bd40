"""Django system checks: settings without which dynamic databases would go wrong silently."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.management import get_commands

from dynamic_databases.aliases import DatabaseAliases
from dynamic_databases.control_tables import WRITING_COMMANDS
from dynamic_databases.package_settings import has_own_keys, package_setting

SETTINGS_TAG = "gateway_settings"  # of the checks that the gateway's own commands run
_ROUTER = "dynamic_databases.router.DynamicDatabasesRouter"


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    databases: object = settings.DATABASES
    if not isinstance(databases, DatabaseAliases):
        problems.append(
            Error(
                "settings.DATABASES is no DatabaseAliases.",
                hint="Write DATABASES = DatabaseAliases({'default': …}).",
                id="dynamic_databases.E001",
            )
        )
    if _ROUTER not in settings.DATABASE_ROUTERS:
        problems.append(
            Error(
                "DynamicDatabasesRouter is not in DATABASE_ROUTERS.",
                hint=f"Write DATABASE_ROUTERS = ['{_ROUTER}'].",
                id="dynamic_databases.E002",
            )
        )
    return problems


def check_key_list(**_kwargs: Any) -> list[CheckMessage]:
    """Check that the keys are a list of texts: a lone text would be a key for each letter."""
    keys = package_setting("GATEWAY_SECRET_KEYS")
    is_list = isinstance(keys, list | tuple) and keys
    if is_list and all(isinstance(key, str) and key for key in keys):
        return []
    return [
        Error(
            "GATEWAY_SECRET_KEYS is no list of texts, or is empty.",
            hint="Write GATEWAY_SECRET_KEYS = [os.environ['SECRET_KEY_OF_DATABASES']], "
            "or leave it out.",
            id="dynamic_databases.E005",
        )
    ]


def check_keys(**_kwargs: Any) -> list[CheckMessage]:
    """Warn, with `check --deploy`, of keys that are derived from SECRET_KEY."""
    if has_own_keys():
        return []
    return [
        CheckWarning(
            "GATEWAY_SECRET_KEYS is not set: stored passwords are sealed by SECRET_KEY.",
            hint="Set it to a list of Fernet keys, the newest first, kept like SECRET_KEY.",
            id="dynamic_databases.W004",
        )
    ]


def check_commands(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of commands that could write the project's tables into a registered database."""
    owners = get_commands()
    others = [name for name in WRITING_COMMANDS if owners.get(name) != "dynamic_databases"]
    if not others:
        return []
    return [
        CheckWarning(
            f"Another app has the commands {', '.join(others)}: they take registered databases.",
            hint="List dynamic_databases first in INSTALLED_APPS, before django.contrib.auth.",
            id="dynamic_databases.W003",
        )
    ]
