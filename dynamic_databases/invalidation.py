"""What changed in the control database: this process's signals, and a poll for the others'."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import models, transaction

from dynamic_databases.models import Database
from dynamic_databases.registry import Registry
from dynamic_databases.revisions import (
    CATALOG,
    Change,
    bump_revision,
    bump_revisions,
    changes_since,
    skip_revision,
)

Listener = Callable[[Change], None]
# Called with the newest revision and the changes up to it; None where what changed isn't known.
Follower = Callable[[int, Sequence[Change] | None], None]


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
        self._listeners: list[Listener] = []
        self._followers: list[Follower] = []

    def on_change(self, listener: Listener) -> None:
        """Call `listener` after a row of a control table changed in this process."""
        self._listeners.append(listener)

    def on_found(self, follower: Follower) -> None:
        """Call `follower` after a look found changes of control tables, wherever they were made."""
        self._followers.append(follower)

    def poll_if_due(self) -> None:
        """Look for changes when the last look is `poll_seconds` old; one thread at a time."""
        is_first = self._revision is None  # nobody may read anything before that
        if time.monotonic() < self._next_poll or not self._lock.acquire(blocking=is_first):
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

    def database_changed(self, instance: Database, **_kwargs: Any) -> None:
        """A database was saved or deleted in this process."""
        alias = self._alias_of(instance.pk)
        self._registry.forget(alias)  # also before the commit: this process reads its own writes
        transaction.on_commit(lambda: self._registry.forget(alias))
        self.row_changed(instance)

    def row_changed(self, instance: models.Model, **_kwargs: Any) -> None:
        """A row of a control table was saved or deleted in this process."""
        change = bump_revision(instance._meta.label_lower, instance.pk)
        # What can't be told here is found by the next look: the row is stored, its writer is told so.
        transaction.on_commit(partial(self._tell, change), robust=True)

    def rows_changed(
        self, sender: type[models.Model], keys: Sequence[int] | None, **_kwargs: Any
    ) -> None:
        """Rows of a control table were changed at once in this process; None stands for rows that aren't known."""
        if keys is None:
            skip_revision()
        else:
            bump_revisions(sender._meta.label_lower, keys)
        transaction.on_commit(self.poll_now, robust=True)  # as in `row_changed`

    def _poll(self) -> None:
        newest, changes = changes_since(self._revision)
        if newest == self._revision:
            return
        if changes is not None:
            self._follow(changes)
        elif self._revision is not None:
            self._compare_all()
        for follower in self._followers:
            follower(newest, changes)
        self._revision = newest

    def _follow(self, changes: Sequence[Change]) -> None:
        """Forget databases whose rows are newer than what is known; have changed catalogs read anew.

        What this process saved or changed itself is new already.
        """
        saved = {c.key for c in changes if c.what == Database._meta.label_lower}
        revisions = _revisions(saved) if saved else {}
        for key in saved:
            alias = self._alias_of(key)
            if key not in revisions or self._registry.revision(alias) not in (None, revisions[key]):
                self._registry.forget(alias)
        for change in changes:
            alias = self._alias_of(change.key)
            if change.what == CATALOG and not self._registry.has_read(alias, change.revision):
                self._registry.expire(alias)

    def _compare_all(self) -> None:
        """Forget what is older than its row, and have each catalog that is in use read anew."""
        in_use = self._registry.revisions()
        now = {self._alias_of(key): revision for key, revision in _revisions(None).items()}
        for alias, revision in in_use.items():
            if now.get(alias) != revision:
                self._registry.forget(alias)
            else:
                self._registry.expire(alias)

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)


def _revisions(keys: set[int] | None) -> dict[int, int]:
    """Return the revision of each enabled database, or of those of `keys`."""
    rows = Database.objects.filter(enabled=True)
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    return dict(rows.values_list("pk", "revision"))
