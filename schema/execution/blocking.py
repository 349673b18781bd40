"""Drives a flow on a leased connection, in a thread that may block."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.connections.state import end_after_use
from dynamic_databases.connections.watcher import before_commit
from dynamic_databases.errors import DatabaseProblem
from schema.answer_size import AnswerMeter
from schema.execution.round_trips import End, Flow, RoundTrip, Rows
from schema.execution.sessions.dispatch import Session, session_type

_T = TypeVar("_T")
_KEPT_BUFFER = 1_000_000  # bytes that an idle connection may keep
COMMIT = RoundTrip((), ends=End.COMMIT)
ROLLBACK = RoundTrip((), ends=End.ROLLBACK)


def drive(
    wrapper: BaseDatabaseWrapper, flow: Flow[_T], begin: str, meter: AnswerMeter | None = None
) -> _T:
    """Run a flow to its end and return what it made; `meter` counts what is received.

    `begin` starts a transaction that may write. A transaction that is left open by an error is
    rolled back. Raises the errors of `dynamic_databases.outcomes`, those of the flow, and
    AnswerTooLarge.
    """
    meter = meter or AnswerMeter()
    session = session_type(wrapper.vendor)(wrapper, begin, meter)
    try:
        first = next(flow)
        if not first.begins:
            return _driven(session, wrapper.vendor, flow, first)
        with session.writing():
            return _driven(session, wrapper.vendor, flow, first)
    except StopIteration as stop:  # nothing had to be sent
        result: _T = stop.value
        return result
    finally:
        end_if_large(wrapper, meter)


def end_if_large(wrapper: BaseDatabaseWrapper, meter: AnswerMeter) -> None:
    """Have a connection closed after a large row where its driver keeps a buffer of that size."""
    if meter.largest_row > _KEPT_BUFFER and session_type(wrapper.vendor).keeps_buffers:
        end_after_use(wrapper)


def is_lost(round_trip: RoundTrip) -> bool:
    """Return whether a connection that breaks during this round trip leaves the outcome unknown."""
    return round_trip.ends is End.COMMIT


def _driven(session: Session, vendor: str, flow: Flow[_T], round_trip: RoundTrip) -> _T:
    """Send the first round trip of a flow and those that follow, and return what it made."""
    try:
        while True:
            round_trip = flow.send(_send(session, vendor, round_trip))
    except StopIteration as stop:
        result: _T = stop.value
        return result
    except BaseException:
        session.has_failed()
        if session.is_open:
            with suppress(DatabaseProblem):  # the connection is gone, the transaction with it
                _send(session, vendor, ROLLBACK)
        raise


def _send(session: Session, vendor: str, round_trip: RoundTrip) -> list[Rows]:
    """Return the rows of each request. Raises the errors of `dynamic_databases.outcomes`."""
    if is_lost(round_trip) and round_trip.requests and session.commits_alone:
        found = _send(session, vendor, replace(round_trip, ends=None))
        _send(session, vendor, COMMIT)
        return found
    if is_lost(round_trip):
        before_commit()
    with outcomes.translated(vendor, writing=is_lost(round_trip)):
        return session.send(round_trip)
