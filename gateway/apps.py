"""The gateway as a Django app: commands, static files, and what a change drops."""

from __future__ import annotations

from collections.abc import Callable

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from dynamic_databases.checks import SETTINGS_TAG
from dynamic_databases.process import process_registry
from gateway.checks import check_apps, check_issuers, check_static_files, missing_apps
from gateway.config import load_config
from schema.mount_source import MountSource, set_mount_source
from tenants.process import process_directory


class GatewayConfig(AppConfig):
    """Names the app; what runs is made in `gateway.asgi`."""

    name = "gateway"

    def ready(self) -> None:
        checks.register(check_apps, SETTINGS_TAG)
        checks.register(check_static_files, SETTINGS_TAG)
        checks.register(check_issuers, SETTINGS_TAG)
        if missing_apps():
            return  # the check gateway.E001 says which
        # Models can only be imported once the app registry is ready.
        from dynamic_databases.change_log import revision_bumped  # noqa: PLC0415 - as the comment above says
        from gateway.cache_invalidation import CacheInvalidation  # noqa: PLC0415 - as the comment above says

        if not hasattr(settings, "GATEWAY"):  # a project of its own; the server's settings have it
            settings.GATEWAY = load_config()
        invalidator = getattr(apps.get_app_config("dynamic_databases"), "invalidator", None)
        if invalidator is None:
            return  # the checks dynamic_databases.E001 and gateway.E002 say why
        url: str = settings.GATEWAY.redis_url
        publish = _publisher(url) if url else None
        file = settings.GATEWAY.snapshot_file
        caches = CacheInvalidation(process_registry(), process_directory(), file, publish)
        invalidator.caches = caches
        revision_bumped.connect(caches.revision_committed)
        set_mount_source(_mounted_schemas)


def _publisher(url: str) -> Callable[[], None]:
    """Import Redis's client where an installation has a Redis: it takes 50 ms of a start."""
    from gateway.background.redis_notifications import Publisher  # noqa: PLC0415 - see above

    return Publisher(url).publish


def _mounted_schemas() -> MountSource:
    """Import the source with the first schema that is used: most commands need none."""
    source: type[MountSource] = import_string("gateway.mounting.MountedSchemas")
    return source()
