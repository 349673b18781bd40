"""Databases that failed again and again are left alone for a while, so that no request waits.

A breaker is closed while its database serves; it opens after some failures in a row, and then lets
one request through after a pause that grows, up to a bound. That request's outcome closes it, or
opens it again.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dynamic_databases.aliases import Alias
from dynamic_databases.errors import OutcomeUnknown, StatementFailed, Unavailable

_log = logging.getLogger("gateway.execution.circuit_breaker")
_FIRST_SECONDS = 0.25


class TenantDown(Unavailable):
    """The database failed a moment ago, and isn't asked again yet; `retry_seconds` until it is."""

    def __init__(self, retry_seconds: float) -> None:
        super().__init__("This tenant's database can't be reached.")
        self.retry_seconds = retry_seconds


@dataclass
class Guard:
    """What is asked of a database under its breaker: `asked` is made false where nothing was."""

    asked: bool = True


@dataclass
class _State:
    """What is known of a database that failed."""

    failures: int = 0
    opens_at: float = 0.0  # when it may be asked again
    pause: float = _FIRST_SECONDS
    is_open: bool = False
    is_probed: bool = False


class CircuitBreakers:
    """The breakers of this process, by alias; those that are closed cost nothing."""

    def __init__(self, failures: int, max_seconds: float, clock: Callable[[], float]) -> None:
        self._failures = failures
        self._max_seconds = max_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[Alias, _State] = {}

    @contextmanager
    def guard(self, alias: Alias) -> Iterator[Guard]:
        """Use a database inside, and record the outcome. Raises TenantDown as `enter` does."""
        self.enter(alias)
        guard = Guard()
        try:
            yield guard
        except (Unavailable, OutcomeUnknown):
            self.failed(alias)
            raise
        except StatementFailed:
            self.succeeded(alias)
            raise
        except BaseException:
            self.release_probe(alias)
            raise
        if guard.asked:
            self.succeeded(alias)
        else:
            self.release_probe(alias)

    def enter(self, alias: Alias) -> None:
        """Raises TenantDown where the database isn't to be asked now; else the caller asks it."""
        if alias not in self._states:
            return
        with self._lock:
            state = self._states.get(alias)
            if state is None or not state.is_open:
                return
            left = state.opens_at - self._clock()
            if left > 0 or state.is_probed:
                raise TenantDown(max(left, _FIRST_SECONDS))
            state.is_probed = True

    def succeeded(self, alias: Alias) -> None:
        """The database answered, if only that it refuses the statement."""
        if alias not in self._states:
            return
        with self._lock:
            state = self._states.pop(alias, None)
        if state is not None and state.is_open:
            _log.info("a database serves again", extra={"event": {"alias": alias}})

    def failed(self, alias: Alias) -> None:
        """The database could not be reached, or fell silent."""
        with self._lock:
            state = self._states.setdefault(alias, _State())
            state.failures += 1
            state.is_probed = False
            if state.failures < self._failures:
                return
            is_new = not state.is_open
            state.is_open = True
            # Not all processes, nor all databases of a server, ask again at once.
            state.opens_at = self._clock() + state.pause * random.uniform(0.5, 1.0)  # noqa: S311
            state.pause = min(state.pause * 2, self._max_seconds)
        if is_new:
            _log.warning("a database is left alone for a while", extra={"event": {"alias": alias}})

    def release_probe(self, alias: Alias) -> None:
        """A request ended without a word from the database: another one may probe."""
        if alias not in self._states:
            return
        with self._lock:
            state = self._states.get(alias)
            if state is not None:
                state.is_probed = False

    def forget(self, alias: Alias) -> None:
        """The alias was registered again, or is gone."""
        with self._lock:
            self._states.pop(alias, None)

    def open_ones(self) -> list[Alias]:
        """Return the aliases whose breaker is open."""
        with self._lock:
            return [alias for alias, state in self._states.items() if state.is_open]
