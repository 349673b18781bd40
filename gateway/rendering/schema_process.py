"""Writes what is asked of whole schemas; of large ones in a process of low priority.

All types of a large schema take seconds of the interpreter. In a thread of this process the
requests of other tenants would wait for them again and again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

from dynamic_databases.concurrency.garbage_collection import gc_paused
from gateway.child_process import ChildProcess
from gateway.errors import DeadlinePassed, Overloaded
from gateway.rendering.schema_child import DONE, TOO_COMPLEX
from schema.build.rendering import Task, column_count, pack_schema, pack_task, render
from schema.built_schema import BuiltSchema
from schema.errors import TooComplex

_log = logging.getLogger("gateway.rendering")
_LARGE_COLUMNS = 2_000  # about half a second
_CHILD = "gateway.rendering.schema_child"
_BUSY = "Other large schemas are written at the moment; try again."
_FAILED = "This large schema could not be written; try again."


class SchemaProcess:
    """The process that writes large schemas, one at a time, for all threads of this one.

    It is started with the first, replaced when it died, and ends with this one. `seconds` is what
    one may take, the wait for others included.
    """

    def __init__(self, seconds: float, large_columns: int = _LARGE_COLUMNS) -> None:
        self.seconds = seconds
        self._large_columns = large_columns
        self._turn = threading.Lock()
        self._child: ChildProcess | None = None
        self._is_stopped = False

    @property
    def pid(self) -> int | None:
        """The id of the process, where there is one."""
        child = self._child
        return child.process.pid if child is not None else None

    @property
    def is_busy(self) -> bool:
        """Whether something is written in it."""
        return self._turn.locked()

    def is_large(self, *schemas: BuiltSchema) -> bool:
        """Return whether all types of schemas are too many for a thread of this process."""
        return sum(column_count(built.shown) for built in schemas) >= self._large_columns

    def render(self, task: Task, *schemas: BuiltSchema) -> bytes:
        """Return what `schema.build.rendering.render` does.

        Raises TooComplex; Overloaded or DeadlinePassed where the process doesn't do it in time.
        """
        if not self.is_large(*schemas):
            with gc_paused():
                return render(task, *(built.schema.graphql_schema for built in schemas))
        end = time.monotonic() + self.seconds
        if not self._turn.acquire(timeout=self.seconds):
            raise Overloaded(_BUSY)
        try:
            status, *body = self._ask(task, schemas, end)
        finally:
            self._turn.release()
        if status == TOO_COMPLEX:
            raise TooComplex(b"".join(body).decode())
        if status != DONE:
            raise RuntimeError(b"".join(body).decode())  # its traceback
        return b"".join(body)

    def stop(self) -> None:
        """End the process; what it does is given up, and nothing further is begun."""
        self._is_stopped = True
        if (child := self._child) is not None:
            child.process.kill()  # who waits for it has the turn, and gives it back now
        with self._turn:
            self._end_child()

    def _ask(self, task: Task, schemas: Sequence[BuiltSchema], end: float) -> list[bytes]:
        """Return the pieces of an answer. Raises Overloaded, DeadlinePassed."""
        for _ in range(2):  # it may have died, or ended because it had nothing to do
            if self._is_stopped:
                break
            try:
                child = self._child = self._child or ChildProcess.start(_CHILD)
                with _killed_at(end, child):
                    return _exchange(child.connection, task, schemas)
            except (OSError, EOFError):
                self._end_child()
                if time.monotonic() >= end:
                    raise DeadlinePassed from None
                _log.info("the process that writes large schemas is started again")
        raise Overloaded(_FAILED)

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


@contextmanager
def _killed_at(end: float, child: ChildProcess) -> Iterator[None]:
    """Kill the process at a moment of the monotonic clock: who waits for it learns of it."""
    timer = threading.Timer(end - time.monotonic(), child.process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _exchange(connection: Connection, task: Task, schemas: Sequence[BuiltSchema]) -> list[bytes]:
    """Send a task, and the schemas that are asked for; return the pieces of the answer."""
    connection.send_bytes(pack_task(task, schemas))
    by_version = {built.version: built for built in schemas}
    for version in connection.recv_bytes().decode().split():
        for piece in pack_schema(by_version[version]):
            connection.send_bytes(piece)
        connection.send_bytes(b"")
    return list(iter(connection.recv_bytes, b""))
