"""Wires the directory and its signals."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.db.models.signals import post_delete, post_save

from dynamic_databases.aliases import Alias
from dynamic_databases.package_settings import package_setting
from tenants.checks import check_names
from tenants.process import set_directory, set_lookup

if TYPE_CHECKING:
    from tenants.controller import Controller
    from tenants.directory import Directory


class TenantsConfig(AppConfig):
    """Owns this process's directory."""

    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Tenants"
    directory: Directory

    def ready(self) -> None:
        if not apps.is_installed("dynamic_databases"):
            return  # Django says so as it loads the models, or gateway.E001
        # Models can only be imported once the app registry is ready.
        from tenants.directory import Directory  # noqa: PLC0415 - as the comment above says
        from tenants.snapshot_loader import TRACKED  # noqa: PLC0415 - as the comment above says

        self.directory = Directory(_alias_of)
        set_directory(self.directory)
        invalidator = getattr(apps.get_app_config("dynamic_databases"), "invalidator", None)
        if invalidator is None:
            return  # the check dynamic_databases.E001 says why
        from tenants.lookup import TenantLookup  # noqa: PLC0415 - as the comment above says

        lookup = TenantLookup(self.directory, invalidator, _controller)
        set_lookup(lookup)
        settings.DATABASES.names = lookup.alias
        checks.register(check_names, checks.Tags.database)
        for model in TRACKED:
            post_save.connect(invalidator.row_changed, sender=model)
            post_delete.connect(invalidator.row_changed, sender=model)


@cache
def _controller() -> Controller | None:
    """Return what finds the customers of GATEWAY_CONTROLLER, made when it is asked first."""
    from tenants.controller import Controller, ControllerConfig  # noqa: PLC0415 - it needs models

    config = package_setting("GATEWAY_CONTROLLER")
    if config is None:
        return None
    return Controller(
        ControllerConfig(**config), package_setting("GATEWAY_CONTROLLER_CHECK_SECONDS")
    )


def _alias_of(pk: int) -> Alias:
    """Ask `settings.DATABASES` when it is needed: the checks come first."""
    return settings.DATABASES.alias_of(pk)
