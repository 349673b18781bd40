"""Keeps the snapshot's file up to date: a thread in one of the processes that share the folder."""

from __future__ import annotations

import datetime as dt
import logging
import math
import os
import threading
import time
from collections.abc import Sequence

from dynamic_databases.change_log import Change
from dynamic_databases.database_settings import BaselineRow, SourceRow, read_baselines, read_rows
from dynamic_databases.models import Database
from gateway.control.database import ControlDatabase
from gateway.control.snapshot_file import SnapshotFile, State
from gateway.file_lock import try_lock
from tenants.directory import Directory
from tenants.errors import ControlUnavailable
from tenants.snapshot import Snapshot

LOOK_SECONDS = 0.5
_WRITE_SECONDS = 1.0  # between two writes
_PAUSES = 2  # times the seconds that the last one took, if that is more
_RETRY_SECONDS = 5.0  # after one that failed
_AT_ONCE = 500  # rows that are read by their keys; of more all are read
_CONFIRMATIONS = 20  # at least so many during the file's greatest age
_MOST_CONFIRM_SECONDS = 600.0
_log = logging.getLogger("gateway.control")


class SnapshotRecorder:
    """Writes what the last poll confirmed, where it changed or its confirmation has become old.

    Rows of databases are read when they changed; the rest is this process's own snapshot.
    """

    def __init__(
        self, file: SnapshotFile, directory: Directory, control: ControlDatabase, max_age: float
    ) -> None:
        self._file = file
        self._directory = directory
        self._control = control
        self._confirm_seconds = min(max_age / _CONFIRMATIONS, _MOST_CONFIRM_SECONDS)
        self._lock = threading.Lock()
        self._lock_file: int | None = None  # held: this process is the one that writes
        self._revision: int | None = None  # that `_unread` is complete up to
        self._unread: set[int] | None = None  # databases whose rows changed; None: all
        self._rows: dict[int, SourceRow] = {}
        self._baselines: dict[int, BaselineRow] = {}
        self._written: Snapshot | None = None
        self._written_revision = -1
        self._written_at = 0.0  # by the monotonic clock, as the next
        self._next_write = 0.0
        self._failure = ""

    def follow(self, revision: int, changes: Sequence[Change] | None) -> None:
        """Note what a poll found; None stands for anything."""
        label = Database._meta.label_lower
        with self._lock:
            self._revision = revision
            if changes is None or self._lock_file is None:
                self._unread = None
            elif self._unread is not None:
                self._unread |= {change.key for change in changes if change.what == label}

    def look(self) -> None:
        """Write the file where that is due. A failure is logged once, and the write tried again."""
        if time.monotonic() < self._next_write:
            return
        failure = ""
        try:
            if self._may_write():
                self._write_if_due()
        except ControlUnavailable:
            return  # the poll logs it; what is on disk stays
        except OSError as error:
            failure = f"the snapshot can't be written: {error.strerror}"
            self._next_write = time.monotonic() + _RETRY_SECONDS
        if failure and failure != self._failure:
            _log.warning(failure, extra={"event": {"file": str(self._file.path)}})
        self._failure = failure

    def stop(self) -> None:
        """Leave the file to another process."""
        descriptor, self._lock_file = self._lock_file, None
        if descriptor is not None:
            os.close(descriptor)

    def _write_if_due(self) -> None:
        confirmed = self._directory.confirmed()
        if confirmed is None or self._revision is None or not self._control.is_answering:
            return
        if math.isinf(self._control.silent_seconds):
            return  # the first poll is under way
        revision, snapshot = confirmed
        is_old = time.monotonic() - self._written_at > self._confirm_seconds
        # The rows may lack the changes of a poll that is under way.
        revision = min(revision, self._revision)
        # A file of an older revision isn't served from, whatever the newer changes were.
        is_same = snapshot is self._written and revision <= self._written_revision
        if is_same and self._unread == set() and not is_old:
            return
        began = time.monotonic()
        age = dt.timedelta(seconds=self._control.silent_seconds)
        self._control.run(self._read)
        self._file.write(
            State(revision, dt.datetime.now(dt.UTC) - age, snapshot, self._rows, self._baselines)
        )
        self._written, self._written_revision = snapshot, revision
        self._written_at = time.monotonic()
        # With many tenants it takes a while: no more than a third of one core.
        seconds = self._written_at - began
        self._next_write = self._written_at + max(_WRITE_SECONDS, _PAUSES * seconds)

    def _read(self) -> None:
        """Read the rows that changed, and the baselines that only they have."""
        with self._lock:
            unread, self._unread = self._unread, set()
        try:
            if unread is None or len(unread) > _AT_ONCE:
                self._rows = read_rows(None)
            elif unread:
                kept = {key: row for key, row in self._rows.items() if key not in unread}
                self._rows = kept | read_rows(unread)
            needed = {row.baseline for row in self._rows.values() if row.baseline is not None}
            missing = needed - self._baselines.keys()
            if missing or len(needed) < len(self._baselines):
                known = self._baselines | (read_baselines(missing) if missing else {})
                self._baselines = {key: known[key] for key in needed if key in known}
        except BaseException:
            with self._lock:
                self._unread = None
            raise

    def _may_write(self) -> bool:
        """Return whether this process is the one that writes. Raises OSError."""
        if self._lock_file is None:
            descriptor = try_lock(self._file.path)
            with self._lock:
                self._lock_file, self._unread = descriptor, None
        return self._lock_file is not None
