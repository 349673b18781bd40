"""What a change drops, in which order: every cache that a change concerns is named here.

    a database is saved or deleted   `database_changed`, at once and again after its commit
    any control row is committed     `row_committed`, then Redis tells the other processes
    a poll finds those of others     `database_changed` and `catalog_changed` of each database,
                                     then `changes_found`

`dynamic_databases.invalidation` says when. Schemas need no call: their key is the catalog's
fingerprint, and the poller sweeps those that no database has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamic_databases.aliases import Alias
from dynamic_databases.change_log import Change
from dynamic_databases.registry import Registry
from tenants.directory import Directory

if TYPE_CHECKING:  # a command needs none of a server's modules
    from gateway.control.recorder import SnapshotRecorder
    from gateway.execution.catalog_refresh import CatalogRefresher
    from gateway.execution.circuit_breaker import CircuitBreakers


@dataclass(frozen=True)
class ServerCaches:
    """What a server has besides the registry and the directory, which commands have too."""

    breakers: CircuitBreakers
    refresher: CatalogRefresher
    recorder: SnapshotRecorder | None


class CacheInvalidation:
    """The caches of this process, dropped in order."""

    def __init__(self, registry: Registry, directory: Directory) -> None:
        self._registry = registry
        self._directory = directory
        self._servers: list[ServerCaches] = []  # one, in a process that serves

    def add(self, server: ServerCaches) -> None:
        """Drop a server's caches too, from now on."""
        self._servers.append(server)

    def remove(self, server: ServerCaches) -> None:
        """Leave a server's caches alone: it was stopped."""
        self._servers.remove(server)

    def database_changed(self, alias: Alias) -> None:
        """Drop what is known of a database: it was saved, disabled or deleted."""
        self._registry.forget(alias)  # settings, catalog and models, then connections
        for server in self._servers:
            server.breakers.forget(alias)
            server.refresher.forget(alias)

    def catalog_changed(self, alias: Alias) -> None:
        """Have a catalog read again; the old schema serves until then."""
        self._registry.expire(alias)

    def row_committed(self, change: Change) -> None:
        """Have what this process committed be known to it."""
        self._directory.take_over(change)

    def changes_found(self, revision: int, changes: Sequence[Change] | None) -> None:
        """Have changes up to a revision be known; None stands for any change."""
        self._directory.follow(revision, changes)
        for server in self._servers:
            if server.recorder is not None:
                server.recorder.follow(revision, changes)
