"""The caller's session variables, given to the database for row-level security of its own.

All of them are one JSON text, so that each caller's replaces the one before as a whole. No
connection goes back to the pool with it: a transaction of PostgreSQL takes it away with its end.
Elsewhere, and where the ORM sends statements as well, it is taken back, or the connection is
closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases import outcomes
from dynamic_databases.connections.state import GivenSession, end_after_use, session_given_to
from schema.execution.round_trips import Flow, Request
from schema.execution.session_statements import SessionStatements
from schema.execution.sessions.dispatch import session_type
from schema.plan.session_variables import ROLE, missing_variable
from schema.sql.statement import Statement

_FULL_ROLE, _LOGIN_ROLE = "admin", "none"  # `admin` is the user of the connection
_T = TypeVar("_T")


def with_local_session(
    wrapper: BaseDatabaseWrapper, flow: Flow[_T], session: Mapping[str, str]
) -> Flow[_T]:
    """Return a flow whose transactions begin with the session, where the database is given it.

    It goes in the round trip of the transaction's first statement. Raises Forbidden.
    """
    given = session_given_to(wrapper)
    if given is GivenSession.NOTHING:
        return flow
    text = _statements(wrapper, given).give_locally
    if not text:  # `lent_session` gives it
        return flow
    return _beginning_with(Request(Statement(text, (), ()), _values(given, session)), flow)


@contextmanager
def lent_session(wrapper: BaseDatabaseWrapper, session: Mapping[str, str]) -> Iterator[None]:
    """Give a connection the session inside, and take it back. Raises Forbidden.

    Raises the errors of `dynamic_databases.outcomes`. After an error the connection is closed.
    """
    given = session_given_to(wrapper)
    if given is GivenSession.NOTHING:
        yield
        return
    statements, values = _statements(wrapper, given), _values(given, session)
    try:
        with outcomes.translated(wrapper.vendor, writing=False), wrapper.cursor() as cursor:
            cursor.execute(statements.give, values)
        yield
    except BaseException:
        end_after_use(wrapper)
        raise
    try:
        with wrapper.cursor() as cursor:
            cursor.execute(statements.take_back)
    except DatabaseError:  # what was asked is answered all the same
        end_after_use(wrapper)


def _statements(wrapper: BaseDatabaseWrapper, given: GivenSession) -> SessionStatements:
    return session_type(wrapper.vendor).session_statements[given]


def _values(given: GivenSession, session: Mapping[str, str]) -> list[str]:
    text = json.dumps(dict(sorted(session.items())))
    if given is GivenSession.VARIABLES:
        return [text]
    role = session.get(ROLE)
    if not role:
        raise missing_variable(ROLE)
    return [text, _LOGIN_ROLE if role == _FULL_ROLE else role]


def _beginning_with(first: Request, flow: Flow[_T]) -> Flow[_T]:
    """Send a request before the first of each transaction, and before what is in none."""
    is_open = False
    try:
        round_trip = next(flow)
        while True:
            begins = not is_open and bool(round_trip.requests or round_trip.begins)
            is_open = (is_open or round_trip.begins) and round_trip.ends is None
            if begins:
                requests = (first, *round_trip.requests)
                _, *rows = yield replace(round_trip, requests=requests)
            else:
                rows = yield round_trip
            round_trip = flow.send(rows)
    except StopIteration as stop:
        result: _T = stop.value
        return result
