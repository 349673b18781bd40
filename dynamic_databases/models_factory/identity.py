"""What names a table's rows to people and in files: a title, and a natural key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamic_databases.catalog.types import Kind, Table
from dynamic_databases.models_factory.attributes import Attributes

_NATURAL = (Kind.TEXT, Kind.INTEGER, Kind.BIGINT, Kind.UUID, Kind.ENUM)


def identity_of(table: Table, own: Attributes) -> Mapping[str, Any]:
    """Return the class attributes of a table's model that name its rows."""
    natural = natural_key_columns(table)
    found: dict[str, Any] = {"title_attribute": _title(table, own)}
    if natural:
        names = tuple(own.columns[column] for column in natural)
        found |= {"natural_key_attributes": names, "natural_key": _natural_key}
    return found


def natural_key_columns(table: Table) -> tuple[str, ...]:
    """Return the unique key that says the same in another database; empty where there is none.

    The primary key must be a number that the database gives: any other one is such a key itself.
    A foreign key says nothing elsewhere, and NULL names no row.
    """
    if len(table.primary_key) != 1 or not table.by_name[table.primary_key[0]].identity:
        return ()
    pointing = {column for key in table.foreign_keys for column in key.columns}
    for key in sorted(table.unique_keys, key=lambda key: (len(key.columns), key.columns)):
        columns = [table.by_name[name] for name in key.columns]
        if pointing.isdisjoint(key.columns) and all(
            not column.nullable and not column.generated and column.type.kind in _NATURAL
            for column in columns
        ):
            return key.columns
    return ()


def _title(table: Table, own: Attributes) -> str | None:
    never = {*table.primary_key, *(name for key in table.foreign_keys for name in key.columns)}
    texts = (
        own.columns[column.name]
        for column in table.columns
        if column.type.kind is Kind.TEXT and column.name not in never
    )
    return next(texts, None)


def _natural_key(self: Any) -> tuple[Any, ...]:
    """Return the values of the row's natural key, as serializers ask for them."""
    return tuple(getattr(self, name) for name in self.natural_key_attributes)
