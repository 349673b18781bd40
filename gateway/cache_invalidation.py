"""What a change drops, in which order: every cache that a change concerns is named here.

    a database is saved or deleted   `database_changed`, at once and again after its commit
    any control row is committed     `row_committed`, then `revision_committed`
    a poll finds those of others     `database_changed` and `catalog_changed` of each database,
                                     then `changes_found`

`dynamic_databases.invalidation` says when. Schemas need no call: their key is the catalog's
fingerprint, and the poller sweeps those that no database has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamic_databases.aliases import Alias
from dynamic_databases.change_log import Change
from dynamic_databases.invalidation import forget_database
from dynamic_databases.registry import Registry
from gateway.file_lock import remove_unkept
from tenants.directory import Directory

if TYPE_CHECKING:  # a command needs none of a server's modules
    from gateway.control.recorder import SnapshotRecorder
    from gateway.execution.circuit_breaker import CircuitBreakers

_log = logging.getLogger("gateway.cache_invalidation")


@dataclass(frozen=True)
class ServerCaches:
    """What a server has besides the registry and the directory, which commands have too."""

    breakers: CircuitBreakers
    recorder: SnapshotRecorder | None


class CacheInvalidation:
    """The caches of this process, dropped in order.

    `snapshot_file` is what a start serves from in an outage; `publish` has other processes poll.
    """

    def __init__(
        self,
        registry: Registry,
        directory: Directory,
        snapshot_file: Path | None,
        publish: Callable[[], None] | None,
    ) -> None:
        self._registry = registry
        self._directory = directory
        self._snapshot_file = snapshot_file
        self._publish = publish
        self._servers: list[ServerCaches] = []  # one, in a process that serves

    def add(self, server: ServerCaches) -> None:
        """Drop a server's caches too, from now on."""
        self._servers.append(server)

    def remove(self, server: ServerCaches) -> None:
        """Leave a server's caches alone: it was stopped."""
        self._servers.remove(server)

    def database_changed(self, alias: Alias) -> None:
        """Drop what is known of a database: it was saved, disabled or deleted."""
        # Settings, catalog and models, then connections, of its replicas as well; content types.
        forgotten = forget_database(self._registry, alias)
        for server in self._servers:
            for one in forgotten:
                server.breakers.forget(one)

    def catalog_changed(self, alias: Alias) -> None:
        """Have a catalog read again; the old schema serves until then."""
        self._registry.expire(alias)

    def row_committed(self, change: Change) -> None:
        """Have what this process committed be known to it."""
        self._directory.take_over(change)

    def revision_committed(self, **_signal: Any) -> None:
        """Let no start serve from a file that lacks the change; tell the other processes."""
        if self._snapshot_file is not None:
            # A command may revoke something while no server runs that would write it down.
            _remove_unkept(self._snapshot_file)
        if self._publish is not None:
            self._publish()

    def changes_found(self, revision: int, changes: Sequence[Change] | None) -> None:
        """Have changes up to a revision be known; None stands for any change."""
        self._directory.follow(revision, changes)
        for server in self._servers:
            if server.recorder is not None:
                server.recorder.follow(revision, changes)


def _remove_unkept(file: Path) -> None:
    try:
        remove_unkept(file)
    except OSError as error:
        event = {"file": str(file), "error": error.strerror}
        _log.warning(
            "the snapshot's file is out of date and can't be removed", extra={"event": event}
        )
