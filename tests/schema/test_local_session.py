"""A session that a database is given goes in the round trip of each transaction's beginning."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dynamic_databases.connections.state import SESSION_KEY, GivenSession
from schema.errors import Forbidden
from schema.execution.database_session import with_local_session
from schema.execution.round_trips import End, Flow, Request, RoundTrip
from schema.sql.statement import Statement

pytestmark = pytest.mark.pure
ONE, TWO = (Request(Statement(text, (), ()), []) for text in ("one", "two"))
SESSION = {"x-gateway-user-id": "3", "x-gateway-role": "reader"}
JSON = '{"x-gateway-role": "reader", "x-gateway-user-id": "3"}'


def wrapper_of(given: GivenSession | None) -> SimpleNamespace:
    settings = {} if given is None else {SESSION_KEY: given}
    return SimpleNamespace(settings_dict=settings, vendor="postgresql")


def driven(flow: Flow) -> tuple[list[list[str]], object]:
    """Run a flow; return the parameters or texts that each round trip sends, and its result."""
    sent: list[list[str]] = []
    try:
        round_trip = next(flow)
        while True:
            requests = round_trip.requests
            sent.append(
                [one.parameters[0] if one.parameters else one.statement.sql for one in requests]
            )
            round_trip = flow.send([[(one.statement.sql,)] for one in requests])
    except StopIteration as stop:
        return sent, stop.value


def asking(*round_trips: RoundTrip) -> Flow:
    """Yield round trips; return the rows of the last one."""
    rows = []
    for one in round_trips:
        rows = yield one
    return rows


@pytest.mark.parametrize(
    ("round_trips", "expected"),
    [
        ([RoundTrip((ONE,))], [[JSON, "one"]]),
        ([RoundTrip((ONE, TWO))], [[JSON, "one", "two"]]),
        ([RoundTrip((ONE,)), RoundTrip((TWO,))], [[JSON, "one"], [JSON, "two"]]),
        ([RoundTrip((ONE,), begins=True, ends=End.COMMIT)], [[JSON, "one"]]),
        (
            [
                RoundTrip((ONE,), begins=True),
                RoundTrip((TWO,)),
                RoundTrip((), ends=End.COMMIT),
                RoundTrip((TWO,)),
            ],
            [[JSON, "one"], ["two"], [], [JSON, "two"]],
        ),
        (
            [RoundTrip((ONE,), begins=True), RoundTrip((TWO,), ends=End.ROLLBACK)],
            [[JSON, "one"], ["two"]],
        ),
        ([], []),
    ],
)
def test_it_goes_with_the_first_statement_of_each_transaction(round_trips, expected) -> None:
    flow = with_local_session(wrapper_of(GivenSession.VARIABLES), asking(*round_trips), SESSION)
    sent, rows = driven(flow)

    assert sent == expected
    assert len(rows) == (len(round_trips[-1].requests) if round_trips else 0)  # not its own


def test_a_database_that_is_given_nothing_has_its_flow_as_it_is() -> None:
    flow = asking(RoundTrip((ONE,)))
    assert with_local_session(wrapper_of(None), flow, SESSION) is flow


@pytest.mark.parametrize(("role", "expected"), [("reader", "reader"), ("admin", "none")])
def test_the_role_is_a_parameter(role, expected) -> None:
    flow = with_local_session(
        wrapper_of(GivenSession.VARIABLES_AND_ROLE),
        asking(RoundTrip((ONE,))),
        {"x-gateway-role": role},
    )
    assert next(flow).requests[0].parameters[1] == expected


def test_without_a_role_nothing_is_sent() -> None:
    with pytest.raises(Forbidden, match="x-gateway-role is missing"):
        with_local_session(
            wrapper_of(GivenSession.VARIABLES_AND_ROLE), asking(RoundTrip((ONE,))), {}
        )
