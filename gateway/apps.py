"""The gateway as a Django app: commands, static files, and what a change drops."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings

from dynamic_databases.process import process_registry
from gateway.background.redis_notifications import Publisher
from gateway.file_lock import remove_unkept
from tenants.process import process_directory

_log = logging.getLogger("gateway.apps")


class GatewayConfig(AppConfig):
    """Names the app; what runs is made in `gateway.asgi`."""

    name = "gateway"

    def ready(self) -> None:
        # Models can only be imported once the app registry is ready.
        from dynamic_databases.change_log import revision_bumped  # noqa: PLC0415 - as the comment above says
        from gateway.cache_invalidation import CacheInvalidation  # noqa: PLC0415 - as the comment above says

        invalidator = getattr(apps.get_app_config("dynamic_databases"), "invalidator", None)
        if invalidator is not None:  # else the check dynamic_databases.E001 says why
            invalidator.caches = CacheInvalidation(process_registry(), process_directory())

        file: Path | None = settings.GATEWAY.snapshot_file
        if file is not None:
            # A command may revoke something while no server runs that would write it down.
            revision_bumped.connect(partial(_remove_unkept, file), weak=False)
        url: str = settings.GATEWAY.redis_url
        if url:
            self.publisher = Publisher(url)
            revision_bumped.connect(self.publisher.publish)


def _remove_unkept(file: Path, **_signal: Any) -> None:
    """Let no start serve from a file that lacks the change that was made now."""
    try:
        remove_unkept(file)
    except OSError as error:
        event = {"file": str(file), "error": error.strerror}
        _log.warning(
            "the snapshot's file is out of date and can't be removed", extra={"event": event}
        )
