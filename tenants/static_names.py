"""Names that `settings.DATABASES` has already: a tenant of such a name is not found by it."""

from __future__ import annotations

from django.conf import settings

from dynamic_databases.aliases import DatabaseAliases


def is_taken(name: object) -> bool:
    """Return whether `connections[name]` is a static entry's, or a database's by its alias."""
    databases: object = settings.DATABASES
    return isinstance(databases, DatabaseAliases) and (
        databases.has_static(name) or databases.pk_of(name) is not None
    )
