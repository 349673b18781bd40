"""The time of day, for what several processes compare; durations are `time.monotonic`."""

from __future__ import annotations

import datetime as dt


def time_of_day() -> float:
    """Return the seconds since 1970."""
    return dt.datetime.now(dt.UTC).timestamp()
