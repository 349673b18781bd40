"""Changes of control tables published by Redis, so that other processes learn of them at once.

Redis is a short cut: the poll of the change log finds what it loses within GATEWAY_POLL_SECONDS.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway.execution.redis_breaker import RedisBreaker

_CHANNEL = "tenant-graphql-gateway:revision"
_PUBLISH_SECONDS = 0.25
_LISTEN_SECONDS = 1.0
_HEALTH_SECONDS = 5  # a connection that fell silent is noticed by a PING
_RETRY_SECONDS = 1.0


class Publisher:
    """Tells the other processes that this one changed a control table; it never fails.

    A change waits for a Redis that is down once; the next ones don't until a pause is over.
    """

    def __init__(self, url: str) -> None:
        self._client = _client(url, _PUBLISH_SECONDS)
        self._breaker = RedisBreaker("other processes learn of changes by their polls")

    def publish(self) -> None:
        if not self._breaker.may_retry:
            return
        try:
            self._client.publish(_CHANNEL, b"")
        except Exception as error:  # noqa: BLE001 - whatever a broken Redis says: the change stays
            self._breaker.failed(error)
        else:
            self._breaker.succeeded()


class Subscriber:
    """Calls `changed` whenever a process publishes a change, in a thread of its own."""

    def __init__(self, url: str, changed: Callable[[], None]) -> None:
        self._url = url
        self._changed = changed
        self._breaker = RedisBreaker("changes are found by polls")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=2 * _LISTEN_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever breaks
                self._breaker.failed(error)
                self._stopping.wait(_RETRY_SECONDS)

    def _listen(self) -> None:
        client = _client(self._url, _LISTEN_SECONDS, health_check_interval=_HEALTH_SECONDS)
        with client, client.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(_CHANNEL)
            self._changed()  # what was published before this process listened
            while not self._stopping.is_set():
                if channel.get_message(timeout=_LISTEN_SECONDS / 2) is not None:
                    self._changed()
                self._breaker.succeeded()


def _client(url: str, seconds: float, **options: Any) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),  # the breaker decides when to ask again
        **options,
    )
