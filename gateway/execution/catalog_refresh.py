"""Follows databases whose tables change, after the requests that use them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.concurrency.garbage_collection import gc_paused
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.registry import Registry
from gateway.config import Config
from gateway.errors import DeadlinePassed, Overloaded
from gateway.execution.workers import Workers
from schema.names.changes import fields_changed
from schema.names.tables import Names

_log = logging.getLogger("gateway.execution.catalog_refresh")


class CatalogRefresher:
    """Asks each database in use, every `catalog_check_seconds`, whether its tables changed.

    Requests don't wait for it: the old schema serves until the new catalog is read.
    """

    def __init__(self, registry: Registry, readers: Workers, config: Config) -> None:
        self._registry = registry
        self._readers = readers
        self._check_seconds = config.catalog_check_seconds
        self._catalog_deadline_ms = config.catalog_deadline_ms
        self._running: set[asyncio.Task[None]] = set()

    def schedule(self, alias: Alias) -> None:
        """Ask the database where the last look is old enough."""
        if self._registry.schedule.is_due(alias, self._check_seconds):
            self._start(alias, self._refresh_if_changed)

    async def refresh_now(
        self, alias: Alias, deadline: Deadline, names: Names
    ) -> tuple[str, ...] | None:
        """Read the catalog again, as a statement met something that is gone.

        Return the fields of `names` that it changed; None where it can't be read in time.
        """
        try:
            until = Deadline.after_ms(self._catalog_deadline_ms, time.monotonic)
            entry = await self._readers.run(
                alias, deadline, lambda _: self._registry.refresh(alias), until
            )
        except (DatabaseProblem, DeadlinePassed, Overloaded):
            self._registry.expire(alias)
            return None
        return fields_changed(names, entry.catalog)

    def _refresh_if_changed(self, alias: Alias) -> None:
        if self._registry.has_changed(alias):
            with gc_paused():
                self._registry.refresh(alias)

    def _start(self, alias: Alias, work: Callable[[Alias], object]) -> None:
        task = asyncio.create_task(self._run(alias, work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, alias: Alias, work: Callable[[Alias], object]) -> None:
        deadline = Deadline.after_ms(self._catalog_deadline_ms, time.monotonic)
        try:
            await self._readers.run(alias, deadline, lambda _: work(alias))
        except Exception as error:  # noqa: BLE001 - no caller waits; the next request meets the same error
            event = {"alias": alias, "error": type(error).__name__}
            _log.warning("a catalog could not be read again", extra={"event": event})
