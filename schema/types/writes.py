"""The types of what is written: inputs of inserts, updates and saves, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from graphql import (
    GraphQLArgument,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from dynamic_databases.catalog.types import Column, Kind
from schema.names.relations import Relation
from schema.names.tables import NamedTable, Names
from schema.plan.custom_fields import CustomUse
from schema.plan.nodes import How
from schema.plan.operators import updates_in_place_of
from schema.types.aggregates import Rows
from schema.types.factory import INSERT_INPUT, TypeFactory
from schema.types.filters import FilterTypes, custom_fields
from schema.types.leaves import Leaves, describe
from schema.types.vocabulary import field_change, resolve_enum

_NUMBERS = (Kind.INTEGER, Kind.BIGINT, Kind.DECIMAL, Kind.FLOAT)
_TEXTS = {
    How.ADD: "What is added.",
    How.APPEND: "What is put after an array's items or into an object.",
    How.PREPEND: "What is put before an array's items.",
    How.DELETE_KEY: "The key that is taken out of an object, or the text out of an array.",
    How.DELETE_ELEM: "The place of the item that is taken out of an array; from the end below 0.",
    How.DELETE_AT_PATH: "The keys and places that lead to what is taken out.",
}
Fields = dict[str, GraphQLInputField]


class WriteTypes:
    """The inputs of one schema's mutations."""

    def __init__(
        self, names: Names, leaves: Leaves, filters: FilterTypes, factory: TypeFactory
    ) -> None:
        self._names = names
        self._leaves = leaves
        self._filters = filters
        self._factory = factory

    def key_arguments(self, table: NamedTable) -> dict[str, GraphQLArgument]:
        return {
            table.field_of[c]: GraphQLArgument(GraphQLNonNull(self._leaf_of(table, c)))
            for c in table.key
        }

    def key_input(self, table: NamedTable) -> GraphQLInputObjectType:
        def fields() -> Fields:
            return {
                table.field_of[c]: GraphQLInputField(GraphQLNonNull(self._leaf_of(table, c)))
                for c in table.key
            }

        text = f"The key of {table.table.name}."
        return self._factory.input(table, "PkColumnsInput", fields, text)

    def insert_input(self, table: NamedTable) -> GraphQLInputObjectType:
        text = "What is left out takes the database's default."
        return self._factory.input(table, INSERT_INPUT, partial(self._insert_fields, table), text)

    def on_conflict(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input of `onConflict`: the key, what to update, and only where."""
        return self._factory.input(table, "OnConflict", partial(self._conflict_fields, table))

    def changes(self, table: NamedTable) -> dict[str, GraphQLInputObjectType]:
        """Return the arguments that change columns: `_set`, `_inc` and their like if any."""
        found = {How.SET.value: self.set_input(table)}
        for how in How:
            columns = [c for c in table.columns.values() if c.name in table.updatable]
            columns = [c for c in columns if how in _ways(c)]
            if columns:
                found[how.value] = self._change_input(how, table, columns)
        return found

    def set_input(self, table: NamedTable) -> GraphQLInputObjectType:
        def fields() -> Fields:
            return self._values(table, table.updatable)

        text = "What is left out is left alone; null writes NULL."
        return self._factory.input(table, "SetInput", fields, text)

    def expect_input(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input of what a client read, with the row's version where it has one."""
        versions = {c.name for c in table.columns.values() if c.is_version}
        if not versions:
            return self.set_input(table)

        def fields() -> Fields:
            return self._values(table, {*table.updatable, *versions})

        text = "What was read. Where the row's version is given, every other write is a conflict."
        return self._factory.input(table, "ExpectInput", fields, text)

    def _values(self, table: NamedTable, names: Collection[str]) -> Fields:
        found = {
            name: GraphQLInputField(self._leaves.input(column), description=describe(table, column))
            for name, column in table.columns.items()
            if column.name in names
        }
        return found | self._custom_fields(table, table.updatable)

    def updates(self, table: NamedTable) -> GraphQLInputObjectType:
        """Return the input of `updateTrackMany`."""

        def fields() -> Fields:
            where = GraphQLInputField(GraphQLNonNull(self._filters.bool_exp(table)))
            changes = self.changes(table).items()
            return {"where": where} | {name: GraphQLInputField(kind) for name, kind in changes}

        return self._factory.input(table, "Updates", fields)

    def save_arguments(self, table: NamedTable) -> dict[str, GraphQLArgument]:
        return {
            "pkColumns": GraphQLArgument(GraphQLNonNull(self.key_input(table))),
            "_set": GraphQLArgument(GraphQLNonNull(self.set_input(table))),
            "_expect": GraphQLArgument(
                self.expect_input(table),
                description=f"What you read of {table.table.name} before editing.",
            ),
            "resolve": GraphQLArgument(
                resolve_enum(), description="What to do about conflicts; FAIL where left out."
            ),
        }

    def _insert_fields(self, table: NamedTable) -> Fields:
        fields: Fields = {}
        for name, column in table.columns.items():
            if column.name in table.insertable:
                default = f" Default: {column.default}." if column.default else ""
                fields[name] = GraphQLInputField(
                    self._leaves.input(column), description=describe(table, column) + default
                )
        fields |= self._custom_fields(table, table.insertable)
        for name, relation in table.relations.items():
            if self._names.tables[relation.target].is_insertable:
                fields[name] = GraphQLInputField(self._nested_insert(relation))
        return fields

    def _custom_fields(self, table: NamedTable, writable: frozenset[str]) -> Fields:
        """Return the field that writes dynamic columns by name, where there are such."""
        types = {
            name: self._leaves.input(column)
            for name, column in table.custom.items()
            if column.name in writable
        }
        text = "Dynamic columns by name: {name: value, …}; each as its own field would take it."
        return custom_fields(table, CustomUse.WRITE, types, text)

    def _nested_insert(self, relation: Relation) -> GraphQLInputObjectType:
        target = self._names.tables[relation.target]

        def fields() -> Fields:
            row = GraphQLNonNull(self.insert_input(target))
            data: GraphQLInputType = GraphQLNonNull(GraphQLList(row)) if relation.many else row
            found = {"data": GraphQLInputField(data)}
            if target.constraints:
                found["onConflict"] = GraphQLInputField(self.on_conflict(target))
            return found

        suffix = f"{'Arr' if relation.many else 'Obj'}RelInsertInput"
        text = (
            "Rows that refer to this one." if relation.many else "The row that goes with this one."
        )
        return self._factory.input(target, suffix, fields, text)

    def _conflict_fields(self, table: NamedTable) -> Fields:
        def constraints() -> dict[str, GraphQLEnumValue]:
            return {
                name: GraphQLEnumValue(name, description=", ".join(columns))
                for name, columns in table.constraints.items()
            }

        columns = {
            name: GraphQLEnumValue(c.name)
            for name, c in table.columns.items()
            if c.name in table.updatable
        }
        constraint = self._factory.enum(table, "Constraint", constraints)
        fields = {"constraint": GraphQLInputField(GraphQLNonNull(constraint))}
        if columns:
            named = self._factory.enum(table, "UpdateColumn", lambda: columns)
            fields["updateColumns"] = GraphQLInputField(
                GraphQLList(GraphQLNonNull(named)),
                description="What to overwrite; none: leave the row that is there.",
            )
            fields["where"] = GraphQLInputField(
                self._filters.bool_exp(table), description="only such rows"
            )
        return fields

    def _change_input(
        self, how: How, table: NamedTable, columns: list[Column]
    ) -> GraphQLInputObjectType:
        def fields() -> Fields:
            return {
                table.field_of[c.name]: GraphQLInputField(
                    self._operand(how, c), description=describe(table, c)
                )
                for c in columns
            }

        name = how.value[1:2].upper() + how.value[2:]
        return self._factory.input(table, f"{name}Input", fields, _TEXTS[how])

    def _operand(self, how: How, column: Column) -> GraphQLInputType:
        if how is How.DELETE_KEY:
            return GraphQLString
        if how is How.DELETE_ELEM:
            return GraphQLInt
        if how is How.DELETE_AT_PATH:
            return GraphQLList(GraphQLNonNull(GraphQLString))
        return self._leaves.input(column)

    def _leaf_of(self, table: NamedTable, column: str) -> GraphQLInputType:
        return self._leaves.input(table.table.by_name[column])


def response_type(table: NamedTable, rows: Rows, factory: TypeFactory) -> GraphQLObjectType:
    """Return what a write of many rows answers."""

    def fields() -> dict[str, GraphQLField]:
        count = GraphQLNonNull(GraphQLInt)
        return {
            "affectedRows": GraphQLField(count, description="How many rows it touched."),
            "returning": GraphQLField(rows(), description="These rows."),
        }

    return factory.object(table, "MutationResponse", fields)


def save_result(
    table: NamedTable, row: Callable[[], GraphQLObjectType], factory: TypeFactory
) -> GraphQLObjectType:
    """Return what a save answers."""

    def fields() -> dict[str, GraphQLField]:
        changes = GraphQLNonNull(GraphQLList(GraphQLNonNull(field_change())))
        text = "What was written; empty where nothing differed."
        return {
            "row": GraphQLField(row(), description="The row as it is now."),
            "changes": GraphQLField(changes, description=text),
        }

    return factory.object(table, "SaveResult", fields)


def _ways(column: Column) -> tuple[How, ...]:
    """Return how a column can be changed besides being set."""
    return (How.ADD,) if column.type.kind in _NUMBERS else updates_in_place_of(column.type)
