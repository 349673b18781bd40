"""Compares two catalogs: the columns that one adds to the other, and all differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dynamic_databases.catalog.types import Catalog, Column, Kind, Table, TableName

Indexes = Mapping[TableName, Mapping[str, str]]  # name → what it is of, in words


@dataclass(frozen=True)
class Difference:
    """One thing that differs: None where one side lacks it."""

    table: str
    what: str  # table, column, type, nullability, default, values, key, foreign key, index
    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        thing = (
            f"{self.what} {self.table}.{self.name}" if self.name else f"{self.what} {self.table}"
        )
        if self.before is None:
            return f"+ {thing}: {self.after}"
        return (
            f"- {thing}: {self.before}"
            if self.after is None
            else f"~ {thing}: {self.before} → {self.after}"
        )


def dynamic_columns(table: Table, baseline: Catalog | None) -> tuple[str, ...]:
    """Return the columns of `table` that the baseline's table of that name lacks.

    A table that the baseline lacks altogether has just columns, as every table has without a
    baseline.
    """
    base = baseline.by_name.get(table.name) if baseline else None
    if base is None:
        return ()
    return tuple(column.name for column in table.columns if column.name not in base.by_name)


def differences(
    before: Catalog,
    after: Catalog,
    indexes_before: Indexes | None = None,
    indexes_after: Indexes | None = None,
) -> list[Difference]:
    """Return all that differs, by table and then as the tables have it; comments don't count."""
    found: list[Difference] = []
    for name in sorted(before.by_name.keys() | after.by_name.keys()):
        old, new = before.by_name.get(name), after.by_name.get(name)
        if old is None or new is None:
            found.append(Difference(str(name), "table", "", _size(old), _size(new)))
            continue
        found += _of_table(old, new)
        if indexes_before is not None and indexes_after is not None:
            found += _of_names(
                old, "index", indexes_before.get(name, {}), indexes_after.get(name, {})
            )
    return found


def _of_table(old: Table, new: Table) -> Iterator[Difference]:
    for name in [*old.by_name, *(name for name in new.by_name if name not in old.by_name)]:
        yield from _of_column(old, name, old.by_name.get(name), new.by_name.get(name))
    if old.primary_key != new.primary_key:
        yield Difference(str(old.name), "key", "", _list(old.primary_key), _list(new.primary_key))
    yield from _of_sets(old, "unique key", _unique_keys(old), _unique_keys(new))
    yield from _of_sets(old, "foreign key", _foreign_keys(old), _foreign_keys(new))


def _of_column(
    table: Table, name: str, old: Column | None, new: Column | None
) -> Iterator[Difference]:
    owner = str(table.name)
    if old is None or new is None:
        yield Difference(owner, "column", name, _type(old), _type(new))
        return
    facts = (
        ("type", old.type.name, new.type.name),
        ("nullability", _null(old), _null(new)),
        ("default", old.default or "none", new.default or "none"),
        ("generation", _generation(old), _generation(new)),
        ("values", _values(old), _values(new)),
    )
    yield from (Difference(owner, what, name, a, b) for what, a, b in facts if a != b)


def _of_sets(table: Table, what: str, old: set[str], new: set[str]) -> Iterator[Difference]:
    for text in sorted(old ^ new):
        yield Difference(
            str(table.name), what, "", text if text in old else None, text if text in new else None
        )


def _of_names(
    table: Table, what: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Difference(str(table.name), what, name, old.get(name), new.get(name))


def _size(table: Table | None) -> str | None:
    return None if table is None else f"{len(table.columns)} columns"


def _unique_keys(table: Table) -> set[str]:
    return {_list(key.columns) for key in table.unique_keys}


def _foreign_keys(table: Table) -> set[str]:
    return {
        f"{_list(key.columns)} → {key.target} {_list(key.target_columns)}"
        for key in table.foreign_keys
    }


def _list(columns: tuple[str, ...]) -> str:
    return f"({', '.join(columns)})"


def _type(column: Column | None) -> str | None:
    return None if column is None else f"{column.type.name} {_null(column)}"


def _null(column: Column) -> str:
    return "NULL" if column.nullable else "NOT NULL"


def _values(column: Column) -> str:
    """Return the rows of a table that are the column's enum; a type's labels are in its name."""
    is_enum = column.type.kind is Kind.TEXT and bool(column.type.labels)
    return ", ".join(column.type.labels) if is_enum else "any"


def _generation(column: Column) -> str:
    return "generated" if column.generated else "identity" if column.identity else "plain"
