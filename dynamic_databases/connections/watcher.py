"""Who watches the connections of a thread: it may end them from outside, and refuse a COMMIT."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper


class Watcher(Protocol):
    """Ends a connection's statements from outside, and refuses what comes too late."""

    def opens(self, wrapper: BaseDatabaseWrapper) -> None:
        """A connection is about to be opened, or used."""

    def is_done_with(self, wrapper: BaseDatabaseWrapper) -> None: ...

    def may_go_on(self) -> None:
        """Raises where no client waits any more."""

    def may_commit(self) -> None:
        """Raises where no client waits any more; else a COMMIT is about to be sent."""


_watching = threading.local()


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher` of each connection that this thread leases."""
    _watching.watcher = watcher
    try:
        yield
    finally:
        del _watching.watcher


def before_commit() -> None:
    """Raises where no client waits for this thread's write any more: nothing is done then."""
    watcher = current_watcher()
    if watcher is not None:
        watcher.may_commit()


def current_watcher() -> Watcher | None:
    """Return the watcher of this thread."""
    return getattr(_watching, "watcher", None)
