"""How much of a database a replica is known to hold, and since when that is so; pure.

The database is asked where it stands at a time, the replica later. Once the replica is there, it
holds all that was committed before that time. No clocks are compared, and an idle database is no
special case.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from dynamic_databases.replicas.position import Position

NEVER = 0.0


def lag_problem(max_lag: float) -> str:
    """Return what is wrong with a replica that lags by more than so many seconds."""
    return f"it lags by more than {max_lag:g} s (GATEWAY_REPLICA_MAX_LAG_SECONDS)"


@dataclass(frozen=True)
class Mark:
    """Where the database stood at a time, in seconds since 1970."""

    at: float
    position: Position


@dataclass
class Progress:
    """What is known of one replica; `holds_until` is the time up to which it holds all commits."""

    holds_until: float = NEVER
    problem: str = ""  # why it isn't read from, empty where it may be
    _marks: deque[Mark] = field(default_factory=deque)

    def reached(self, mark: Mark, held: Position, max_lag: float) -> None:
        """The database stood at `mark`; afterwards the replica held `held`. Raises UnusableReplica.

        `max_lag` is in seconds.
        """
        self._marks.append(mark)
        while self._marks and held.includes(self._marks[0].position):
            self.holds_until = self._marks.popleft().at
        too_old = mark.at - max_lag
        while len(self._marks) > 1 and self._marks[1].at < too_old:
            del self._marks[1]  # the first one says that it lags
        lags = bool(self._marks) and self._marks[0].at < too_old
        self.problem = lag_problem(max_lag) if lags else ""

    def failed(self, problem: str) -> None:
        """It isn't known any more what the replica holds."""
        self._marks.clear()
        self.holds_until, self.problem = NEVER, problem

    def may_answer(self, after: float, now: float) -> bool:
        """Return whether it holds what was committed before `after`; the future is no proof."""
        return after <= self.holds_until <= now
