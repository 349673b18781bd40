"""Background threads that poll for changes made by other processes: control tables, controller.

Each has its own, so that a table that answers late doesn't delay news of what was revoked.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from dynamic_databases.concurrency.garbage_collection import collect_if_grown
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from gateway.composition import state_of
from gateway.control.recorder import LOOK_SECONDS
from gateway.control.watchdog import control_watchdog
from gateway.runtime import Runtime
from tenants.authentication.issuers.sources import IssuerKeys, KeysUnreadable
from tenants.errors import ControlUnavailable

_POLL_STATEMENT_SECONDS = 1.0
_RETRY_SECONDS = 0.25  # after a look that failed
_KEYS_RETRY_SECONDS = 2.0  # an issuer is somebody else's server
_SWEEP_SECONDS = 30  # between looks for schemas of catalogs that no database has any more
_log = logging.getLogger("gateway.background.poller")


def start_pollers(runtime: Runtime, stopping: threading.Event) -> None:
    """Look at what others change until `stopping` is set."""
    runtime.invalidator.has_poller = True
    if runtime.recorder is not None:
        _start(Look("snapshot", runtime.recorder.look, LOOK_SECONDS), stopping)
    seconds = runtime.config.poll_seconds
    _start(Look("poll", partial(_poll, runtime), seconds, _control_failure), stopping)
    _start(Look("tidying", _Tidying(runtime).look, seconds), stopping)
    if runtime.controller is not None:
        follow = partial(runtime.control.run, runtime.controller.follow)
        seconds = runtime.config.controller_check_seconds
        _start(Look("controller", follow, seconds, _controller_failure), stopping)
    for keys in runtime.issuer_keys:
        if keys.change:
            _start(_look_at(keys), stopping)


def _poll(runtime: Runtime) -> None:
    """Learn what other processes changed, and nothing else: no other failure can prevent it."""
    with control_watchdog.limited_to(_POLL_STATEMENT_SECONDS):
        runtime.control.poll()


class _Tidying:
    """This process's own periodic work: closes unused connections and sets the gauges."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._next_sweep = time.monotonic() + _SWEEP_SECONDS

    def look(self) -> None:
        runtime = self._runtime
        runtime.registry.connections.close_unused()
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + _SWEEP_SECONDS
            runtime.schemas.sweep(runtime.registry.fingerprints())
            collect_if_grown()
        runtime.metrics.set_state(state_of(runtime))


def _control_failure(error: Exception) -> str | None:
    """Return an operator's message for an expected error; None for a mistake in the program."""
    if isinstance(error, ControlUnavailable):
        return f"the control database doesn't answer: {type(error.__cause__).__name__}"
    return None


def _controller_failure(error: Exception) -> str | None:
    if isinstance(error, DatabaseProblem | Database.DoesNotExist):
        return f"the controller can't be followed: {error}"
    return _control_failure(error)


def _look_at(keys: IssuerKeys) -> Look:
    """Return the readings of an issuer's keys, of which the first is made at once."""
    look = Look(f"keys of {keys.issuer}", keys.refresh, keys.seconds, _keys_failure)
    return replace(look, first_seconds=0.0, retry_seconds=_KEYS_RETRY_SECONDS)


def _keys_failure(error: Exception) -> str | None:
    return str(error) if isinstance(error, KeysUnreadable) else None


def _no_failure(_error: Exception) -> str | None:
    """Nothing that fails here is to be expected."""
    return None


@dataclass(frozen=True)
class Look:
    """What is done again and again, and how an error of it reads that may be met."""

    name: str
    look: Callable[[], object]
    seconds: float
    explain: Callable[[Exception], str | None] = _no_failure
    first_seconds: float | None = None  # before the first look, where it isn't `seconds`
    retry_seconds: float = _RETRY_SECONDS


def _start(look: Look, stopping: threading.Event) -> None:
    threading.Thread(target=look_again, args=(look, stopping), name=look.name, daemon=True).start()


def look_again(look: Look, stopping: threading.Event) -> None:
    """Look until `stopping` is set; what fails is logged once when it begins, and when it ends.

    A mistake in the program is logged with its traceback. The next look is tried all the same: a
    process that no longer follows would serve what was removed.
    """
    failure = ""
    pause = look.seconds if look.first_seconds is None else look.first_seconds
    while not stopping.wait(pause):
        before = failure
        try:
            look.look()
            failure = ""
        except Exception as error:  # noqa: BLE001 - it is logged, as the docstring says
            expected = look.explain(error)
            failure = expected or f"a look at what changed failed: {look.name}: {error!r}"
            if failure != before:
                _log.warning(failure, exc_info=None if expected else error)
        if before and not failure:
            _log.warning("changes are followed again")
        # What was revoked meanwhile is to be known soon after the database is back.
        pause = min(look.seconds, look.retry_seconds) if failure else look.seconds
