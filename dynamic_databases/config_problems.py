"""A system check that names the stored configurations that can't be used any more.

It asks the control database, so it runs where Django asks one: `migrate`,
`check --database default`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import DatabaseError

from dynamic_databases.models import Database


def check_stored_configs(
    databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[checks.CheckMessage]:
    """Return a warning per database whose configuration is refused, with the key and the reason."""
    if databases is None or "default" not in databases:
        return []
    try:
        return _warnings()
    except DatabaseError:  # nothing is migrated yet
        return []


def _warnings() -> list[checks.CheckMessage]:
    return [
        checks.Warning(
            f"The configuration of the database {row.name} is refused. {problem}",
            hint=(
                "Its tenants get TENANT_UNAVAILABLE until it is stored again or a "
                "setting allows it."
            ),
            id="dynamic_databases.W001",
        )
        for row in Database.objects.filter(enabled=True).iterator()
        if (problem := row.config_problem()) is not None
    ]
