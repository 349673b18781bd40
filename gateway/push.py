"""Changes of control tables pushed by Redis, so that other processes learn of them at once.

Redis is a short cut: what it loses, the poll of the revision finds within a second.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import redis

_CHANNEL = "tenant-graphql-gateway:revision"
_TIMEOUT_SECONDS = 1.0
_RETRY_SECONDS = 1.0
_log = logging.getLogger("gateway.push")


class Publisher:
    """Tells the others that this process changed a control table; never fails and hardly waits."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )

    def publish(self, **_signal: Any) -> None:
        try:
            self._client.publish(_CHANNEL, b"")
        except redis.RedisError as error:
            _log.warning("Redis doesn't take what changed: %s", type(error).__name__)


class Subscriber:
    """Calls `changed` whenever a process tells of a change, in a thread of its own."""

    def __init__(self, url: str, changed: Callable[[], None]) -> None:
        self._url = url
        self._changed = changed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=2 * _TIMEOUT_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except redis.RedisError as error:
                _log.warning("Redis doesn't tell of changes: %s", type(error).__name__)
                self._stopping.wait(_RETRY_SECONDS)

    def _listen(self) -> None:
        client = redis.Redis.from_url(self._url, socket_connect_timeout=_TIMEOUT_SECONDS)
        with client, client.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(_CHANNEL)
            self._changed()  # what was told before somebody listened
            while not self._stopping.is_set():
                if channel.get_message(timeout=_TIMEOUT_SECONDS / 2) is not None:
                    self._changed()
