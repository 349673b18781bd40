"""A gateway that runs: its services, with the threads that follow changes made by others."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gateway.background.poller import start_pollers
from gateway.composition import make_runtime, stop_runtime
from gateway.endpoint import GraphQLEndpoint
from gateway.runtime import Runtime

if TYPE_CHECKING:  # a gateway without Redis imports no client
    from gateway.background.redis_notifications import Subscriber


class RunningGateway:
    """One per process: it shares the process's registry. It runs from its making to `close`."""

    def __init__(self) -> None:
        self.runtime = make_runtime()
        self.endpoint = GraphQLEndpoint(self.runtime)
        self._stopping = threading.Event()
        start_pollers(self.runtime, self._stopping)
        self._subscriber = _subscriber(self.runtime)

    def stop_following(self) -> None:
        """Have the threads that follow changes end; they may go on for a moment."""
        self._stopping.set()

    def close(self) -> None:
        """End the threads and close the connections."""
        self.stop_following()
        if self._subscriber is not None:
            self._subscriber.stop()
        stop_runtime(self.runtime)


def _subscriber(runtime: Runtime) -> Subscriber | None:
    if not runtime.config.redis_url:
        return None
    from gateway.background.redis_notifications import Subscriber  # noqa: PLC0415 - it needs Redis

    return Subscriber(runtime.config.redis_url, runtime.control.poll)
