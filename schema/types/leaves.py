"""Column types → GraphQL scalars and enums, each made once per schema."""

from __future__ import annotations

from collections.abc import Callable

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
)

from dynamic_databases.catalog.types import Column, Kind, SqlType, TableName
from schema.naming import NamedTable, Names, enum_value_names
from schema.types.vocabulary import scalar

# Called now and then while a schema is built, to leave others their turn.
Pace = Callable[[], None]
_PER_PAUSE = 64  # columns: about a millisecond
LeafType = GraphQLScalarType | GraphQLEnumType


def no_pace() -> None:
    """Go on: nobody waits."""


class Leaves:
    """The leaf types of one schema, made as columns ask for them."""

    def __init__(self, names: Names, pace: Pace = no_pace) -> None:
        self._names = names
        self._pace = pace
        self._asked = 0
        self._enums: dict[str, GraphQLEnumType] = {}
        self._select_columns: dict[TableName, GraphQLEnumType] = {}

    def of(self, sql_type: SqlType) -> LeafType:
        """Return the scalar or enum of a column's type, of an array's elements."""
        self._asked += 1
        if not self._asked % _PER_PAUSE:
            self._pace()
        if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
            return self.of(sql_type.element)
        if sql_type.kind is Kind.ENUM and sql_type.labels:
            return self._enum(sql_type)
        return scalar(Kind.TEXT if sql_type.kind is Kind.ENUM else sql_type.kind)

    def output(
        self, column: Column
    ) -> LeafType | GraphQLList[LeafType] | GraphQLNonNull[LeafType | GraphQLList[LeafType]]:
        plain = self.input(column)
        return plain if column.nullable else GraphQLNonNull(plain)

    def input(self, column: Column) -> LeafType | GraphQLList[LeafType]:
        leaf = self.of(column.type)
        return GraphQLList(leaf) if column.type.kind is Kind.ARRAY else leaf

    def select_column(self, table: NamedTable) -> GraphQLEnumType:
        """Return the enum of a table's fields; its values are the columns."""
        name = table.table.name
        if name not in self._select_columns:
            values = {field: GraphQLEnumValue(c.name) for field, c in table.columns.items()}
            self._select_columns[name] = GraphQLEnumType(
                f"{table.type}SelectColumn", values, description=f"The columns of {name}."
            )
        return self._select_columns[name]

    def _enum(self, sql_type: SqlType) -> GraphQLEnumType:
        name = self._names.enums[sql_type.enum]
        if name not in self._enums:
            values = {
                value: GraphQLEnumValue(label, description=None if value == label else label)
                for label, value in enum_value_names(sql_type.labels).items()
            }
            self._enums[name] = GraphQLEnumType(
                name, values, description=f"The database's enum {sql_type.enum}."
            )
        return self._enums[name]


def describe(table: NamedTable, column: Column) -> str:
    """Return where a field comes from, after the database's own comment."""
    origin = f"{table.table.name}.{column.name}: {column.type.name}"
    carried = " (as text)" if column.type.kind is Kind.OTHER else ""
    return f"{column.comment}\n\n{origin}{carried}" if column.comment else f"{origin}{carried}"
