"""Wires the directory and its signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_delete, post_save

from dynamic_databases.aliases import Alias
from tenants.process import set_directory

if TYPE_CHECKING:
    from tenants.directory import Directory


class TenantsConfig(AppConfig):
    """Owns this process's directory."""

    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Tenants"
    directory: Directory

    def ready(self) -> None:
        # Models can only be imported once the app registry is ready.
        from tenants.directory import Directory  # noqa: PLC0415 - as the comment above says
        from tenants.snapshot_loader import TRACKED  # noqa: PLC0415 - as the comment above says

        self.directory = Directory(_alias_of)
        set_directory(self.directory)
        invalidator = getattr(apps.get_app_config("dynamic_databases"), "invalidator", None)
        if invalidator is None:
            return  # the check dynamic_databases.E001 says why
        for model in TRACKED:
            post_save.connect(invalidator.row_changed, sender=model)
            post_delete.connect(invalidator.row_changed, sender=model)


def _alias_of(pk: int) -> Alias:
    """Ask `settings.DATABASES` when it is needed: the checks come first."""
    return settings.DATABASES.alias_of(pk)
