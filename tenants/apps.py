"""Wires the directory and its signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_delete, post_save

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
        from tenants.rows import FOLLOWED  # noqa: PLC0415 - as the comment above says

        self.directory = Directory(
            f"{settings.DYNAMIC_DATABASES_PREFIX}{settings.DYNAMIC_DATABASES_SEPARATOR}"
        )
        invalidator = getattr(apps.get_app_config("dynamic_databases"), "invalidator", None)
        if invalidator is None:
            return  # the check dynamic_databases.E001 says why
        invalidator.on_change(self.directory.take_over)
        invalidator.on_found(self.directory.follow)
        for model in FOLLOWED:
            post_save.connect(invalidator.row_changed, sender=model)
            post_delete.connect(invalidator.row_changed, sender=model)
