"""Ends what runs past its deadline, from outside and in parallel.

A server is asked to cancel; a connection whose peer is silent is ended by shutting its socket down,
because no time-out of the driver ends a wait for a silent peer. A server that is slow to be asked
holds up no other server's: each has threads of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.aliases import Alias, as_alias
from dynamic_databases.concurrency.keyed_threads import KeyedThreads
from dynamic_databases.concurrency.timer import Timer
from dynamic_databases.connections.session import close
from dynamic_databases.connections.vendors.dispatch import vendor_of
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.outcomes import DRIVER_ERRORS

_log = logging.getLogger("gateway.execution.watchdog")
_THREADS = 4  # of a server
_WAITING = 1_000  # requests to cancel, of a server: more than it has connections, as a rule
_CANCEL_SECONDS = 1.0
_GRACE_SECONDS = 0.2
_LOOK_SECONDS = 0.05  # between two looks at a connection that is being opened
_DRIVER_ERRORS = (*DRIVER_ERRORS, DatabaseProblem, OSError)


@dataclass(frozen=True)
class Overdue:
    """A connection whose statement passed its deadline; with `closes` the watchdog closes it.

    After it was reported as still running, it must not be used again.
    """

    wrapper: BaseDatabaseWrapper
    still_running: Callable[[], bool]
    closes: bool = False


class Watchdog:
    """Takes overdue connections and ends their statements.

    `server_of` tells a server from others by an alias of it. `on_silent` is called, in a thread,
    with the alias of a server that took no request to cancel.
    """

    def __init__(
        self,
        server_of: Callable[[Alias], str],
        on_silent: Callable[[Alias], None] = lambda _alias: None,
    ) -> None:
        self._server_of = server_of
        self._on_silent = on_silent
        self._timer = Timer("watchdog")
        self._threads = KeyedThreads("watchdog", _THREADS, _WAITING)

    def end(self, overdue: Overdue) -> None:
        """End a statement; one over a connection that is still being opened once that is open.

        Its socket is shut down in any case when a request to cancel had its time, also where the
        server's others wait so long that it wasn't even sent.
        """
        if overdue.wrapper.connection is None:
            if not overdue.closes and overdue.still_running():
                self._timer.after(_LOOK_SECONDS, partial(self.end, overdue))
            return
        if self._submit(overdue, partial(self._cancel, overdue)):
            self._timer.after(_CANCEL_SECONDS + _GRACE_SECONDS, partial(_shut_down, overdue))
        else:
            _shut_down(overdue)

    def close(self, wrapper: BaseDatabaseWrapper) -> None:
        """Close a connection that runs nothing, in a thread: that may block."""
        self._submit(Overdue(wrapper, lambda: False), partial(close, wrapper))

    def stop(self) -> None:
        """End what is left, and wait a while for it."""
        self._timer.stop()
        self._threads.stop()

    def _submit(self, overdue: Overdue, work: Callable[[], object]) -> bool:
        """Have a thread of its server do it; if none can, the last user closes the connection."""
        alias = as_alias(overdue.wrapper.alias)
        takes = self._threads.submit(self._server_of(alias), work)
        if not takes:
            event = {"alias": alias, "waiting": _WAITING}
            _log.warning("too many connections of a server are to be ended", extra={"event": event})
        return takes

    def _cancel(self, overdue: Overdue) -> None:
        is_asked = False
        try:
            is_asked = _ask(overdue)
            if not is_asked and overdue.still_running():
                _log.info("the server took no cancel request")
                self._on_silent(as_alias(overdue.wrapper.alias))
        finally:
            if not (is_asked and self._timer.after(_GRACE_SECONDS, partial(self._end, overdue))):
                _shut_down(overdue)
                if overdue.closes:
                    close(overdue.wrapper)

    def _end(self, overdue: Overdue) -> None:
        _shut_down(overdue)
        if overdue.closes:
            self._submit(overdue, partial(close, overdue.wrapper))


def _ask(overdue: Overdue) -> bool:
    """Ask the server to end the statement, where it still runs; return whether that was taken."""
    wrapper, connection = overdue.wrapper, overdue.wrapper.connection
    if connection is None or not overdue.still_running():
        return False
    try:
        vendor_of(wrapper).cancel(wrapper, connection, _CANCEL_SECONDS)
    except _DRIVER_ERRORS:
        return False
    return True


def _shut_down(overdue: Overdue) -> None:
    """End the connection where the statement runs on all the same."""
    wrapper = overdue.wrapper
    if wrapper.connection is None or not overdue.still_running():
        return
    try:
        vendor_of(wrapper).shut_down(wrapper)
    except _DRIVER_ERRORS as error:  # it was closed a moment ago, as a rule
        event = {"alias": wrapper.alias, "error": type(error).__name__}
        _log.info("a connection could not be shut down", extra={"event": event})
