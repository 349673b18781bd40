"""Django's own tables: hidden in customers' databases unless an override shows them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from dynamic_databases.catalog.overrides import without_lost_targets
from dynamic_databases.catalog.types import Catalog, Skipped

# What a Django application stores for its users, such as `auth_user` and `auth_group`, is data.
_TABLES = frozenset(
    {"django_migrations", "django_content_type", "django_session", "django_admin_log"}
)
_REASON = "it is Django's bookkeeping; `show` in the database's override file shows it"


def without_bookkeeping(catalog: Catalog, shown: Collection[str] = ()) -> Catalog:
    """Return the catalog without those tables and foreign keys to them; `shown` are kept."""
    hidden = {
        table.name
        for table in catalog.tables
        if table.name.name in _TABLES and str(table.name) not in shown
    }
    if not hidden:
        return catalog
    kept = [table for table in catalog.tables if table.name not in hidden]
    names = {table.name for table in kept}
    skipped = [Skipped(str(name), _REASON) for name in sorted(hidden, key=str)]
    return replace(
        catalog,
        tables=tuple(without_lost_targets(table, names) for table in kept),
        skipped=(*catalog.skipped, *skipped),
    )
