"""What changed in the control database: this process's signals, and a poll for the others'."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from django.apps import apps
from django.db import models, transaction

from dynamic_databases.aliases import Alias
from dynamic_databases.change_log import (
    CATALOG,
    Change,
    changes_since,
    record_change,
    record_changes,
    skip_revision,
)
from dynamic_databases.control_errors import UNREACHABLE
from dynamic_databases.models import Database
from dynamic_databases.registry import Registry


class Caches(Protocol):
    """What this process keeps of the control tables and of databases, by what drops it."""

    def database_changed(self, alias: Alias, /) -> None:
        """A database was saved, disabled or deleted, here or in another process."""

    def catalog_changed(self, alias: Alias, /) -> None:
        """Another process changed columns of a database."""

    def row_committed(self, change: Change, /) -> None:
        """A row of a control table was changed in this process."""

    def changes_found(self, revision: int, changes: Sequence[Change] | None, /) -> None:
        """A poll found changes up to a revision; None where what changed isn't known."""


def forget_database(registry: Registry, alias: Alias) -> list[Alias]:
    """Drop what this process knows of a database, and Django's memory of its content types.

    Return the alias, with those of the replicas that were in use.
    """
    forgotten = registry.forget(alias)
    if apps.is_installed("django.contrib.contenttypes"):
        manager: Any = apps.get_model("contenttypes", "ContentType").objects
        manager.clear_cache()
    return forgotten


class RegistryAlone:
    """The caches of a process that has nothing but a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def database_changed(self, alias: Alias) -> None:
        forget_database(self._registry, alias)

    def catalog_changed(self, alias: Alias) -> None:
        self._registry.expire(alias)

    def row_committed(self, change: Change) -> None:
        """The registry knows databases alone."""

    def changes_found(self, revision: int, changes: Sequence[Change] | None) -> None:
        """Databases were forgotten already."""


class Invalidator:
    """Learns what was changed, here or in another process, and has `caches` drop it."""

    def __init__(
        self, registry: Registry, alias_of: Callable[[int], Alias], poll_seconds: float
    ) -> None:
        self._registry = registry
        self._alias_of = alias_of
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._next_poll = 0.0
        self._revision: int | None = None
        self._is_restored = False
        self.has_poller = False  # a thread looks: look-ups need not
        self.caches: Caches = RegistryAlone(registry)

    @property
    def revision(self) -> int | None:
        """The newest revision that this process knows; None before its first look."""
        return self._revision

    def restored(self) -> None:
        """Let look-ups go on before the first look: an earlier process left what is known."""
        self._is_restored = True

    def poll_if_due(self) -> None:
        """Look for changes when the last look is `poll_seconds` old; one thread at a time."""
        # No request may read anything before the first look.
        is_first = self._revision is None and not self._is_restored
        if self.has_poller and not is_first:
            return
        if time.monotonic() < self._next_poll or not self._lock.acquire(blocking=is_first):
            return
        try:
            self._next_poll = time.monotonic() + self._poll_seconds
            self._poll()
        except UNREACHABLE:
            if is_first:
                self._next_poll = 0.0
                raise
            # What is known goes on being used; the poller's thread logs that nothing answers.
        finally:
            self._lock.release()

    def poll_now(self) -> None:
        """Look for changes now; waits for a look that is under way."""
        with self._lock:
            self._next_poll = time.monotonic() + self._poll_seconds
            self._poll()

    def database_changed(self, instance: Database, **_kwargs: Any) -> None:
        """A database was saved or deleted in this process."""
        alias = self._alias_of(instance.pk)
        # Also before the commit: this process reads its own writes.
        self.caches.database_changed(alias)
        transaction.on_commit(lambda: self.caches.database_changed(alias))
        self.row_changed(instance)

    def row_changed(self, instance: models.Model, **_kwargs: Any) -> None:
        """A row of a control table was saved or deleted in this process."""
        change = record_change(instance._meta.label_lower, instance.pk)
        # The next look finds a change whose signal fails here: the row is stored, and its writer
        # gets no error.
        transaction.on_commit(lambda: self.caches.row_committed(change), robust=True)

    def rows_changed(
        self, sender: type[models.Model], keys: Sequence[int] | None, **_kwargs: Any
    ) -> None:
        """Rows of a control table changed in bulk in this process; None stands for unknown rows."""
        if keys is None:
            skip_revision()
        else:
            record_changes(sender._meta.label_lower, keys)
        transaction.on_commit(self.poll_now, robust=True)  # as in `row_changed`

    def _poll(self) -> None:
        newest, changes = changes_since(self._revision)
        if newest == self._revision:
            return
        if changes is not None:
            self._follow(changes)
        else:
            self._compare_all()
        self.caches.changes_found(newest, changes)
        self._revision = newest

    def _follow(self, changes: Sequence[Change]) -> None:
        """Forget databases whose rows are newer than known; have changed catalogs read again.

        What this process saved or changed itself is new already.
        """
        saved = {c.key for c in changes if c.what == Database._meta.label_lower}
        revisions = _revisions(saved) if saved else {}
        for key in saved:
            alias = self._alias_of(key)
            if key not in revisions or self._registry.revision(alias) not in (None, revisions[key]):
                self.caches.database_changed(alias)
        for change in changes:
            alias = self._alias_of(change.key)
            if change.what == CATALOG and not self._registry.has_read(alias, change.revision):
                self.caches.catalog_changed(alias)

    def _compare_all(self) -> None:
        """Forget what is older than its row, and have each catalog in use read again."""
        in_use = self._registry.revisions()
        if not in_use:
            return
        now = {self._alias_of(key): revision for key, revision in _revisions(None).items()}
        for alias, revision in in_use.items():
            if now.get(alias) != revision:
                self.caches.database_changed(alias)
            else:
                self.caches.catalog_changed(alias)


def _revisions(keys: set[int] | None) -> dict[int, int]:
    """Return the revision of each enabled database, or of those of `keys`."""
    rows = Database.objects.filter(enabled=True)
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    return dict(rows.values_list("pk", "revision"))
