"""Threads per key: what one key's work waits for holds up no other key's."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_log = logging.getLogger("dynamic_databases.threads")
_STOP_SECONDS = 10.0
Work = Callable[[], object]


@dataclass(eq=False)
class _Line:
    """What waits for the threads of one key."""

    waiting: deque[Work] = field(default_factory=deque)
    threads: set[threading.Thread] = field(default_factory=set)


class KeyedThreads:
    """Runs work in at most `threads` threads of each key; at most `waiting` pieces wait for them.

    A thread ends as soon as nothing waits for it. What work raises is logged.
    """

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._name = name
        self._threads = threads
        self._max_waiting = waiting
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = {}
        self._is_stopped = False

    def submit(self, key: str, work: Work) -> bool:
        """Run `work` in a thread of `key`; return False if too much waits or it was stopped."""
        with self._lock:
            line = self._lines.setdefault(key, _Line())
            takes = not self._is_stopped and len(line.waiting) < self._max_waiting
            if takes:
                line.waiting.append(work)
                if len(line.threads) < self._threads:
                    takes = self._start(key, line)
            if not line.threads:
                del self._lines[key]
        return takes

    def stop(self) -> None:
        """Take no more, and wait a while until all that was taken is done."""
        with self._lock:
            self._is_stopped = True
            running = [thread for line in self._lines.values() for thread in line.threads]
        for thread in running:
            thread.join(timeout=_STOP_SECONDS)

    def _start(self, key: str, line: _Line) -> bool:
        """Start a thread; without one more, those that run do the work, where there are any."""
        thread = threading.Thread(target=self._run, args=(key,), name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no thread left
            _log.warning("a thread could not be started", extra={"event": {"name": self._name}})
            return bool(line.threads)
        line.threads.add(thread)
        return True

    def _run(self, key: str) -> None:
        while (work := self._next(key)) is not None:
            try:
                work()
            except Exception:  # noqa: BLE001 - it is logged, and the others are still to be done
                _log.exception("a piece of work failed", extra={"event": {"name": self._name}})

    def _next(self, key: str) -> Work | None:
        """Return what is to be done next; where nothing is, the thread is done."""
        with self._lock:
            line = self._lines[key]
            if line.waiting:
                return line.waiting.popleft()
            line.threads.discard(threading.current_thread())
            if not line.threads:
                del self._lines[key]
            return None
