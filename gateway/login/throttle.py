"""How long a try waits for the failed ones before it. Pure: counts and times in, seconds out."""

from __future__ import annotations

from dataclasses import dataclass

_MAX_DOUBLINGS = 30  # no wait is that long; it keeps the numbers small


@dataclass(frozen=True)
class Throttle:
    """The first `free` failures cost nothing, each further one doubles the wait, from 1 s on.

    No wait is longer than `longest_seconds`. One failure is forgiven for each `longest_seconds`
    that pass: a caller who goes on guessing gets one try in that time, and no more.
    """

    free: int
    longest_seconds: int

    def wait_seconds(self, failures: int, age_seconds: float) -> float:
        """Return what is left of the wait after a failure `age_seconds` ago; 0 where none is."""
        if failures < self.free:
            return 0.0
        doublings = min(failures - self.free, _MAX_DOUBLINGS)
        whole = min(1 << doublings, self.longest_seconds)
        return max(0.0, whole - max(0.0, age_seconds))  # another machine's clock may be ahead

    def unforgiven(self, failures: int, age_seconds: float) -> int:
        """Return how many of the failures count still, the last of which was `age_seconds` ago."""
        forgiven = int(max(0.0, age_seconds) // self.longest_seconds)
        return max(0, failures - forgiven)
