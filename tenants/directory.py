"""All tenants, tokens and roles of this process as one immutable snapshot.

Look-ups by slug, id, domain or token are dictionary look-ups: no query on the way of a request.
After a change the rows that changed are read, and the snapshot is replaced as a whole.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dynamic_databases.change_log import Change, newest_revision
from tenants.snapshot import Snapshot
from tenants.snapshot_loader import AliasOf, read_all, read_changed

_UNCONFIRMED = -1  # the revision of a snapshot that an earlier process left


class Directory:
    """The owner of the current snapshot."""

    _MISS_SECONDS = 0.2  # how often an unknown name may cost a query

    def __init__(self, alias_of: AliasOf) -> None:
        self._alias_of = alias_of
        self._lock = threading.Lock()
        self._version = 1  # of what all must be read for
        self._loaded_version = 0
        self._revision = 0  # of the control tables, which the snapshot has all changes up to
        self._taken_over: set[int] = set()  # later ones that it has too
        self._next_miss = 0.0
        self.snapshot = Snapshot()

    @property
    def is_stale(self) -> bool:
        """Whether all must be read before the next use: at first, and after a failed read."""
        return self._loaded_version != self._version

    @property
    def has_been_read(self) -> bool:
        """Whether there is a snapshot at all, stale or not."""
        return self._loaded_version != 0

    def confirmed(self) -> tuple[int, Snapshot] | None:
        """Return a revision and its complete snapshot; None where all must be read."""
        with self._lock:
            if self.is_stale or self._revision == _UNCONFIRMED:
                return None
            return self._revision, self.snapshot

    def restore(self, snapshot: Snapshot) -> None:
        """Begin with what an earlier process knew; the first look at changes reads all."""
        with self._lock:
            if not self.has_been_read:
                self.snapshot, self._loaded_version = snapshot, self._version
                self._revision = _UNCONFIRMED

    def invalidate(self) -> None:
        """Have all read again before the next use."""
        self._version += 1

    def current(self) -> Snapshot:
        """Return the snapshot, read (with queries) where it is stale; others wait for the read."""
        if self.is_stale:
            with self._lock:
                if self.is_stale:
                    self._read_all()
        return self.snapshot

    def take_over(self, change: Change) -> None:
        """Read what this process committed; callers meanwhile get the former snapshot."""
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
                self._read_all()
                return
            self._read_changed(
                [
                    c
                    for c in changes
                    if c.revision > self._revision and c.revision not in self._taken_over
                ]
            )
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
            self.snapshot = read_all(self._alias_of)
        self._revision, self._taken_over, self._loaded_version = revision, set(), version

    def _read_changed(self, changes: Sequence[Change]) -> None:
        if changes:
            with self._not_missed():
                self.snapshot = read_changed(self.snapshot, changes, self._alias_of)

    @contextmanager
    def _not_missed(self) -> Iterator[None]:
        """If reading a change fails, mark the snapshot stale: the next caller reloads all."""
        try:
            yield
        except BaseException:
            self.invalidate()
            raise
