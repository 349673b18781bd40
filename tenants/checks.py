"""Django system checks of stored tenants, with `manage.py check --database default`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from tenants.static_names import is_taken


def check_names(databases: Sequence[str] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Warn of tenants whose name is also an alias of the settings: they aren't found by it."""
    from tenants.models import Tenant  # noqa: PLC0415 - the apps aren't ready when this is imported

    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        rows = list(Tenant.objects.values_list("slug", "domains"))
    except DatabaseError:  # nothing is migrated yet
        return []
    names = {name for slug, domains in rows for name in (slug, *(domains or ())) if is_taken(name)}
    return [
        CheckWarning(
            f"A tenant and a database of settings.DATABASES are both called {name!r}.",
            hint=f".using({name!r}) is the settings' database: name the tenant by its id, or "
            "rename one of them.",
            id="tenants.W001",
        )
        for name in sorted(names)
    ]
