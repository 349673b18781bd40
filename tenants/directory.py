"""All tenants, tokens and roles of this process as one immutable snapshot.

Look-ups by slug, id, domain or token are dictionary look-ups: no query on the way of a request.
After a change the rows that changed are read, and the snapshot is replaced as a whole.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from django.apps import apps

from dynamic_databases.beside import giving_way
from dynamic_databases.revisions import Change, newest_revision
from tenants.rows import read_all, read_changed
from tenants.snapshot import Snapshot

if TYPE_CHECKING:
    from tenants.apps import TenantsConfig

_RESTS_SECONDS = 0.3  # behind the requests: what was revoked elsewhere is let in meanwhile


class Directory:
    """The owner of the current snapshot."""

    _MISS_SECONDS = 0.2  # how often an unknown name may cost a query

    def __init__(self, alias_prefix: str) -> None:
        self._alias_prefix = alias_prefix
        self._lock = threading.Lock()
        self._version = 1  # of what all must be read for
        self._loaded_version = 0
        self._revision = 0  # of the control tables, which the snapshot has all changes up to
        self._taken_over: set[int] = set()  # later ones that it has too
        self._next_miss = 0.0
        self.snapshot = Snapshot()

    @property
    def is_stale(self) -> bool:
        """Whether all must be read before anybody uses it: at first, and after a read that failed."""
        return self._loaded_version != self._version

    def invalidate(self) -> None:
        """Have all read anew before anybody uses it."""
        self._version += 1

    def current(self) -> Snapshot:
        """Return the snapshot, read (with queries) where it is stale; others wait for the read."""
        if self.is_stale:
            with self._lock:
                if self.is_stale:
                    self._read_all()
        return self.snapshot

    def take_over(self, change: Change) -> None:
        """Read what this process changed, after its commit; who asks meanwhile gets the former snapshot."""
        with self._lock:
            if not self.is_stale:
                self._read_changed([change])
                self._taken_over.add(change.revision)

    def follow(self, revision: int, changes: Sequence[Change] | None) -> None:
        """Read what changed up to `revision`, as `take_over` does; None stands for anything."""
        with self._lock:
            if self.is_stale or revision == self._revision:
                return
            if changes is None:
                with giving_way(at_most_seconds=_RESTS_SECONDS):
                    self._read_all()
                return
            self._read_changed([c for c in changes if c.revision > self._revision and c.revision not in self._taken_over])  # fmt: skip
            self._revision = revision
            self._taken_over = {one for one in self._taken_over if one > revision}

    def may_ask_again(self) -> bool:
        """Return whether an unknown name may be looked for in the control database now."""
        now = time.monotonic()
        if now < self._next_miss:
            return False
        self._next_miss = now + self._MISS_SECONDS
        return True

    def _read_all(self) -> None:
        version = self._version  # before the read: what changes during it counts again
        with self._not_missed():
            revision = newest_revision()
            self.snapshot = read_all(self._alias_prefix)
        self._revision, self._taken_over, self._loaded_version = revision, set(), version

    def _read_changed(self, changes: Sequence[Change]) -> None:
        if changes:
            with self._not_missed(), giving_way(at_most_seconds=_RESTS_SECONDS):
                self.snapshot = read_changed(self.snapshot, changes, self._alias_prefix)

    @contextmanager
    def _not_missed(self) -> Iterator[None]:
        """Have all read anew by who asks next where a change can't be read now."""
        try:
            yield
        except BaseException:
            self.invalidate()
            raise


def process_directory() -> Directory:
    """Return this process's directory, which the app made when it got ready."""
    return cast("TenantsConfig", apps.get_app_config("tenants")).directory
