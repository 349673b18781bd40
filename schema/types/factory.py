"""Makes each type of a schema once, by its name, when something first leads to it.

A catalog of 200 tables has some 8,000 types, and a query meets a dozen of them: fields are thunks,
and whatever they lead to is made by them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from sys import getsizeof
from typing import TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
)

from dynamic_databases.catalog.types import TableName
from schema.names.tables import NamedTable
from schema.types.reading import with_reader

ROW, BOOL_EXP, ORDER_BY, INSERT_INPUT = "", "BoolExp", "OrderBy", "InsertInput"
HUBS = (ROW, BOOL_EXP, ORDER_BY, INSERT_INPUT)  # tables lead to each other through these
# What CPython takes for the objects of each; the wrappers of a field's type are in it.
_TYPE_BYTES, _MEMBER_BYTES, _ARGUMENT_BYTES = 1_150, 150, 120
_Member = TypeVar("_Member", GraphQLField, GraphQLInputField, GraphQLEnumValue)
_T = TypeVar("_T", bound=GraphQLNamedType)
Fields = Callable[[], dict[str, GraphQLField]]
InputFields = Callable[[], dict[str, GraphQLInputField]]


class TypeFactory:
    """The types of one schema, made under one lock: two threads get the same."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._made: dict[str, GraphQLNamedType] = {}
        self._hubs: dict[str, TableName] = {}
        self._member_bytes = 0

    @property
    def size_bytes(self) -> int:
        """The memory of the types that were made, with their fields and values."""
        return _TYPE_BYTES * self.count + self._member_bytes

    @property
    def count(self) -> int:
        """How many types were made."""
        return len(self._made)

    def object(
        self,
        table: NamedTable,
        suffix: str,
        fields: Fields,
        description: str | None = None,
        interfaces: Sequence[GraphQLInterfaceType] = (),
    ) -> GraphQLObjectType:
        """Return the object type that is called as the table's rows, with a suffix."""

        def read() -> dict[str, GraphQLField]:
            with self.lock:
                made = {name: with_reader(field) for name, field in fields().items()}
                return self.counted(made)

        def make(name: str) -> GraphQLObjectType:
            return GraphQLObjectType(name, read, interfaces, description=description)

        return self._of_table(table, suffix, make)

    def input(
        self, table: NamedTable, suffix: str, fields: InputFields, description: str | None = None
    ) -> GraphQLInputObjectType:
        """Return the input type that is called as the table's rows, with a suffix."""

        def locked() -> dict[str, GraphQLInputField]:
            with self.lock:
                return self.counted(fields())

        def make(name: str) -> GraphQLInputObjectType:
            return GraphQLInputObjectType(name, locked, description=description)

        return self._of_table(table, suffix, make)

    def enum(
        self,
        table: NamedTable,
        suffix: str,
        values: Callable[[], dict[str, GraphQLEnumValue]],
        description: str | None = None,
    ) -> GraphQLEnumType:
        """Return the enum that is called as the table's rows, with a suffix."""

        def make(name: str) -> GraphQLEnumType:
            return GraphQLEnumType(name, self.counted(values()), description=description)

        return self._of_table(table, suffix, make)

    def shared(self, name: str, make: Callable[[str], _T]) -> _T:
        """Return a type that belongs to no table."""
        with self.lock:
            found = self._made.get(name)
            if found is None:
                found = self._made[name] = make(name)
            return found  # type: ignore[return-value]  # a name stands for one type

    def counted(self, members: dict[str, _Member]) -> dict[str, _Member]:
        """Return the fields or values of a type, and count what they take; the lock is held."""
        self._member_bytes += sum(map(_bytes_of, members.values()))
        return members

    def hub(self, found: GraphQLNamedType) -> TableName | None:
        """Return the table of a type through which tables lead to each other, else None."""
        return self._hubs.get(found.name)

    def _of_table(self, table: NamedTable, suffix: str, make: Callable[[str], _T]) -> _T:
        name = f"{table.type}{suffix}"
        if suffix in HUBS:
            self._hubs[name] = table.table.name
        return self.shared(name, make)


def _bytes_of(member: GraphQLField | GraphQLInputField | GraphQLEnumValue) -> int:
    arguments = len(member.args) if isinstance(member, GraphQLField) else 0
    text = getsizeof(member.description) if member.description else 0
    return _MEMBER_BYTES + _ARGUMENT_BYTES * arguments + text
