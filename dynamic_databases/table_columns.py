"""The columns that a model's table has in one database, by their own names in any case.

A generated model has all of them. A class of a project declares some: what its table has beyond
them is dynamic, and what a database lacks of them is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, FieldError

from dynamic_databases.aliases import Alias, DatabaseAliases, primary_of
from dynamic_databases.errors import DatabaseProblem

Model = type[Any]  # a DynamicSchemaModel, which is made of this module


class UnknownColumn(DatabaseProblem, FieldError, FieldDoesNotExist):
    """The table has no column of that name in the database in use."""

    code = "BAD_USER_INPUT"

    def __init__(self, table: str, column: str, known: list[str]) -> None:
        alike = get_close_matches(column.casefold(), [one.casefold() for one in known], 3)
        meant = [one for one in known if one.casefold() in alike]
        hint = f"Did you mean {' or '.join(meant)}?" if meant else f"It has: {', '.join(known)}."
        super().__init__(f"{table} has no column {column!r} in this database. {hint}")
        self.table = table
        self.column = column


@dataclass(frozen=True)
class TableColumns:
    """What a model has to know of its table."""

    table: str
    attributes: Mapping[str, str]  # by column, those that are there
    dynamic: Mapping[str, str]  # the same of the dynamic ones
    absent: Mapping[str, str] = field(default_factory=dict)  # the same of those that are not there

    def find(self, name: str) -> str | None:
        """Return the column of a name in any case; the exact spelling comes first."""
        return name if name in self.attributes else self._folded.get(name.casefold())

    def column(self, name: str) -> str:
        """Return the column of a name in any case. Raises UnknownColumn."""
        found = self.find(name)
        if found is None:
            raise UnknownColumn(self.table, name, list(self.attributes))
        return found

    def check(self, attribute: str) -> None:
        """Raises UnknownColumn where this database lacks the column of a declared attribute."""
        for column, absent in self.absent.items():
            if attribute == absent:
                raise UnknownColumn(self.table, column, list(self.attributes))

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        return {column.casefold(): column for column in reversed([*self.attributes])}


# Of projects' classes, by the generated model of the table, with which they go.
_known: WeakKeyDictionary[Model, dict[Model, TableColumns]] = WeakKeyDictionary()


def columns_of(model: Model, name: str | None) -> TableColumns:
    """Return the columns of a model in the database that `name` leads to.

    Raises UnknownTable, and FieldError where a class calls a column as the table calls another. A
    database that isn't registered, or None, has what the class declares.
    """
    generated = table_model(model, name)
    if generated is None:
        return TableColumns(model._meta.db_table, _declared(model), {})
    if generated is model:
        return _of_generated(model)
    known = _known.setdefault(generated, {})
    if model not in known:
        known[model] = _of_class(model, generated)
    return known[model]


def table_model(model: Model, name: str | None) -> Model | None:
    """Return the generated model of a model's table in a registered database, itself if it is one.

    Raises UnknownTable.
    """
    if model.table_name:
        return model
    alias = registered_alias(name)
    if alias is None or model._find_model is None:
        return None
    found: Model = model._find_model(alias, model._meta.db_table.replace('"', ""))
    return found


def registered_alias(name: str | None) -> Alias | None:
    """Return the registered database that a name leads to, a replica's primary."""
    databases: object = settings.DATABASES
    if name is None or not isinstance(databases, DatabaseAliases):
        return None
    alias = databases.registered_alias(name)
    return primary_of(alias) if alias is not None else None


def _of_generated(model: Model) -> TableColumns:
    found = model.attribute_of_column
    dynamic = set(model.dynamic_attributes)
    beyond = {column: name for column, name in found.items() if name in dynamic}
    return TableColumns(model.table_name, found, beyond)


def _of_class(model: Model, generated: Model) -> TableColumns:
    found = generated.attribute_of_column
    real = TableColumns(generated.table_name, found, {})
    declared: dict[str, str] = {}
    absent: dict[str, str] = {}
    for column, name in _declared(model).items():
        there = real.find(column)
        (absent if there is None else declared)[there or column] = name
    dynamic = {column: name for column, name in found.items() if column not in declared}
    taken = {
        name for one in model._meta.get_fields() for name in (one.name, getattr(one, "attname", ""))
    }
    for column, name in dynamic.items():
        if name in taken:
            raise FieldError(
                f"{model.__name__}.{name} is not the column {column!r} that {real.table} has; "
                "give the attribute another name, or declare that column by it."
            )
    attributes = {column: declared.get(column) or name for column, name in found.items()}
    return TableColumns(real.table, attributes, dynamic, absent)


def _declared(model: Model) -> dict[str, str]:
    return {one.column: one.attname for one in model._meta.concrete_fields if one.column}
