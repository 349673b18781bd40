"""Why a password isn't checked now: the status, the sentence and the wait of an answer."""

from __future__ import annotations

import math


class LoginRefused(Exception):
    """The password was not checked. `retry_seconds` is a whole number, at least 1."""

    status: int
    reason: str

    def __init__(self, wait_seconds: float = 1.0) -> None:
        self.retry_seconds = max(1, math.ceil(wait_seconds))
        super().__init__(f"{self.reason} Try again in {_duration(self.retry_seconds)}.")


class TooManyTries(LoginRefused):
    """A name, an address or a device has to wait after failed tries."""

    status = 429
    reason = "Too many failed tries."


class TooBusy(LoginRefused):
    """Too many passwords wait to be checked, or the process that checks them doesn't answer."""

    status = 503
    reason = "The server is busy with other log-ins."


def _duration(seconds: int) -> str:
    if seconds > 90:
        return f"{math.ceil(seconds / 60)} minutes"
    return "1 second" if seconds == 1 else f"{seconds} seconds"
