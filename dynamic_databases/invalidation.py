"""What changed in the control database: this process's signals, and a poll for the others'."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import transaction

from dynamic_databases.models import Database, Revision, bump_revision
from dynamic_databases.registry import Registry

Listener = Callable[[], None]
_REVISIONS = ("pk", "revision", "catalog_revision")


class Invalidator:
    """Forgets databases that were saved, disabled or deleted, here or in another process."""

    def __init__(
        self, registry: Registry, alias_of: Callable[[int], str], poll_seconds: float
    ) -> None:
        self._registry = registry
        self._alias_of = alias_of
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._next_poll = 0.0
        self._revision: int | None = None
        self._databases: dict[int, tuple[int, int]] = {}
        self._listeners: list[Listener] = []
        self._followers: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener` after any control table changed in this process."""
        self._listeners.append(listener)

    def on_found(self, follower: Listener) -> None:
        """Call `follower` after a look found that any control table changed, wherever that was."""
        self._followers.append(follower)

    def poll_if_due(self) -> None:
        """Look for changes when the last look is `poll_seconds` old; one thread at a time."""
        if time.monotonic() < self._next_poll or not self._lock.acquire(blocking=False):
            return
        try:
            self._next_poll = time.monotonic() + self._poll_seconds
            self._poll()
        finally:
            self._lock.release()

    def poll_now(self) -> None:
        """Look for changes now; waits for a look that is under way."""
        with self._lock:
            self._next_poll = time.monotonic() + self._poll_seconds
            self._poll()

    def database_saved(self, instance: Database, **_kwargs: Any) -> None:
        self._forget_after_commit(instance.pk)

    def database_deleted(self, instance: Database, **_kwargs: Any) -> None:
        self._forget_after_commit(instance.pk)

    def control_changed(self, **_kwargs: Any) -> None:
        """A row of a control table changed in this process."""
        bump_revision()
        transaction.on_commit(self._tell)

    def _forget_after_commit(self, pk: int) -> None:
        alias = self._alias_of(pk)
        bump_revision()
        self._registry.forget(alias)  # also before the commit: this process reads its own writes
        transaction.on_commit(lambda: self._registry.forget(alias))
        transaction.on_commit(self._tell)

    def _poll(self) -> None:
        revision = Revision.objects.filter(pk=1).values_list("value", flat=True).first()
        if revision == self._revision:
            return
        rows = Database.objects.filter(enabled=True)
        now = {pk: (own, of_tables) for pk, own, of_tables in rows.values_list(*_REVISIONS)}
        if self._revision is not None:
            for pk in self._databases.keys() | now.keys():
                self._follow(self._alias_of(pk), self._databases.get(pk), now.get(pk))
        self._revision, self._databases = revision, now
        for follower in self._followers:
            follower()

    def _follow(
        self, alias: str, before: tuple[int, int] | None, after: tuple[int, int] | None
    ) -> None:
        """Forget what is older than its row; what this process saved or changed itself is new already."""
        in_use = self._registry.revision(alias)
        if after is None or in_use not in (None, after[0]):
            self._registry.forget(alias)
        elif (before or (0, 0))[1] != after[1] and not self._registry.has_read(alias, after[1]):
            self._registry.expire(alias)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
