"""A gateway that runs: its services, with the threads that follow changes made by others."""

from __future__ import annotations

import threading

from gateway.background.poller import start_pollers
from gateway.background.redis_notifications import Subscriber
from gateway.composition import make_runtime, stop_runtime
from gateway.endpoint import GraphQLEndpoint


class RunningGateway:
    """One per process: it shares the process's registry. It runs from its making to `close`."""

    def __init__(self) -> None:
        self.runtime = make_runtime()
        self.endpoint = GraphQLEndpoint(self.runtime)
        self._stopping = threading.Event()
        start_pollers(self.runtime, self._stopping)
        url = self.runtime.config.redis_url
        self._subscriber = Subscriber(url, self.runtime.control.poll) if url else None

    def stop_following(self) -> None:
        """Have the threads that follow changes end; they may go on for a moment."""
        self._stopping.set()

    def close(self) -> None:
        """End the threads and close the connections."""
        self.stop_following()
        if self._subscriber is not None:
            self._subscriber.stop()
        stop_runtime(self.runtime)
