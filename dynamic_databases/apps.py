"""Wires the loader, the registry, the signals and the checks; nothing else runs at import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django_stubs_ext
from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.db.models.signals import post_delete, post_save, pre_migrate

from dynamic_databases.aliases import DatabaseAliases
from dynamic_databases.checks import (
    SETTINGS_TAG,
    check_commands,
    check_key_list,
    check_keys,
    check_settings,
)
from dynamic_databases.connections.django_storage import install_subqueries, install_thread_wrappers
from dynamic_databases.connections.driver_defaults import remove_variables
from dynamic_databases.connections.pool import Connections, PoolBounds
from dynamic_databases.control_tables import refuse_migration
from dynamic_databases.package_settings import package_setting
from dynamic_databases.process import set_registry

if TYPE_CHECKING:
    from dynamic_databases.invalidation import Invalidator
    from dynamic_databases.registry import Registry


django_stubs_ext.monkeypatch()  # Django's generic classes take type arguments at run time


class DynamicDatabasesConfig(AppConfig):
    """Owns this process's registry and invalidator."""

    name = "dynamic_databases"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Databases"
    registry: Registry
    invalidator: Invalidator

    def ready(self) -> None:
        # Models, and what stands on them, can only be imported once the app registry is ready.
        from dynamic_databases.change_log import rows_changed  # noqa: PLC0415 - as the comment above says
        from dynamic_databases.config_problems import check_stored_configs  # noqa: PLC0415 - as the comment above says
        from dynamic_databases.database_apps import install_database_apps  # noqa: PLC0415 - as the comment above says
        from dynamic_databases.database_settings import load_settings  # noqa: PLC0415 - as the comment above says
        from dynamic_databases.dynamic_model import DynamicSchemaModel  # noqa: PLC0415 - as the comment above says
        from dynamic_databases.invalidation import Invalidator  # noqa: PLC0415 - as the comment above says
        from dynamic_databases.models import Database  # noqa: PLC0415 - as the comment above says
        from dynamic_databases.registry import Registry  # noqa: PLC0415 - as the comment above says

        remove_variables()
        for check in (check_settings, check_commands, check_key_list):
            checks.register(check, SETTINGS_TAG)
        checks.register(check_keys, deploy=True)
        pre_migrate.connect(refuse_migration)
        checks.register(check_stored_configs, checks.Tags.database)
        databases: object = settings.DATABASES
        if not isinstance(databases, DatabaseAliases):
            return  # the check says so
        bounds = PoolBounds(
            package_setting("GATEWAY_MAX_IDLE_CONNECTIONS"),
            package_setting("GATEWAY_SERVER_CONNECTIONS"),
            package_setting("GATEWAY_IDLE_CONNECTION_SECONDS"),
            package_setting("GATEWAY_RECEIVE_LIMIT_BYTES"),
        )
        pool = Connections(bounds, package_setting("GATEWAY_DEADLINE_MS"))
        self.registry = Registry(load_settings, databases.pk_of, pool, self._learn_changes)
        set_registry(self.registry)
        DynamicSchemaModel._find_model = self.registry.model
        DynamicSchemaModel.refresher = self.registry.refreshed_model
        self.invalidator = Invalidator(
            self.registry, databases.alias_of, package_setting("GATEWAY_POLL_SECONDS")
        )
        install_thread_wrappers(pool.generation, databases.registered_alias)
        install_database_apps(databases.is_registered_alias)
        install_subqueries()
        if apps.is_installed("django.contrib.contenttypes"):
            from dynamic_databases.content_types import install_content_types  # noqa: PLC0415 - it is another app's

            install_content_types()
        if apps.is_installed("django.contrib.admin"):
            from dynamic_databases.table_admin import install_table_admin  # noqa: PLC0415 - the same

            install_table_admin()
        databases.loader = self.registry.config
        for signal in (post_save, post_delete):
            signal.connect(self.invalidator.database_changed, sender=Database)
        rows_changed.connect(self.invalidator.rows_changed)

    def _learn_changes(self) -> None:
        self.invalidator.poll_if_due()
