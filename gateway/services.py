"""Makes the owners of this process's state, once, from the settings and the installed apps."""

from __future__ import annotations

from typing import cast

from django.apps import apps
from django.conf import settings

from dynamic_databases.apps import DynamicDatabasesConfig
from gateway.beside import Pace
from gateway.conf import Config
from gateway.endpoint import Services
from gateway.workers import Workers
from schema.apps import SchemaConfig
from schema.cache import SchemaCache
from tenants.authentication.tokens import TokenAuthenticator
from tenants.controller import Controller, ControllerConfig
from tenants.directory import process_directory

_READERS = 4  # threads that read catalogs and build schemas


def make_services(config: Config | None = None) -> Services:
    """Return the services of one gateway; `stop_services` ends their threads."""
    config = config or settings.GATEWAY
    databases = cast("DynamicDatabasesConfig", apps.get_app_config("dynamic_databases"))
    pool = databases.registry.connections
    workers = Workers(config.worker_threads, config.tenant_concurrency, config.queue_limit, pool)
    schemas = SchemaCache(
        config.schema_cache_bytes,
        config.operation_cache_entries,
        config.names,
        lambda: Pace(lambda: workers.is_busy),
    )
    schemas.on_drop(databases.registry.release)
    return Services(
        config=config,
        registry=databases.registry,
        invalidator=databases.invalidator,
        directory=process_directory(),
        schemas=schemas,
        workers=workers,
        readers=Workers(_READERS, 1, config.queue_limit, pool),
        authenticators=(TokenAuthenticator(),),
        controller=_controller(config),
        cursors=cast("SchemaConfig", apps.get_app_config("schema")).cursors,
    )


def _controller(config: Config) -> Controller | None:
    if config.controller is None:
        return None
    return Controller(ControllerConfig(**config.controller), config.controller_check_seconds)


def stop_services(services: Services) -> None:
    """End the threads and close the connections."""
    services.workers.stop()
    services.readers.stop()
    services.registry.connections.close_all()
