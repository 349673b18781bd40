"""Column types → GraphQL scalars and enums, each made once per schema."""

from __future__ import annotations

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
)

from dynamic_databases.catalog.types import Column, Kind, SqlType
from schema.names.enums import enum_value_names
from schema.names.tables import NamedTable, Names
from schema.types.factory import TypeFactory
from schema.types.vocabulary import scalar

LeafType = GraphQLScalarType | GraphQLEnumType


class Leaves:
    """The leaf types of one schema, made as columns ask for them."""

    def __init__(self, names: Names, factory: TypeFactory) -> None:
        self._names = names
        self._factory = factory

    def of(self, sql_type: SqlType) -> LeafType:
        """Return the scalar or enum of a column's type, of an array's elements."""
        if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
            return self.of(sql_type.element)
        if sql_type.enum and sql_type.labels:
            return self._enum(sql_type)
        return scalar(Kind.TEXT if sql_type.kind is Kind.ENUM else sql_type.kind)

    def output(
        self, column: Column
    ) -> LeafType | GraphQLList[LeafType] | GraphQLNonNull[LeafType | GraphQLList[LeafType]]:
        """Return a column's type; a JSON document may be the null of JSON."""
        plain = self.input(column)
        may_be_null = column.answers_null or column.type.kind is Kind.JSON
        return plain if may_be_null else GraphQLNonNull(plain)

    def input(self, column: Column) -> LeafType | GraphQLList[LeafType]:
        leaf = self.of(column.type)
        return GraphQLList(leaf) if column.type.kind is Kind.ARRAY else leaf

    def select_columns(
        self, table: NamedTable
    ) -> GraphQLList[GraphQLNonNull[GraphQLEnumType]] | None:
        """Return the type of a list of columns that can be compared; None if there are none."""

        def values() -> dict[str, GraphQLEnumValue]:
            return {field: GraphQLEnumValue(c.name) for field, c in table.comparable.items()}

        if not table.comparable:
            return None
        text = f"The columns of {table.table.name} that can be compared."
        return GraphQLList(GraphQLNonNull(self._factory.enum(table, "SelectColumn", values, text)))

    def _enum(self, sql_type: SqlType) -> GraphQLEnumType:
        def make(name: str) -> GraphQLEnumType:
            meanings = dict(zip(sql_type.labels, sql_type.meanings, strict=False))
            values = {
                value: GraphQLEnumValue(
                    label, description=meanings.get(label) or (None if value == label else label)
                )
                for label, value in enum_value_names(sql_type.labels).items()
            }
            text = f"The database's enum {sql_type.enum}."
            if sql_type.kind is Kind.TEXT:
                text = f"The rows of {sql_type.enum.removesuffix(' enum')}."
            return GraphQLEnumType(name, values, description=text)

        return self._factory.shared(self._names.enums[sql_type.enum], make)


def describe(table: NamedTable, column: Column) -> str:
    """Return where a field comes from, after the database's own comment."""
    origin = f"{table.table.name}.{column.name}: {column.type.name}"
    carried = " (as text)" if column.type.kind is Kind.OTHER else ""
    return f"{column.comment}\n\n{origin}{carried}" if column.comment else f"{origin}{carried}"
