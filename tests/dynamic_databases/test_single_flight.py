"""One computation per key at a time; later callers wait for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dynamic_databases.concurrency.single_flight import SingleFlight
from tests.fixtures.processes import wait_for

pytestmark = pytest.mark.pure


def test_later_callers_wait_and_find_the_result() -> None:
    flights: SingleFlight[str] = SingleFlight()
    results: list[int] = []

    def compute() -> None:
        with flights.claim("key"):
            if not results:
                results.append(1)

    with ThreadPoolExecutor(8) as pool:
        with flights.claim("key"):
            futures = [pool.submit(compute) for _ in range(8)]
            wait_for(lambda: flights.callers("key") == 9)
            assert results == []
        for future in futures:
            future.result()
    assert results == [1]
    assert flights.callers("key") == 0


def test_another_key_does_not_wait() -> None:
    flights: SingleFlight[str] = SingleFlight()
    with flights.claim("one"), flights.claim("other"):
        assert flights.callers("one") == flights.callers("other") == 1


def test_a_failure_releases_the_key() -> None:
    flights: SingleFlight[str] = SingleFlight()
    with pytest.raises(ZeroDivisionError), flights.claim("one"):
        _ = 1 / 0
    with flights.claim("one"):
        assert flights.callers("one") == 1
