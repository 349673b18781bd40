"""Waits and subjects, as values."""

from __future__ import annotations

import pytest

from gateway.login.errors import TooManyTries
from gateway.login.subjects import Limits, Subject, network_of
from gateway.login.throttle import Throttle

THROTTLE = Throttle(free=5, longest_seconds=900)


@pytest.mark.parametrize(
    ("failures", "age_seconds", "wait_seconds"),
    [
        (0, 0, 0),
        (4, 0, 0),
        (5, 0, 1),
        (6, 0, 2),
        (6, 0.5, 1.5),
        (6, 2, 0),
        (14, 0, 512),
        (15, 0, 900),
        (10_000_000, 0, 900),
        (10_000_000, 901, 0),
        (6, -10, 2),  # failed on a machine whose clock is ahead
    ],
)
def test_waits_double_up_to_the_longest(failures, age_seconds, wait_seconds) -> None:
    assert THROTTLE.wait_seconds(failures, age_seconds) == wait_seconds


@pytest.mark.parametrize(
    ("failures", "age_seconds", "left"),
    [(7, 0, 7), (7, 899, 7), (7, 900, 6), (7, 9000, 0), (7, -10, 7)],
)
def test_failures_are_forgiven_one_by_one(failures, age_seconds, left) -> None:
    assert THROTTLE.unforgiven(failures, age_seconds) == left


def test_who_goes_on_guessing_gets_one_try_in_the_longest_wait() -> None:
    failures, seconds = 0, 0.0
    for _ in range(100):
        wait = THROTTLE.wait_seconds(failures, 0)
        seconds += wait
        failures = THROTTLE.unforgiven(failures, wait) + 1
    assert seconds == pytest.approx(85 * 900, rel=0.02)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_what_an_address_counts_as(address, counted) -> None:
    assert network_of(address) == counted


def test_a_try_counts_for_the_device_or_else_for_name_and_address() -> None:
    limits = Limits(tries=5, address_tries=20, name_tries=50, longest_seconds=900)

    def frees(*who: str) -> dict[Subject, int]:
        return {subject: throttle.free for subject, throttle in limits.throttles(*who).items()}

    assert frees("ann", "192.0.2.7", "") == {
        Subject(name="ann"): 50,
        Subject(name="ann", address="192.0.2.7"): 5,
        Subject(address="192.0.2.7"): 20,
    }
    assert frees("ann", "192.0.2.7", "d1") == {Subject(name="ann", device="d1"): 5}
    assert frees("ann", "", "") == {Subject(name="ann"): 50}


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(0.2, "1 second."), (1.5, "2 seconds."), (90, "90 seconds."), (91, "2 minutes.")],
)
def test_a_refusal_says_when_to_try_again(seconds, says) -> None:
    assert str(TooManyTries(seconds)) == f"Too many failed tries. Try again in {says}"
