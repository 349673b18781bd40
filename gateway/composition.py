"""Makes the owners of this process's state, once, from the settings and the installed apps."""

from __future__ import annotations

import time
from typing import cast

from django.apps import apps
from django.conf import settings

from dynamic_databases.aliases import Alias, primary_of
from dynamic_databases.apps import DynamicDatabasesConfig
from dynamic_databases.concurrency.clock import time_of_day
from dynamic_databases.connections.pool import Connections
from gateway.authentication import RequestAuthenticator
from gateway.cache_invalidation import CacheInvalidation, ServerCaches
from gateway.config import Config
from gateway.control.database import ControlDatabase
from gateway.control.recorder import SnapshotRecorder
from gateway.control.snapshot_file import SnapshotFile
from gateway.control.standby import Standby
from gateway.control.watchdog import control_watchdog
from gateway.execution.answer_budget import AnswerBudget
from gateway.execution.bulkhead import BulkheadLimits
from gateway.execution.catalog_refresh import CatalogRefresher
from gateway.execution.circuit_breaker import CircuitBreakers
from gateway.execution.rate_limit import RateLimiter
from gateway.execution.watchdog import Watchdog
from gateway.execution.workers import Workers
from gateway.limits import LimitsOfTenants
from gateway.metrics import Metrics, ProcessState
from gateway.rendering.schema_process import SchemaProcess
from gateway.runtime import Runtime
from schema.apps import SchemaConfig
from schema.build.cache import SchemaCache
from tenants.authentication.chain import Authenticator
from tenants.authentication.issuers.authenticator import JwtAuthenticator
from tenants.authentication.person_tokens import PersonTokens
from tenants.authentication.tokens import TokenAuthenticator
from tenants.controller import Controller, ControllerConfig
from tenants.directory import Directory
from tenants.process import process_directory
from tenants.snapshot import Snapshot

# What is read for an answer may be spelled longer than the answer itself, of rows read one by one.
_RECEIVED_PER_ANSWER = 4


def make_runtime(config: Config | None = None) -> Runtime:
    """Return the services of one gateway; `stop_runtime` ends their threads."""
    config = config or settings.GATEWAY
    databases = cast("DynamicDatabasesConfig", apps.get_app_config("dynamic_databases"))
    pool, directory = databases.registry.connections, process_directory()
    breakers = CircuitBreakers(config.breaker_failures, config.breaker_max_seconds, time.monotonic)
    watchdog = Watchdog(pool.server_of, breakers.failed)
    workers = _workers(config, pool, watchdog)
    readers = _readers(config, pool, watchdog)
    refresher = CatalogRefresher(databases.registry, readers, config)
    schemas = SchemaCache(
        config.schema_cache_bytes,
        config.operation_cache_entries,
        config.names,
        config.shapes_per_operation,
        config.operation_cache_bytes,
        release=databases.registry.release,
    )
    controller = _controller(config)
    issuers = JwtAuthenticator(config.jwt_issuers)
    control = ControlDatabase(databases.invalidator.poll_now, config.control_deadline_ms / 1000)
    control_watchdog.seconds = config.control_deadline_ms / 1000
    file = _snapshot_file(config)
    max_age = config.snapshot_max_age_seconds
    standby = Standby(directory, databases.invalidator, control, file, max_age)
    databases.registry.load_with(standby.load)
    recorder = SnapshotRecorder(file, directory, control, max_age) if file is not None else None
    pool.statement_timeout_ms = _LargestLimits(directory, "deadline_ms", config.deadline_ms)
    answer_bytes = _LargestLimits(directory, "answer_limit_bytes", config.answer_limit_bytes)
    pool.receive_limit_bytes = lambda alias: max(
        config.receive_limit_bytes, _RECEIVED_PER_ANSWER * answer_bytes(alias)
    )
    runtime = Runtime(
        config=config,
        registry=databases.registry,
        invalidator=databases.invalidator,
        directory=directory,
        schemas=schemas,
        workers=workers,
        readers=readers,
        watchdog=watchdog,
        breakers=breakers,
        refresher=refresher,
        caches=cast("CacheInvalidation", databases.invalidator.caches),
        authenticator=RequestAuthenticator(
            config, _authenticators(config, issuers), control, standby, controller, readers
        ),
        limits=LimitsOfTenants(config),
        rate=RateLimiter(config.redis_url, time_of_day if config.redis_url else time.monotonic),
        rendering=SchemaProcess(config.catalog_deadline_ms / 1000),
        metrics=Metrics(),
        answers=AnswerBudget(config.answers_limit_bytes, config.queue_wait_ms / 1000),
        control=control,
        recorder=recorder,
        controller=controller,
        issuer_keys=issuers.keys,
        cursors=cast("SchemaConfig", apps.get_app_config("schema")).cursors,
    )
    runtime.caches.add(_server_caches(runtime))
    return runtime


def stop_runtime(runtime: Runtime) -> None:
    """End the threads and close the connections."""
    runtime.rendering.stop()
    runtime.workers.stop()
    runtime.readers.stop()
    runtime.watchdog.stop()
    runtime.control.stop()
    runtime.invalidator.has_poller = False
    runtime.caches.remove(_server_caches(runtime))
    if runtime.recorder is not None:
        runtime.recorder.stop()
    runtime.registry.connections.close_all()
    runtime.registry.connections.reset_limits()


def state_of(runtime: Runtime) -> ProcessState:
    """Return what the process does and holds now, for the metrics."""
    running, waiting = runtime.workers.counts
    opened, idle = runtime.registry.connections.counts
    problems = runtime.registry.replicas.problems().values()
    return ProcessState(
        running_requests=running,
        waiting_requests=waiting,
        running_catalog_reads=runtime.readers.counts[0],
        database_connections=opened,
        idle_database_connections=idle,
        cached_schemas=len(runtime.schemas),
        schema_cache_bytes=runtime.schemas.size_bytes,
        operation_cache_bytes=runtime.schemas.operation_bytes,
        large_answer_bytes=runtime.answers.reserved_bytes,
        open_circuit_breakers=len(runtime.breakers.open_ones()),
        used_replicas=sum(1 for problem in problems if not problem),
        unused_replicas=sum(1 for problem in problems if problem),
    )


def _server_caches(runtime: Runtime) -> ServerCaches:
    return ServerCaches(runtime.breakers, runtime.recorder)


class _LargestLimits:
    """A limit of an alias: the largest of the gateway's and of the tenants that use it."""

    def __init__(self, directory: Directory, name: str, default: int) -> None:
        self._directory = directory
        self._name = name
        self._default = default
        self._made_of: object = None
        self._larger: dict[Alias, int] = {}

    def __call__(self, alias: Alias) -> int:
        snapshot = self._directory.snapshot
        if self._made_of is not snapshot:
            self._made_of = snapshot
            self._larger = self._of(snapshot)
        if not self._larger:
            return self._default
        return self._larger.get(primary_of(alias), self._default)

    def _of(self, snapshot: Snapshot) -> dict[Alias, int]:
        found: dict[Alias, int] = {}
        for entry in snapshot.limited.values():
            own = dict(entry.limits).get(self._name, self._default)
            for alias in entry.environments.values():
                found[alias] = max(own, found.get(alias, self._default))
        return found


def _authenticators(config: Config, issuers: JwtAuthenticator) -> list[Authenticator]:
    people = PersonTokens(config.login_token_keys, config.login_token_seconds)
    if not config.jwt_issuers:  # then a JWT is an unknown token
        return [people, TokenAuthenticator()]
    return [people, issuers, TokenAuthenticator()]


def _workers(config: Config, pool: Connections, watchdog: Watchdog) -> Workers:
    bounds = BulkheadLimits(
        config.worker_threads,
        config.tenant_concurrency,
        config.server_concurrency,
        config.queue_limit,
    )
    return Workers(bounds, pool, watchdog, config.queue_wait_ms / 1000)


def _readers(config: Config, pool: Connections, watchdog: Watchdog) -> Workers:
    """One catalog is read at a time of each database, some of each server."""
    threads = config.reader_threads
    bounds = BulkheadLimits(threads, 1, max(threads // 2, 1), config.queue_limit)
    return Workers(bounds, pool, watchdog, config.deadline_ms / 1000)


def _snapshot_file(config: Config) -> SnapshotFile | None:
    if config.snapshot_file is None:
        return None
    default = settings.DATABASES["default"]
    installation = "|".join(str(default.get(key, "")) for key in ("ENGINE", "HOST", "PORT", "NAME"))
    return SnapshotFile(config.snapshot_file, config.secret_keys, installation)


def _controller(config: Config) -> Controller | None:
    if config.controller is None:
        return None
    return Controller(ControllerConfig(**config.controller), config.controller_check_seconds)
