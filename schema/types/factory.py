"""Makes each type of a schema once, by its name, when something first leads to it.

A catalog of 200 tables has some 8,000 types, and a query meets a dozen of them: fields are thunks,
and whatever they lead to is made by them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
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
_T = TypeVar("_T", bound=GraphQLNamedType)
Fields = Callable[[], dict[str, GraphQLField]]
InputFields = Callable[[], dict[str, GraphQLInputField]]


class TypeFactory:
    """The types of one schema, made under one lock: two threads get the same."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._made: dict[str, GraphQLNamedType] = {}
        self._hubs: dict[str, TableName] = {}

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
                return {name: with_reader(field) for name, field in fields().items()}

        def make(name: str) -> GraphQLObjectType:
            return GraphQLObjectType(name, read, interfaces, description=description)

        return self._of_table(table, suffix, make)

    def input(
        self, table: NamedTable, suffix: str, fields: InputFields, description: str | None = None
    ) -> GraphQLInputObjectType:
        """Return the input type that is called as the table's rows, with a suffix."""

        def locked() -> dict[str, GraphQLInputField]:
            with self.lock:
                return fields()

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
        return self._of_table(
            table, suffix, lambda name: GraphQLEnumType(name, values(), description=description)
        )

    def shared(self, name: str, make: Callable[[str], _T]) -> _T:
        """Return a type that belongs to no table."""
        with self.lock:
            found = self._made.get(name)
            if found is None:
                found = self._made[name] = make(name)
            return found  # type: ignore[return-value]  # a name stands for one type

    def hub(self, found: GraphQLNamedType) -> TableName | None:
        """Return the table of a type through which tables lead to each other, else None."""
        return self._hubs.get(found.name)

    def _of_table(self, table: NamedTable, suffix: str, make: Callable[[str], _T]) -> _T:
        name = f"{table.type}{suffix}"
        if suffix in HUBS:
            self._hubs[name] = table.table.name
        return self.shared(name, make)
