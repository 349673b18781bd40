"""The prepared statements of one PostgreSQL connection: which are there, and which have to go.

A prepared statement outlives the transaction that made it, even one that failed (PostgreSQL manual,
PREPARE). The server's answer to each command says what is there, so each is recorded here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

_MAX_STATEMENTS = 300
_MAX_BYTES = 4_000_000  # of their texts: the server keeps a multiple of that in each session


class Prepare(NamedTuple):
    """The command that prepares `sql` under `name`."""

    sql: str
    name: bytes


class Deallocate(NamedTuple):
    """The command that drops the statement `name`."""

    name: bytes


class PreparedStatements:
    """SQL text → its name on the server, bounded; the least recently used goes first.

    A name counts from the moment its command is sent. After a failure `record` says which commands
    the server carried out.
    """

    def __init__(self, max_statements: int = _MAX_STATEMENTS, max_bytes: int = _MAX_BYTES) -> None:
        self._max_statements = max_statements
        self._max_bytes = max_bytes
        self._names: OrderedDict[str, bytes] = OrderedDict()
        self._text_bytes = 0
        self._surplus: list[bytes] = []  # names on the server that nothing uses
        self._count = 0

    def __contains__(self, sql: str) -> bool:
        return sql in self._names

    def find(self, sql: str) -> bytes | None:
        """Return the name of a statement that is prepared, or is about to be."""
        name = self._names.get(sql)
        if name is not None:
            self._names.move_to_end(sql)
        return name

    def add(self, sql: str) -> tuple[Prepare, list[Deallocate]]:
        """Return the command that prepares a new statement, and those to send before it."""
        while self._names and not self._has_room_for(sql):
            self.drop(next(iter(self._names)))
        surplus, self._surplus = self._surplus, []
        self._count += 1
        name = self._names[sql] = b"gateway_%d" % self._count
        self._text_bytes += len(sql)
        return Prepare(sql, name), [Deallocate(one) for one in surplus]

    def drop(self, sql: str) -> None:
        """Have a statement deallocated before the next one is added."""
        if (name := self._remove(sql)) is not None:
            self._surplus.append(name)

    def record(self, commands: Iterable[tuple[Prepare | Deallocate, bool]]) -> None:
        """Record the commands of one round trip, in order, each with whether the server did it.

        What was not prepared is forgotten. What was not dropped is tried again.
        """
        absent: set[bytes] = set()
        for command, done in commands:
            if done:
                continue
            if isinstance(command, Prepare):
                absent.add(command.name)
                if self._names.get(command.sql) == command.name:
                    self._remove(command.sql)
            elif command.name not in absent:
                self._surplus.append(command.name)

    def _has_room_for(self, sql: str) -> bool:
        fits = self._text_bytes + len(sql) <= self._max_bytes
        return fits and len(self._names) < self._max_statements

    def _remove(self, sql: str) -> bytes | None:
        name = self._names.pop(sql, None)
        if name is not None:
            self._text_bytes -= len(sql)
        return name
