"""Attributes each table that schemas share to one of them, so that its bytes count once."""

from __future__ import annotations

from collections.abc import Iterable

from schema.built_schema import SchemaKey
from schema.names.tables import NamedTable


class SharedMemory:
    """Tables by the schema that pays for them. Its callers hold a lock.

    A payer holds its tables, so that no other object gets the identity of one meanwhile.
    """

    def __init__(self) -> None:
        self._paid: dict[SchemaKey, set[int]] = {}  # tables by their identity
        self._payers: dict[int, set[int]] = {}  # a table → all that its payer pays for

    def take(self, key: SchemaKey, tables: Iterable[NamedTable]) -> list[object]:
        """Charge a schema for its unpaid tables; return those that other schemas pay for."""
        paid = self._paid.setdefault(key, set())
        free: list[object] = []
        for table in tables:
            if self._payers.setdefault(id(table), paid) is paid:
                paid.add(id(table))
            else:
                free += [table, table.table, *table.made_of]
        return free

    def forget(self, key: SchemaKey) -> None:
        """A schema goes; who is measured next pays for what it paid for."""
        for number in self._paid.pop(key, ()):
            del self._payers[number]
