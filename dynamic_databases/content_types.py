"""A ContentType for each database and table, stored when asked for, gone with the database.

Its `app_label` is the database's alias, so rows of two databases never share one. Content types and
what refers to them are the project's own: they are kept in its own database, never in a tenant's.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType, ContentTypeManager
from django.db.models.signals import post_delete, post_save

from dynamic_databases.active import active_alias
from dynamic_databases.aliases import Alias, as_alias
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.errors import NoActiveDatabase
from dynamic_databases.model_identity import is_generated
from dynamic_databases.models import Database, database_unregistered
from dynamic_databases.process import process_registry


class ContentTypes(ContentTypeManager):
    """Finds and stores content types, those of registered databases too."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ContentTypeManager)  # else `makemigrations` sees a change

    __hash__ = ContentTypeManager.__hash__

    def db_manager(self, using: str | None = None, hints: Any = None) -> Any:
        """Stay in the project's database: generic relations name that of the row they point to."""
        is_ours = using is not None and settings.DATABASES.is_registered(using)
        return super().db_manager(None if is_ours else using, hints)

    def get_for_model(self, model: Any, for_concrete_model: bool = True) -> ContentType:
        """Return the content type of a model or a row, stored when it is asked for first.

        Raises NoActiveDatabase for a model of a catalog where nothing says which database is meant.
        """
        if _is_of_catalog(model):
            model, for_concrete_model = _bound(model), False
        return super().get_for_model(model, for_concrete_model)

    def get_for_models(self, *models: Any, for_concrete_models: bool = True) -> Any:
        """Return a mapping from each model to its content type, as `get_for_model` has it."""
        ours = [model for model in models if _is_of_catalog(model)]
        others = [model for model in models if not _is_of_catalog(model)]
        found = dict(super().get_for_models(*others, for_concrete_models=for_concrete_models))
        return found | {model: self.get_for_model(model) for model in ours}


def install_content_types() -> None:
    """Have Django's content types know registered databases, and follow their end."""
    ContentType._meta.local_managers.clear()
    ContentType.add_to_class("objects", ContentTypes())
    for name in ("name", "app_labeled_name"):
        setattr(ContentType, name, _named_without_asking(name))
    post_save.connect(_permit, sender=ContentType)
    post_save.connect(_database_saved, sender=Database)
    post_delete.connect(_database_deleted, sender=Database)
    database_unregistered.connect(_database_deleted)


def remove_content_types(alias: Alias) -> None:
    """Delete a database's content types, and what of the project's rows goes with them."""
    ContentType.objects.filter(app_label=alias).delete()
    ContentType.objects.clear_cache()


def _is_of_catalog(model: Any) -> bool:
    kind = model if isinstance(model, type) else type(model)
    return issubclass(kind, DynamicSchemaModel) and is_generated(kind)


def _bound(model: Any) -> type[DynamicSchemaModel]:
    """Return the model of a database for a model or a row, which a relation leaves unbound."""
    kind: type[DynamicSchemaModel] = model if isinstance(model, type) else type(model)
    home = (kind.database_alias if model is kind else model.home) or active_alias()
    if home is None:
        raise NoActiveDatabase(kind.__name__)
    if kind.database_alias == home:
        return kind
    return process_registry().model(home, kind.table_name)


def _named_without_asking(name: str) -> property:
    """Return a property that names a database's table without connecting to the database.

    Lists of permissions and of log entries show many of them, of databases that may be down.
    """
    of_django: Any = getattr(ContentType, name)

    def shown(content_type: ContentType) -> str:
        if settings.DATABASES.pk_of(content_type.app_label) is None:
            text: str = of_django.fget(content_type)
            return text
        of_app = f"Database {content_type.app_label} | " if name == "app_labeled_name" else ""
        return f"{of_app}{content_type.model}"

    return property(shown)


def _permit(instance: ContentType, created: bool, raw: bool, using: str, **_signal: Any) -> None:
    """Store the permissions of a table with its content type: Django does it for apps alone."""
    if not created or raw or not apps.is_installed("django.contrib.auth"):
        return
    if settings.DATABASES.pk_of(instance.app_label) is None:
        return
    permission = apps.get_model("auth", "Permission")
    permission.objects.using(using).bulk_create(
        permission(
            content_type=instance,
            codename=f"{action}_{instance.model}",
            name=f"Can {action} {instance.model}",
        )
        for action in ("add", "change", "delete", "view")
    )


def _database_saved(instance: Database, created: bool, raw: bool, **_signal: Any) -> None:
    """Begin without those of an earlier database whose key SQL by hand gave away again."""
    if created and not raw:
        remove_content_types(instance.label)


def _database_deleted(instance: Database, **_signal: Any) -> None:
    remove_content_types(as_alias(settings.DATABASES.alias_of(instance.pk)))
