"""Changes pushed by Redis: two gateways, one of which polls so seldom that only Redis can tell it."""

from __future__ import annotations

import time

from gateway.push import Publisher, Subscriber
from tests.fixtures.processes import wait_for


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


def test_a_removed_database_is_gone_at_once_in_another_process(redis_url, gateway_with) -> None:
    """The gateway polls once in an hour; the command that removes the database pushes."""
    import sqlite3  # noqa: PLC0415 - used once

    gateway = gateway_with(GATEWAY_REDIS_URL=redis_url, GATEWAY_POLL_SECONDS="3600")
    path = gateway.folder / "databases" / "shop.sqlite3"
    path.parent.mkdir(exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
    connection.close()
    gateway.manage("database", "add", "shop", f"sqlite:///{path}")
    gateway.manage("tenant", "add", "shop")
    gateway.manage("tenant", "attach", "shop", "production", "shop")
    token = gateway.manage("token", "create", "shop", "--role", "admin").splitlines()[-1]

    def code() -> str:
        answer = gateway.ask("/t/shop/graphql", "{ item { id } }", token).json()
        return answer["errors"][0]["extensions"]["code"] if "errors" in answer else "served"

    wait_for(lambda: code() == "served", seconds=5)
    gateway.manage("database", "remove", "shop")
    wait_for(lambda: code() == "TENANT_NOT_FOUND", seconds=5)
