"""What is served while the control database is away: the last snapshot, also after a restart.

What it says counts for `max_age` seconds after the control database last confirmed it. Once that
answers again, all is read from it before anything else of the snapshot is trusted.
"""

from __future__ import annotations

import datetime as dt
import logging
import math

from dynamic_databases.control_errors import UNREACHABLE, why_unavailable
from dynamic_databases.database_settings import load_settings, source_of
from dynamic_databases.invalidation import Invalidator
from dynamic_databases.registry import DatabaseSettings
from gateway.control.database import ControlDatabase
from gateway.control.snapshot_file import SnapshotFile, State, UnusableSnapshot
from gateway.control.watchdog import control_watchdog
from tenants.directory import Directory
from tenants.errors import ControlUnavailable
from tenants.snapshot import Snapshot

_STATEMENT_SECONDS = 1.0  # where there is a file to serve from instead
_log = logging.getLogger("gateway.control")


class Standby:
    """Gives the snapshot and the databases' sources, of the control database or of the file."""

    def __init__(
        self,
        directory: Directory,
        invalidator: Invalidator,
        control: ControlDatabase,
        file: SnapshotFile | None,
        max_age: float,
    ) -> None:
        self._directory = directory
        self._invalidator = invalidator
        self._control = control
        self._file = file
        self._max_age = max_age
        self._state: State | None = None  # kept while the control database is away
        self._problem = ""

    async def snapshot(self) -> Snapshot:
        """Return the current snapshot, or the last one. Raises ControlUnavailable."""
        directory, control = self._directory, self._control
        if directory.is_stale and (control.is_answering or not directory.has_been_read):
            await control.call("snapshot", self._read)
        if control.silent_seconds > self._max_age:
            # Only a database that is known to be away is spared: a new process has not asked yet.
            if not control.is_answering and not self.may_learn():
                raise ControlUnavailable
            await control.learn()
        return directory.snapshot

    def may_learn(self) -> bool:
        """Return whether changes may be read now: a few times a second for all threads."""
        return self._control.is_learning or self._directory.may_ask_again()

    def load(self, pk: int) -> DatabaseSettings | None:
        """Return an enabled database's settings. Raises ControlUnavailable, InvalidConfig."""
        state = None if self._control.is_answering else self._current_state()
        if state is None:
            try:
                with control_watchdog.limited_to(self._statement_seconds):
                    source = self._control.run(lambda: load_settings(pk))
            except ControlUnavailable:
                state = self._current_state()
                if state is None:
                    raise
            else:
                self._state = None
                return source
        return _source(state, pk)

    def _read(self) -> None:
        """Read the control database in this thread; start from the file where it doesn't answer."""
        directory = self._directory
        try:
            with control_watchdog.limited_to(self._statement_seconds):
                directory.current()
        except UNREACHABLE as error:
            self._control.is_answering = False
            if not directory.has_been_read and not self._restore(why_unavailable(error)):
                raise
        else:
            self._control.answered()

    @property
    def _statement_seconds(self) -> float:
        has_file = self._file is not None and self._file.path.exists()
        return _STATEMENT_SECONDS if has_file else math.inf

    def _restore(self, why: str) -> bool:
        """Begin with the file; return whether it can be used."""
        state = self._open()
        if state is None:
            return False
        self._state = state
        # In this order: a first look at changes that comes between them reads all once more.
        self._directory.restore(state.snapshot)
        self._invalidator.restored()
        age = (dt.datetime.now(dt.UTC) - state.confirmed_at).total_seconds()
        self._control.away(age)
        event = {"control": why, "confirmed": state.confirmed_at.isoformat(timespec="seconds")}
        _log.warning("the last snapshot is served from its file", extra={"event": event})
        return True

    def _current_state(self) -> State | None:
        """Return the file's state, unless this process knows of later changes than it has."""
        known = self._invalidator.revision or 0
        if self._state is None or self._state.revision < known:
            self._state = self._open()
        return self._state if self._state is not None and self._state.revision >= known else None

    def _open(self) -> State | None:
        if self._file is None:
            return None
        try:
            state = self._file.read(self._max_age)
        except UnusableSnapshot as problem:
            if str(problem) != self._problem:
                self._problem = str(problem)
                event = {"file": str(self._file.path)}
                _log.warning("the snapshot's file isn't used: %s", problem, extra={"event": event})
            return None
        self._problem = ""
        return state


def _source(state: State, pk: int) -> DatabaseSettings | None:
    row = state.databases.get(pk)
    if row is None:
        return None
    baseline = state.baselines.get(row.baseline) if row.baseline is not None else None
    if baseline is None and row.baseline is not None:  # it came while the rows were read
        raise ControlUnavailable
    return source_of(row, baseline)
