"""Tenants, roles and limits for `schema.mounting`: what a document in Python runs on."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.garbage_collection import gc_paused
from dynamic_databases.process import process_registry
from dynamic_databases.registry import Entry
from gateway.access import access_of, limits_of_role
from gateway.config import Config
from gateway.errors import problem_of
from gateway.limits import LimitsOfTenants
from schema.build.cache import SchemaCache
from schema.mount_source import Mount
from tenants.errors import EnvironmentUnavailable, TenantNotFound
from tenants.process import process_lookup

_log = logging.getLogger("gateway.mounting")


class MountedSchemas:
    """Finds tenants as requests do, and keeps the schemas that were built for Python code."""

    def __init__(self) -> None:
        config: Config = settings.GATEWAY
        self._registry = process_registry()
        self._limits = LimitsOfTenants(config)
        self._check_seconds = config.catalog_check_seconds
        self._own_words = config.database_messages
        self._schemas = SchemaCache(
            config.schema_cache_bytes,
            config.operation_cache_entries,
            config.names,
            config.shapes_per_operation,
            config.operation_cache_bytes,
            release=self._registry.release,
        )

    def find(self, tenant: str, environment: str | None, role: str) -> Mount:
        """Return what a tenant's documents run on.

        Raises TenantNotFound, EnvironmentUnavailable, UnknownRole, and DatabaseProblem where the
        catalog can't be read.
        """
        lookup = process_lookup()
        found = lookup.tenant(tenant)
        if found is None:
            raise TenantNotFound
        environment = environment or found.default_environment
        alias = found.environments.get(environment)
        if alias is None:
            raise EnvironmentUnavailable(found.slug, environment)
        roles = lookup.snapshot().roles
        limits = self._limits.of(found.limits, limits_of_role(role, roles))
        access = access_of(role, roles)
        with gc_paused():
            cached = self._schemas.get(self._entry(alias), access, limits.operation)
        return Mount(alias, cached, limits.operation, limits.answer_bytes)

    def describe(self, error: Exception) -> Sequence[Mapping[str, Any]]:
        """Return the errors that the server answers; no log line has their id."""
        problem = problem_of(error, "", own_words=self._own_words)
        if problem.is_internal:
            _log.error("a document failed", exc_info=error)
        for one in problem.errors:
            del one["extensions"]["requestId"]
        return problem.errors

    def _entry(self, alias: Alias) -> Entry:
        """Return a catalog; every few seconds the database is asked whether it has changed."""
        registry = self._registry
        is_due = registry.schedule.is_due(alias, self._check_seconds)
        return registry.current(alias) if is_due else registry.entry(alias)
