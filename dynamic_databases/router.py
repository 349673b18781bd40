"""Which database a query goes to: never `default` for a dynamic model, never a guess."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models, router

from dynamic_databases.active import active_alias
from dynamic_databases.aliases import Alias, DatabaseAliases, primary_of
from dynamic_databases.bound_query import are_apart
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import NoActiveDatabase
from dynamic_databases.model_identity import is_generated


class DynamicDatabasesRouter:
    """Instance → where it came from; bound model → its alias; otherwise the active database.

    Listed in `DATABASE_ROUTERS`. Models that aren't dynamic are none of its business, but keep
    out of tenants' databases. A row that was read from a replica is written to its database.
    """

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return self._alias(model, hints)

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str | None:
        alias = self._alias(model, hints)
        return primary_of(alias) if alias is not None else None

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **_hints: Any) -> bool | None:
        first, second = self._home(obj1), self._home(obj2)
        if not isinstance(obj1, DynamicSchemaModel) and not isinstance(obj2, DynamicSchemaModel):
            is_one = first is not None and first == second and _registered(first) is not None
            return True if is_one else None
        return first is None or second is None or first == second

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:  # noqa: ARG002 - Django's signature
        model = hints.get("model")
        if model is not None and issubclass(model, DynamicSchemaModel) and is_generated(model):
            home: Alias | None = model.database_alias
            return home == _registered(db)  # `loaddata` asks
        return False if _registered(db) is not None else None

    def _alias(self, model: type[models.Model], hints: dict[str, Any]) -> str | None:
        if not issubclass(model, DynamicSchemaModel):
            return None
        instance = hints.get("instance")
        bound = model.database_alias
        came_from = instance._state.db if isinstance(instance, DynamicSchemaModel) else None
        is_from_replica = came_from is not None and primary_of(came_from) == bound
        if is_from_replica or are_apart(model, type(instance)):  # apart: a new row refers to it
            came_from = None
        alias = came_from or bound or (self._home(instance) if instance else None) or active_alias()
        if alias is None:
            raise NoActiveDatabase(model.__name__)
        return alias

    def _home(self, instance: models.Model) -> str | None:
        bound = instance.database_alias if isinstance(instance, DynamicSchemaModel) else None
        name = instance._state.db or bound
        return primary_of(DatabaseAliases.meant(name)) if name is not None else None


def others_answer_first() -> bool:
    """Return whether a router of the project is asked for generated models before ours."""
    for one in router.routers:
        if isinstance(one, DynamicDatabasesRouter):
            return False
        if hasattr(one, "db_for_read") or hasattr(one, "db_for_write"):
            return True
    return False


def _registered(name: str) -> Alias | None:
    databases: object = settings.DATABASES
    return databases.registered_alias(name) if isinstance(databases, DatabaseAliases) else None
