"""Rows as the vendors' readers give them → `Catalog`: keys joined to their tables, order fixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from dynamic_databases.catalog.types import (
    Catalog,
    Column,
    ForeignKey,
    Skipped,
    Table,
    TableName,
    UniqueKey,
)

TYPES_KEPT = 1_000  # spellings of types whose meaning a reader keeps: columns share few


@dataclass
class RawCatalog:
    """What a reader collects, in any order."""

    vendor: str
    tables: dict[TableName, Table] = field(default_factory=dict)  # without columns and keys
    columns: dict[TableName, list[Column]] = field(default_factory=lambda: defaultdict(list))
    primary_keys: dict[TableName, tuple[str, ...]] = field(default_factory=dict)
    unique_keys: dict[TableName, list[UniqueKey]] = field(default_factory=lambda: defaultdict(list))
    foreign_keys: dict[TableName, list[ForeignKey]] = field(
        default_factory=lambda: defaultdict(list)
    )
    skipped: list[Skipped] = field(default_factory=list)


def assemble(raw: RawCatalog, usable: Callable[[str], str | None]) -> Catalog:
    """Return the catalog of `raw`; `usable` says why a name can't be served, or None."""
    skipped = list(raw.skipped)
    tables: dict[TableName, Table] = {}
    for name, table in raw.tables.items():
        reason = usable(name.name) or usable(name.schema or name.name)
        columns = _usable_columns(name, raw.columns[name], usable, skipped)
        if reason is None and not columns:
            reason = "it has no column that can be served"
        if reason is not None:
            skipped.append(Skipped(str(name), reason))
            continue
        tables[name] = _with_columns(table, tuple(columns), raw)
    ordered = [_with_served_targets(tables[name], tables) for name in sorted(tables)]
    return Catalog(raw.vendor, tuple(ordered), tuple(skipped))


def _usable_columns(
    table: TableName,
    columns: Sequence[Column],
    usable: Callable[[str], str | None],
    skipped: list[Skipped],
) -> list[Column]:
    kept = []
    for column in columns:
        reason = usable(column.name)
        if reason is None:
            kept.append(column)
        else:
            skipped.append(Skipped(f"{table}.{column.name}", reason))
    return kept


def _with_columns(table: Table, columns: tuple[Column, ...], raw: RawCatalog) -> Table:
    """Return the table with its columns and the keys that lie within them."""
    has = {column.name for column in columns}
    primary_key = raw.primary_keys.get(table.name, ())
    unique_keys = [key for key in raw.unique_keys[table.name] if _all_in(key.columns, has)]
    foreign_keys = [key for key in raw.foreign_keys[table.name] if _all_in(key.columns, has)]
    return replace(
        table,
        columns=columns,
        primary_key=primary_key if _all_in(primary_key, has) else (),
        unique_keys=tuple(sorted(unique_keys, key=lambda key: (key.columns, key.name))),
        foreign_keys=tuple(
            sorted(set(foreign_keys), key=lambda key: (key.columns, key.target, key.name))
        ),
    )


def _with_served_targets(table: Table, tables: dict[TableName, Table]) -> Table:
    kept: dict[tuple[tuple[str, ...], TableName], ForeignKey] = {}
    for key in table.foreign_keys:
        target = tables.get(key.target)
        if target is None:
            continue
        resolved = key if key.target_columns else replace(key, target_columns=target.primary_key)
        whole = len(resolved.target_columns) == len(resolved.columns)
        if (
            whole
            and _all_in(resolved.target_columns, target.by_name.keys())
            and target.is_unique(resolved.target_columns)
        ):
            kept.setdefault((resolved.columns, resolved.target), resolved)
    foreign_keys = tuple(kept.values())
    return (
        table if foreign_keys == table.foreign_keys else replace(table, foreign_keys=foreign_keys)
    )


def _all_in(columns: Iterable[str], names: AbstractSet[str]) -> bool:
    return names >= set(columns)
