"""Counts of failed tries in the control database."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from gateway.login.errors import TooManyTries
from gateway.login.models import TryCount
from gateway.login.store import (
    Throttles,
    count_try,
    drop_old,
    forget,
    give_back,
    refuse_waiting,
    unlock,
)
from gateway.login.subjects import Limits, network_of

pytestmark = pytest.mark.django_db
LIMITS = Limits(tries=2, address_tries=4, name_tries=3, longest_seconds=900)
NOW = timezone.now()


def of(name: str, address: str = "192.0.2.1", device: str = "") -> Throttles:
    return LIMITS.throttles(name, address, device)


def later(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def counts() -> dict[str, int]:
    kinds = {(True, True): "pair", (True, False): "name", (False, True): "address"}
    return {
        "device" if row.device else kinds[bool(row.name), bool(row.address)]: row.failures
        for row in TryCount.objects.all()
    }


def test_a_name_is_stored_as_a_digest_alone() -> None:
    count_try(of("a password in the wrong field"), NOW)
    assert "password" not in str(list(TryCount.objects.values()))


def test_a_name_waits_whatever_addresses_its_tries_come_from() -> None:
    for number in range(3):
        count_try(of("ann", f"192.0.2.{number}"), NOW)
    with pytest.raises(TooManyTries):
        count_try(of("ann", "192.0.2.99"), NOW)
    count_try(of("ann", "192.0.2.99"), later(1))
    count_try(of("bob", "192.0.2.99"), NOW)
    count_try(of("ann", device="one of hers"), NOW)


def test_an_address_waits_whatever_names_it_tries() -> None:
    for name in "abcd":
        count_try(of(name), NOW)
    with pytest.raises(TooManyTries):
        count_try(of("e"), NOW)
    count_try(of("e", "192.0.2.2"), NOW)


def test_a_refused_try_changes_nothing() -> None:
    for _ in range(2):
        count_try(of("ann"), NOW)
    before = list(TryCount.objects.order_by("pk").values())
    for ask in (count_try, refuse_waiting):
        with pytest.raises(TooManyTries) as refused:
            ask(of("ann"), later(0.5))
        assert refused.value.retry_seconds == 1
    assert list(TryCount.objects.order_by("pk").values()) == before


def test_a_success_clears_the_pair_and_counts_for_nobody() -> None:
    count_try(of("ann"), NOW)
    forget(count_try(of("ann"), later(5)))
    assert counts() == {"pair": 0, "name": 1, "address": 1}
    assert set(TryCount.objects.exclude(failures=0).values_list("failed_at", flat=True)) == {NOW}


def test_a_success_clears_the_device() -> None:
    count_try(of("ann", device="d"), NOW)
    forget(count_try(of("ann", device="d"), NOW))
    assert counts() == {"device": 0}


def test_a_try_that_was_not_checked_is_given_back() -> None:
    count_try(of("ann"), NOW)
    before = list(TryCount.objects.order_by("pk").values())
    give_back(count_try(of("ann"), later(5)))
    assert list(TryCount.objects.order_by("pk").values()) == before


def test_giving_back_leaves_the_tries_that_others_made_since() -> None:
    own = count_try(of("ann"), NOW)
    count_try(of("bob"), later(1))
    give_back(own)
    assert TryCount.objects.get(name="").failures == 1
    assert TryCount.objects.get(name="").failed_at == later(1)


def test_counts_are_dropped_a_day_after_their_last_failure() -> None:
    count_try(of("ann"), NOW)
    count_try(of("bob", "192.0.2.2"), later(24 * 3600 + 1))
    assert TryCount.objects.count() == 3


def test_the_oldest_of_too_many_counts_are_dropped() -> None:
    for number in range(10):
        count_try(of(f"name {number}", f"192.0.2.{number}"), later(number))
    drop_old(later(10), max_rows=6)
    assert set(TryCount.objects.values_list("failed_at", flat=True)) == {later(8), later(9)}


def test_unlocking() -> None:
    count_try(of("ann"), NOW)
    count_try(of("ann", network_of("2001:db8::1")), NOW)
    count_try(of("bob", device="d"), NOW)
    assert unlock("nobody") == 0
    assert unlock("2001:db8::99") == 2  # the address and its pair
    assert unlock("ann") == 2
    assert unlock("bob") == 1
    assert counts() == {"address": 1}
