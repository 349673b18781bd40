"""A database that fails again and again is left alone, tried by one request, and served again."""

from __future__ import annotations

import pytest

from dynamic_databases.errors import OutcomeUnknown, StatementFailed, Unavailable
from gateway.execution.circuit_breaker import CircuitBreakers, TenantDown


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(clock: Clock) -> CircuitBreakers:
    return CircuitBreakers(failures=3, max_seconds=4.0, clock=clock)


def fail(breakers: CircuitBreakers, times: int) -> None:
    for _ in range(times):
        breakers.enter("a")
        breakers.failed("a")


def test_it_opens_after_failures_in_a_row(breakers: CircuitBreakers) -> None:
    fail(breakers, 2)
    breakers.enter("a")
    breakers.succeeded("a")
    fail(breakers, 3)

    with pytest.raises(TenantDown) as refused:
        breakers.enter("a")
    assert refused.value.retry_seconds > 0
    assert breakers.open_ones() == ["a"]
    breakers.enter("b")


def test_one_request_is_the_probe(breakers: CircuitBreakers, clock: Clock) -> None:
    fail(breakers, 3)
    clock.now += 1
    breakers.enter("a")

    with pytest.raises(TenantDown):
        breakers.enter("a")  # while the first one is under way
    breakers.succeeded("a")
    breakers.enter("a")
    breakers.enter("a")
    assert breakers.open_ones() == []


def test_a_probe_that_says_nothing_leaves_its_place_to_another(
    breakers: CircuitBreakers, clock: Clock
) -> None:
    fail(breakers, 3)
    clock.now += 1
    breakers.enter("a")
    breakers.release_probe("a")

    breakers.enter("a")


def test_what_asks_no_database_says_nothing_of_it(breakers: CircuitBreakers, clock: Clock) -> None:
    fail(breakers, 3)
    clock.now += 1
    with breakers.guard("a") as guard:
        guard.asked = False
    assert breakers.open_ones() == ["a"]

    with breakers.guard("a"):
        pass
    assert breakers.open_ones() == []


@pytest.mark.parametrize(
    ("error", "opens"),
    [
        pytest.param(Unavailable("gone"), True, id="Unavailable"),
        pytest.param(OutcomeUnknown("gone"), True, id="OutcomeUnknown"),
        pytest.param(StatementFailed("refused"), False, id="StatementFailed"),
        pytest.param(ValueError("ours"), False, id="ValueError"),
    ],
)
def test_errors_that_open_it(breakers: CircuitBreakers, error: Exception, opens: bool) -> None:
    for _ in range(3):
        with pytest.raises(type(error)), breakers.guard("a"):
            raise error

    assert breakers.open_ones() == (["a"] if opens else [])


def test_pauses_grow_up_to_a_bound(breakers: CircuitBreakers, clock: Clock) -> None:
    fail(breakers, 3)
    pauses = []
    for _ in range(8):
        began = clock.now
        while True:
            clock.now += 0.01
            try:
                breakers.enter("a")
            except TenantDown:
                continue
            break
        pauses.append(clock.now - began)
        breakers.failed("a")
    assert pauses[0] <= 0.26
    assert 1.9 <= pauses[-1] <= 4.02
    assert pauses[5] > pauses[0] * 3


def test_a_database_that_is_registered_anew_starts_afresh(breakers: CircuitBreakers) -> None:
    fail(breakers, 3)
    breakers.forget("a")

    breakers.enter("a")
