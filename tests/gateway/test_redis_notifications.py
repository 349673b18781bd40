"""Changes announced by Redis: one of two gateways polls too seldom to see them by itself."""

from __future__ import annotations

import time

from gateway.background.redis_notifications import Publisher, Subscriber
from tests.fixtures.processes import wait_for
from tests.fixtures.proxy import Fault


def test_a_subscriber_hears_of_a_change(redis_url) -> None:
    heard: list[float] = []
    subscriber = Subscriber(redis_url, lambda: heard.append(time.monotonic()))
    try:
        wait_for(lambda: heard, seconds=5)  # it looks once when it begins to listen
        Publisher(redis_url).publish()
        wait_for(lambda: len(heard) == 2, seconds=5)
    finally:
        subscriber.stop()


def test_without_redis_nothing_fails() -> None:
    heard: list[int] = []
    subscriber = Subscriber("redis://127.0.0.1:1/0", lambda: heard.append(1))
    Publisher("redis://127.0.0.1:1/0").publish()
    subscriber.stop()

    assert heard == []


def test_a_subscriber_outlives_a_redis_that_breaks(redis_url, proxy_to) -> None:
    heard: list[float] = []
    proxy = proxy_to(redis_url)
    subscriber = Subscriber(proxy.url(redis_url), lambda: heard.append(time.monotonic()))
    try:
        for fault in (Fault.RESET, Fault.REFUSE, Fault.CUT):
            wait_for(lambda: heard, seconds=10)
            proxy.break_with(fault)
            time.sleep(0.5)  # how long the fault lasts
            proxy.heal()
            proxy.cut_all()
            heard.clear()
        wait_for(lambda: heard, seconds=10)
        heard.clear()
        Publisher(redis_url).publish()
        wait_for(lambda: heard, seconds=5)
    finally:
        subscriber.stop()


def test_a_subscriber_outlives_work_that_fails(redis_url) -> None:
    calls: list[int] = []

    def fails_first() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError

    subscriber = Subscriber(redis_url, fails_first)
    try:
        wait_for(lambda: len(calls) > 1, seconds=10)
    finally:
        subscriber.stop()


def test_changes_wait_for_a_silent_redis_once(redis_url, proxy_to, caplog) -> None:
    proxy = proxy_to(redis_url)
    publisher = Publisher(proxy.url(redis_url))
    proxy.break_with(Fault.SILENT_ON_CONNECT)
    publisher.publish()
    started = time.monotonic()
    for _ in range(1_000):
        publisher.publish()

    # Each attempt on a silent server takes a quarter of a second: a thousand would take minutes.
    assert time.monotonic() - started < 30
    assert sum("Redis doesn't answer" in record.message for record in caplog.records) == 1


def test_a_removed_database_is_gone_at_once_in_another_process(redis_url, gateway_with) -> None:
    """The gateway polls once in an hour; the command that removes the database pushes."""
    import sqlite3  # noqa: PLC0415 - used once

    gateway = gateway_with(GATEWAY_REDIS_URL=redis_url, GATEWAY_POLL_SECONDS="3600")
    path = gateway.folder / "databases" / "shop.sqlite3"
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
    connection.close()
    token = gateway.add_tenant("shop", f"sqlite:///{path}")

    def code() -> str:
        answer = gateway.ask("/t/shop/graphql", "{ item { id } }", token).json()
        return answer["errors"][0]["extensions"]["code"] if "errors" in answer else "served"

    wait_for(lambda: code() == "served", seconds=5)
    gateway.manage("database", "remove", "shop", "--force")
    wait_for(lambda: code() == "TENANT_UNAVAILABLE", seconds=5)
