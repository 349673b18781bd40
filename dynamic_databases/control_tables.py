"""Keeps the tables of Django's own bookkeeping out of registered databases.

A registered database belongs to a customer. Django's commands take any alias, and some write before
they ask a router: `migrate` creates `django_migrations` first.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from dynamic_databases.aliases import DatabaseAliases, as_alias
from dynamic_databases.errors import ControlTableRefused

# What only `DynamicSchemaModel` has: models can't be imported before the apps are ready.
_OF_A_CATALOG = "database_alias"
# Django's commands that could write tables or rows of the project itself into the database they are
# given. Ours refuse that: `loaddata` for each row, the others at once.
WRITING_COMMANDS = (
    "migrate",
    "flush",
    "loaddata",
    "createcachetable",
    "createsuperuser",
    "changepassword",
    "remove_stale_contenttypes",
)


def is_registered(alias: object) -> bool:
    """Return whether a name is that of a registered database, and of none in the settings."""
    databases: object = settings.DATABASES
    return isinstance(databases, DatabaseAliases) and databases.is_registered(alias)


class ControlDatabaseOnly(BaseCommand):
    """A command that refuses a registered database before it does anything. Raises CommandError."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        alias = options.get("database")
        if is_registered(alias):
            raise CommandError(
                f"{alias!r} is a registered database, "
                "which belongs to a customer: this command writes "
                "tables of the project itself. Name a database of settings.DATABASES, "
                "such as default."
            )
        return super().execute(*args, **options)


def refuse_migration(using: str, **_kwargs: Any) -> None:
    """Refuse to migrate a registered database (`pre_migrate`). Raises ControlTableRefused."""
    if is_registered(using):
        raise ControlTableRefused(as_alias(using))


def keep_out(wrapper: Any) -> None:
    """Have a registered database's schema editor refuse models that didn't come from a catalog."""
    wrapper.SchemaEditorClass = _editor_of(wrapper.SchemaEditorClass)


@cache
def _editor_of(editor: type[Any]) -> type[Any]:
    def create_model(self: Any, model: type[models.Model]) -> None:
        if not hasattr(model, _OF_A_CATALOG):
            raise ControlTableRefused(as_alias(self.connection.alias))
        editor.create_model(self, model)

    return type(editor.__name__, (editor,), {"create_model": create_model})
