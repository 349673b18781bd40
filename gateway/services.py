"""Makes the owners of this process's state, once, from the settings and the installed apps."""

from __future__ import annotations

import datetime as dt
import time
from typing import cast

from django.apps import apps
from django.conf import settings

from dynamic_databases.apps import DynamicDatabasesConfig
from dynamic_databases.connections import Connections
from gateway.admission import Admission
from gateway.breaker import Breakers
from gateway.conf import Config
from gateway.endpoint import Services
from gateway.limits import LimitsOfTenants
from gateway.metrics import Metrics
from gateway.places import Bounds
from gateway.rate import Rate
from gateway.watchdog import Watchdog
from gateway.workers import Workers
from schema.apps import SchemaConfig
from schema.cache import SchemaCache
from tenants.authentication.tokens import TokenAuthenticator
from tenants.controller import Controller, ControllerConfig
from tenants.directory import Directory, process_directory


def make_services(config: Config | None = None) -> Services:
    """Return the services of one gateway; `stop_services` ends their threads."""
    config = config or settings.GATEWAY
    databases = cast("DynamicDatabasesConfig", apps.get_app_config("dynamic_databases"))
    pool, directory = databases.registry.connections, process_directory()
    breakers = Breakers(config.breaker_failures, config.breaker_max_seconds, time.monotonic)
    watchdog = Watchdog(breakers.failed)
    workers = _workers(config, pool, watchdog)
    readers = _readers(config, pool, watchdog)
    databases.registry.on_forget(breakers.forget)
    schemas = SchemaCache(
        config.schema_cache_bytes,
        config.operation_cache_entries,
        config.names,
        config.shapes_per_operation,
    )
    schemas.on_drop(databases.registry.release)
    authenticators = (TokenAuthenticator(),)
    controller = _controller(config)
    pool.statement_timeout_ms = _Timeouts(directory, config.deadline_ms)
    return Services(
        config=config,
        registry=databases.registry,
        invalidator=databases.invalidator,
        directory=directory,
        schemas=schemas,
        workers=workers,
        readers=readers,
        watchdog=watchdog,
        breakers=breakers,
        admission=Admission(
            config, directory, authenticators, databases.invalidator, controller, readers
        ),
        limits=LimitsOfTenants(config),
        rate=Rate(config.redis_url, _time_of_day if config.redis_url else time.monotonic),
        metrics=Metrics(),
        controller=controller,
        cursors=cast("SchemaConfig", apps.get_app_config("schema")).cursors,
    )


def stop_services(services: Services) -> None:
    """End the threads and close the connections."""
    services.workers.stop()
    services.readers.stop()
    services.watchdog.stop()
    services.registry.connections.close_all()


def states_of(services: Services) -> dict[str, int]:
    """Return what is there now, for the figures."""
    running, waiting = services.workers.counts
    opened, idle = services.registry.connections.counts
    return {
        "running": running,
        "waiting": waiting,
        "reading_catalogs": services.readers.counts[0],
        "connections": opened,
        "idle_connections": idle,
        "schemas": len(services.schemas),
        "schema_bytes": services.schemas.size_bytes,
        "open_breakers": len(services.breakers.open_ones()),
    }


def _time_of_day() -> float:
    return dt.datetime.now(dt.UTC).timestamp()


class _Timeouts:
    """The time that statements of an alias may take: the longest of the tenants' that use it."""

    def __init__(self, directory: Directory, default_ms: int) -> None:
        self._directory = directory
        self._default_ms = default_ms
        self._made_of: object = None
        self._longer: dict[str, int] = {}

    def __call__(self, alias: str) -> int:
        snapshot = self._directory.snapshot
        if self._made_of is not snapshot:
            self._made_of = snapshot
            self._longer = {
                alias: max(dict(entry.limits)["deadline_ms"], self._default_ms)
                for entry in snapshot.limited.values()
                if "deadline_ms" in dict(entry.limits)
                for alias in entry.environments.values()
            }
        return self._longer.get(alias, self._default_ms)


def _workers(config: Config, pool: Connections, watchdog: Watchdog) -> Workers:
    bounds = Bounds(
        config.worker_threads,
        config.tenant_concurrency,
        config.server_concurrency,
        config.queue_limit,
    )
    return Workers(bounds, pool, watchdog, config.queue_wait_ms / 1000)


def _readers(config: Config, pool: Connections, watchdog: Watchdog) -> Workers:
    """One catalog is read at a time of each database, some of each server."""
    threads = config.reader_threads
    bounds = Bounds(threads, 1, max(threads // 2, 1), config.queue_limit)
    return Workers(bounds, pool, watchdog, config.deadline_ms / 1000)


def _controller(config: Config) -> Controller | None:
    if config.controller is None:
        return None
    return Controller(ControllerConfig(**config.controller), config.controller_check_seconds)
