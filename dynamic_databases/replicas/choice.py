"""Which replica of a database may answer a read: one that is known to hold what was committed.

A replica is asked from time to time while its database is read from. Between two checks it counts
with what it held at the last one, so that no answer is older than `max_lag` seconds.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.aliases import Alias, primary_of
from dynamic_databases.concurrency.clock import time_of_day
from dynamic_databases.connections.pool import Connections
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.package_settings import package_setting
from dynamic_databases.replicas.position import UnusableReplica
from dynamic_databases.replicas.progress import NEVER, Mark, Progress, lag_problem
from dynamic_databases.replicas.vendors.dispatch import vendor_of

_log = logging.getLogger("dynamic_databases.replicas")
_PAUSE_SECONDS = 0.05  # between two checks of a replica that is waited for
_CHECKS = 5  # of each replica while its last answer counts, at least
_CHECK_SECONDS = 1.0  # between two checks of a replica, at most


class Replicas:
    """The replicas of this process's databases; `of` gives those of one, none as a rule."""

    def __init__(
        self,
        connections: Connections,
        of: Callable[[Alias], Sequence[Alias]],
        clock: Callable[[], float] = time_of_day,
    ) -> None:
        self.of = of
        self.max_lag: float = package_setting("GATEWAY_REPLICA_MAX_LAG_SECONDS")
        self._connections = connections
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[Alias, Progress] = {}
        self._next_check: dict[Alias, float] = {}
        self._turns = itertools.count()

    def choose(self, primary: Alias, written_at: float = NEVER) -> Alias | None:
        """Return a replica that holds what was committed before `written_at`, None if none does.

        That is when the caller's last write was answered, in seconds since 1970.
        """
        replicas = self.of(primary)
        if not replicas:
            return None
        now = self._clock()
        after = max(now - self.max_lag, written_at)
        usable = [one for one in replicas if self._may_answer(one, after, now)]
        return usable[next(self._turns) % len(usable)] if usable else None

    def due(self, primary: Alias) -> list[Alias]:
        """Return the replicas that are to be checked now; the next call leaves them out."""
        now = time.monotonic()
        with self._lock:
            due = [one for one in self.of(primary) if now >= self._next_check.get(one, 0.0)]
            pause = min(self.max_lag / _CHECKS, _CHECK_SECONDS)
            self._next_check |= dict.fromkeys(due, now + pause)
        return due

    def check(self, replica: Alias) -> None:
        """Ask the database where it stands, then the replica. Raises DatabaseProblem.

        Where the database doesn't answer, what is known of the replica becomes old by itself.
        """
        with self._asked(primary_of(replica)) as wrapper:
            mark = Mark(self._clock(), vendor_of(wrapper).written(wrapper))
        try:
            with self._asked(replica) as wrapper:
                held = vendor_of(wrapper).held(wrapper)
            with self._lock:
                progress = self._known.setdefault(replica, Progress())
                before = progress.problem
                progress.reached(mark, held, self.max_lag)
            _log_change(replica, before, progress.problem)
        except DatabaseProblem as error:
            self.failed(replica, error)
            raise

    def catch_up(self, replica: Alias) -> None:
        """Check a replica until it holds all that is committed now, for as long as it may lag.

        Raises UnusableReplica, and other DatabaseProblem where a server doesn't answer.
        """
        began, end = self._clock(), time.monotonic() + self.max_lag
        self.check(replica)
        while not self._may_answer(replica, began, self._clock()):
            if time.monotonic() > end:
                raise UnusableReplica(lag_problem(self.max_lag))
            time.sleep(_PAUSE_SECONDS)
            self.check(replica)

    def catch_up_all(self, primary: Alias) -> None:
        """Check each replica of a database as `catch_up` does; the error says which one it is."""
        for replica in self.of(primary):
            try:
                self.catch_up(replica)
            except DatabaseProblem as error:
                raise UnusableReplica(f"{replica}: {error}") from error.__cause__

    def failed(self, replica: Alias, error: Exception) -> None:
        """Read nothing from a replica until a check finds it in order."""
        with self._lock:
            progress = self._known.setdefault(replica, Progress())
            before = progress.problem
            progress.failed(str(error))
        _log_change(replica, before, progress.problem)

    def forget(self, replicas: Sequence[Alias]) -> None:
        """They are other servers from now on, or gone."""
        with self._lock:
            for replica in replicas:
                self._known.pop(replica, None)
                self._next_check.pop(replica, None)

    def problems(self) -> dict[Alias, str]:
        """Return each replica that was asked, and why it isn't read from: nothing where it is."""
        with self._lock:
            return {replica: progress.problem for replica, progress in self._known.items()}

    @contextmanager
    def _asked(self, alias: Alias) -> Iterator[BaseDatabaseWrapper]:
        """Lease a connection for a question; a driver's error in it is raised as ours."""
        with (
            self._connections.lease(alias) as wrapper,
            outcomes.understood(alias),
            outcomes.translated(wrapper.vendor, writing=False),
        ):
            yield wrapper

    def _may_answer(self, replica: Alias, after: float, now: float) -> bool:
        progress = self._known.get(replica)
        return progress is not None and progress.may_answer(after, now)


def _log_change(replica: Alias, before: str, now: str) -> None:
    """Log once that a replica is left out, and that it is in order again."""
    if now and now != before:
        _log.warning("%s isn't read from: %s", replica, now)
    elif before and not now:
        _log.info("%s is read from again", replica)
