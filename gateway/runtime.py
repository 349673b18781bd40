"""What one process of the gateway has one of, made once in `gateway.composition`."""

from __future__ import annotations

from dataclasses import dataclass

from dynamic_databases.invalidation import Invalidator
from dynamic_databases.registry import Registry
from gateway.authentication import RequestAuthenticator
from gateway.cache_invalidation import CacheInvalidation
from gateway.config import Config
from gateway.control.database import ControlDatabase
from gateway.control.recorder import SnapshotRecorder
from gateway.execution.answer_budget import AnswerBudget
from gateway.execution.catalog_refresh import CatalogRefresher
from gateway.execution.circuit_breaker import CircuitBreakers
from gateway.execution.rate_limit import RateLimiter
from gateway.execution.watchdog import Watchdog
from gateway.execution.workers import Workers
from gateway.limits import LimitsOfTenants
from gateway.metrics import Metrics
from gateway.rendering.schema_process import SchemaProcess
from schema.build.cache import SchemaCache
from schema.execution.cursors import Cursors
from tenants.authentication.issuers.sources import IssuerKeys
from tenants.controller import Controller
from tenants.directory import Directory


@dataclass(frozen=True)
class Runtime:
    """The owners of this process's state, made once in `gateway.composition`."""

    config: Config
    registry: Registry
    invalidator: Invalidator
    directory: Directory
    schemas: SchemaCache
    workers: Workers
    readers: (
        Workers  # read catalogs and build schemas, so that a slow database holds up no statement
    )
    watchdog: Watchdog
    breakers: CircuitBreakers
    refresher: CatalogRefresher
    authenticator: RequestAuthenticator
    limits: LimitsOfTenants
    rate: RateLimiter
    rendering: SchemaProcess
    metrics: Metrics
    cursors: Cursors
    answers: AnswerBudget
    control: ControlDatabase
    caches: CacheInvalidation
    recorder: SnapshotRecorder | None  # keeps the snapshot's file, where there is one
    controller: Controller | None  # a table of customers elsewhere
    issuer_keys: tuple[IssuerKeys, ...]  # of other issuers' tokens
