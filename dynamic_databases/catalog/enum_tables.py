"""Tables whose rows are the values of an enum: columns that refer to them have its type.

The override file names them (`enums`), or that of the database a baseline was captured from. Such a
table has a key of one text column, and perhaps a text column that describes the values.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dynamic_databases.catalog.types import Catalog, Column, Kind, Skipped, Table, TableName
from dynamic_databases.identifiers import quote, quote_table

MAX_VALUES = 1_000  # of one enum
Row = tuple[int, str, str | None]  # the number of its table, the value, its description
Values = Mapping[str, str]  # value → description, which may be empty
_NAME = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")
_RESERVED = ("true", "false", "null")
_TEXTS = {
    "sqlite": "CAST({} AS TEXT)",
    "postgresql": "CAST({} AS text)",
    "mysql": "CONVERT({} USING utf8mb4)",
    "microsoft": "CAST({} AS nvarchar(4000))",
}
_LIMITED = {
    "sqlite": "SELECT {} AS n, {} AS v, {} AS d FROM {} LIMIT {}",
    "postgresql": "SELECT {} AS n, {} AS v, {} AS d FROM {} LIMIT {}",
    "mysql": "SELECT {} AS n, {} AS v, {} AS d FROM {} LIMIT {}",
    "microsoft": "SELECT TOP {4} {0} AS n, {1} AS v, {2} AS d FROM {3}",
}
_DESCRIBES = ("description", "comment")


@dataclass(frozen=True)
class EnumTable:
    """A table that can be an enum: its key, and what describes the values."""

    table: Table
    key: Column
    description: Column | None


def unreadable(tables: Iterable[EnumTable]) -> list[Skipped]:
    """Return why these are no enums where the login may not read them."""
    return [_skipped(str(one.table.name), "its rows can't be read") for one in tables]


def find_enum_tables(
    catalog: Catalog, names: Iterable[str]
) -> tuple[list[EnumTable], list[Skipped]]:
    """Return the tables of these names that have the form, and why others haven't."""
    by_name = {str(table.name): table for table in catalog.tables}
    found: list[EnumTable] = []
    skipped: list[Skipped] = []
    for name in names:
        table = by_name.get(name)
        key = [table.by_name[column] for column in table.primary_key] if table else []
        if table is None:
            skipped.append(_skipped(name, "it isn't there"))
        elif len(key) != 1 or key[0].type.kind is not Kind.TEXT:
            skipped.append(_skipped(name, "its key is not one column of texts"))
        else:
            found.append(EnumTable(table, key[0], _description(table, key[0])))
    return found, skipped


def rows_query(tables: Sequence[EnumTable], vendor: str) -> str:
    """Return the one query that reads their rows, of each table one more than it may have."""
    as_text = _TEXTS[vendor]
    selects = []
    for number, one in enumerate(tables):
        name = one.table.name
        source = quote_table(name.schema, name.name, vendor)
        key = as_text.format(quote(one.key.name, vendor))
        described = one.description
        text = as_text.format(quote(described.name, vendor) if described else "NULL")
        rows = _LIMITED[vendor].format(number, key, text, source, MAX_VALUES + 1)
        selects.append(f"SELECT n, v, d FROM ({rows}) e{number}")  # noqa: S608 - quoted
    return " UNION ALL ".join(selects)


def with_enums(
    catalog: Catalog, names: Sequence[str], tables: Sequence[EnumTable], rows: Iterable[Row]
) -> Catalog:
    """Return the catalog whose columns that refer to `tables` have their rows for values."""
    values: list[dict[str, str]] = [{} for _ in tables]
    for number, value, description in sorted(rows, key=lambda row: (row[0], row[1])):
        values[number][value] = description or ""
    skipped = list(catalog.skipped)
    enums: dict[TableName, tuple[EnumTable, Values]] = {}
    for one, own in zip(tables, values, strict=True):
        reason = _reason(own)
        if reason is None:
            enums[one.table.name] = one, own
        else:
            skipped.append(_skipped(str(one.table.name), reason))
    return replace(
        catalog,
        tables=tuple(_with_values(table, enums) for table in catalog.tables),
        skipped=tuple(skipped),
        enums=tuple(names),
    )


def digest_of(rows: Sequence[Row]) -> str:
    """Return what changes when some row does; of too many rows any are read."""
    counts = Counter(number for number, _, _ in rows)
    rows = [row for row in rows if counts[row[0]] <= MAX_VALUES]
    return hashlib.sha256(repr(sorted(rows, key=str)).encode("utf-8", "replace")).hexdigest()


def _description(table: Table, key: Column) -> Column | None:
    """Return the only other column of texts, or the one that is called for it."""
    texts = [c for c in table.columns if c.type.kind is Kind.TEXT and c is not key]
    named = [column for column in texts if column.name.lower() in _DESCRIBES]
    return texts[0] if len(texts) == 1 else named[0] if named else None


def _reason(values: Values) -> str | None:
    """Return why these can't be an enum of GraphQL."""
    if not values:
        return "it has no rows"
    if len(values) > MAX_VALUES:
        return f"it has more than {MAX_VALUES} rows"
    wrong = [v for v in values if not _NAME.fullmatch(v) or v in _RESERVED]
    return f"GraphQL has no name {wrong[0]!r}" if wrong else None


def _with_values(table: Table, enums: Mapping[TableName, tuple[EnumTable, Values]]) -> Table:
    columns = {column.name: column for column in table.columns}
    for key in table.foreign_keys:
        if key.target not in enums or len(key.columns) != 1:
            continue
        one, values = enums[key.target]
        column = columns[key.columns[0]]
        if key.target_columns == (one.key.name,) and column.type.kind is Kind.TEXT:
            own = replace(
                column.type,
                labels=tuple(values),
                meanings=tuple(values.values()) if any(values.values()) else (),
                enum=f"{key.target} enum",
            )
            columns[column.name] = replace(column, type=own)
    changed = tuple(columns.values())
    return table if changed == table.columns else replace(table, columns=changed)


def _skipped(name: str, reason: str) -> Skipped:
    return Skipped(name, f"it is no enum, as its override wants it: {reason}")
