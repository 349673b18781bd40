"""The time that a request has left; passed down, never global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True)
class Deadline:
    """A moment of a monotonic clock, in seconds."""

    at: float
    clock: Clock

    @classmethod
    def after_ms(cls, milliseconds: int, clock: Clock) -> Deadline:
        return cls(clock() + milliseconds / 1000, clock)

    @property
    def seconds_left(self) -> float:
        return self.at - self.clock()
