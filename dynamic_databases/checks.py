"""Django system checks: settings without which dynamic databases would go wrong silently."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from dynamic_databases.aliases import DatabaseAliases

_ROUTER = "dynamic_databases.router.DynamicDatabasesRouter"


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    databases: object = settings.DATABASES
    if not isinstance(databases, DatabaseAliases):
        problems.append(
            Error(
                "settings.DATABASES is no DatabaseAliases.",
                hint="Write DATABASES = DatabaseAliases({'default': …}, prefix, separator).",
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
