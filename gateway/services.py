"""Makes the owners of this process's state, once, from the settings and the installed apps."""

from __future__ import annotations

from typing import cast

from django.apps import apps
from django.conf import settings

from dynamic_databases.apps import DynamicDatabasesConfig
from gateway.conf import Config
from gateway.endpoint import Services
from gateway.workers import Workers
from schema.apps import SchemaConfig
from schema.cache import SchemaCache
from tenants.apps import TenantsConfig
from tenants.authentication.tokens import TokenAuthenticator

_READERS = 4  # threads that read catalogs and build schemas


def make_services(config: Config | None = None) -> Services:
    """Return the services of one gateway; `stop_services` ends their threads."""
    config = config or settings.GATEWAY
    databases = cast("DynamicDatabasesConfig", apps.get_app_config("dynamic_databases"))
    tenants = cast("TenantsConfig", apps.get_app_config("tenants"))
    pool = databases.registry.connections
    return Services(
        config=config,
        registry=databases.registry,
        invalidator=databases.invalidator,
        directory=tenants.directory,
        schemas=SchemaCache(
            config.schema_cache_entries, config.operation_cache_entries, config.names
        ),
        workers=Workers(config.worker_threads, config.tenant_concurrency, config.queue_limit, pool),
        readers=Workers(_READERS, 1, config.queue_limit, pool),
        authenticators=(TokenAuthenticator(),),
        cursors=cast("SchemaConfig", apps.get_app_config("schema")).cursors,
    )


def stop_services(services: Services) -> None:
    """End the threads and close the connections."""
    services.workers.stop()
    services.readers.stop()
    services.registry.connections.close_all()
