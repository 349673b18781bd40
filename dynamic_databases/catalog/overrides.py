"""What an operator says of one database beyond its catalog: names, keys, relations, what is hidden.

The file is JSON: `{"names": {"table.column": "name"}, "keys": {"view": ["column"]}, "relations":
[{"table", "columns", "target", "targetColumns"}], "hide": ["table", "table.column"], "show":
["table"], "types": {"table.column": "BIGINT"}, "enums": ["table"], "nullable": ["table.column"]}`,
every name as the database spells it. `show` names tables of Django's bookkeeping, which are hidden
otherwise. `types` says what a column of SQLite holds, where its own word doesn't. The rows of
`enums` are values of enums. `nullable` names columns whose cells are null where their type can't
carry the value: zero dates, infinities.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dynamic_databases.catalog.type_parser import LOOSELY_TYPED, parse_sql_type
from dynamic_databases.catalog.types import Catalog, ForeignKey, Skipped, Table, TableName
from dynamic_databases.errors import InvalidConfig

_KEYS = ("names", "keys", "relations", "hide", "show", "types", "enums", "nullable")
_RELATION = {"table", "columns", "target", "targetColumns"}


@dataclass(frozen=True)
class Relation:
    """A foreign key that the database doesn't know of."""

    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Overrides:
    """One database's file."""

    names: Mapping[str, str]
    keys: Mapping[str, tuple[str, ...]]
    relations: tuple[Relation, ...]
    hide: frozenset[str]
    show: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)
    enums: tuple[str, ...] = ()
    nullable: frozenset[str] = frozenset()


def parse_overrides(text: str, file: str) -> Overrides:
    """Return the overrides of a file's text. Raises InvalidConfig with the file and the place."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidConfig(file, f"it is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidConfig(file, "it must be an object")
    for key in found:
        if key not in _KEYS:
            raise InvalidConfig(f"{file}: {key}", f"it isn't known; known are {', '.join(_KEYS)}")
    names = _checked(found, "names", {}, _is_texts_by_name, "texts by table or table.column", file)
    keys = _checked(found, "keys", {}, _is_lists_by_name, "lists of columns by table", file)
    relations = _checked(
        found, "relations", [], _is_relations, f"objects of {', '.join(sorted(_RELATION))}", file
    )
    hide = _checked(found, "hide", [], _is_texts, "a list of table or table.column", file)
    show = _checked(found, "show", [], _is_texts, "a list of tables", file)
    types = _checked(found, "types", {}, _is_texts_by_name, "SQL types by table.column", file)
    enums = _checked(found, "enums", [], _is_texts, "a list of tables", file)
    nullable = _checked(found, "nullable", [], _is_texts, "a list of table.column", file)
    return Overrides(
        names,
        {table: tuple(columns) for table, columns in keys.items()},
        tuple(
            Relation(r["table"], tuple(r["columns"]), r["target"], tuple(r["targetColumns"]))
            for r in relations
        ),
        frozenset(hide),
        frozenset(show),
        types,
        tuple(enums),
        frozenset(nullable),
    )


def with_overrides(catalog: Catalog, overrides: Overrides) -> Catalog:
    """Return the catalog with the overrides applied; those without a target become `skipped`."""
    skipped = list(catalog.skipped)
    tables = {str(table.name): table for table in catalog.tables}
    for name in sorted(overrides.hide):
        _hide(tables, name, skipped)
    for name, spelled in overrides.types.items():
        _retype(catalog.vendor, tables, name, spelled, skipped)
    for name in sorted(overrides.nullable):
        _loosen(tables, name, skipped)
    for name, columns in overrides.keys.items():
        table = tables.get(name)
        if table is None or not set(columns) <= set(table.by_name) or not columns:
            skipped.append(
                Skipped(name, f"the key {', '.join(columns)} of its override isn't there")
            )
        else:
            tables[name] = replace(table, primary_key=columns)
    for relation in overrides.relations:
        _relate(tables, relation, skipped)
    kept = {table.name for table in tables.values()}
    ordered = tuple(without_lost_targets(table, kept) for table in tables.values())
    names = tuple(sorted(overrides.names.items()))
    return Catalog(catalog.vendor, ordered, tuple(skipped), names, overrides.enums)


def _hide(tables: dict[str, Table], name: str, skipped: list[Skipped]) -> None:
    if tables.pop(name, None) is not None:
        skipped.append(Skipped(name, "its override hides it"))
        return
    table_name, _, column = name.rpartition(".")
    table = tables.get(table_name)
    if table is None or column not in table.by_name:
        skipped.append(Skipped(name, "its override hides it, and it isn't there"))
        return
    skipped.append(Skipped(name, "its override hides it"))
    tables[table_name] = replace(
        table,
        columns=tuple(c for c in table.columns if c.name != column),
        primary_key=() if column in table.primary_key else table.primary_key,
        unique_keys=tuple(k for k in table.unique_keys if column not in k.columns),
        foreign_keys=tuple(k for k in table.foreign_keys if column not in k.columns),
    )


def _retype(
    vendor: str, tables: dict[str, Table], name: str, spelled: str, skipped: list[Skipped]
) -> None:
    table_name, _, column = name.rpartition(".")
    table = tables.get(table_name)
    if vendor not in LOOSELY_TYPED or table is None or column not in table.by_name:
        skipped.append(Skipped(name, "its override gives it a type, and it is no column of SQLite"))
        return
    found = parse_sql_type(spelled, vendor)
    columns = (replace(c, type=found) if c.name == column else c for c in table.columns)
    tables[table_name] = replace(table, columns=tuple(columns))


def _loosen(tables: dict[str, Table], name: str, skipped: list[Skipped]) -> None:
    table_name, _, column = name.rpartition(".")
    table = tables.get(table_name)
    if table is None or column not in table.by_name:
        skipped.append(Skipped(name, "its override makes it nullable, and it isn't there"))
        return
    columns = (replace(c, is_loose=True) if c.name == column else c for c in table.columns)
    tables[table_name] = replace(table, columns=tuple(columns))


def _relate(tables: dict[str, Table], relation: Relation, skipped: list[Skipped]) -> None:
    table, target = tables.get(relation.table), tables.get(relation.target)
    name = f"{relation.table} → {relation.target}"
    if (
        table is None
        or target is None
        or not set(relation.columns) <= set(table.by_name)
        or not set(relation.target_columns) <= set(target.by_name)
        or len(relation.columns) != len(relation.target_columns)
    ):
        skipped.append(Skipped(name, "a table or column of the relation isn't there"))
    elif not target.is_unique(relation.target_columns):
        skipped.append(Skipped(name, "the relation leads to no key; give the target a key first"))
    else:
        key = ForeignKey("", relation.columns, target.name, relation.target_columns)
        tables[relation.table] = replace(table, foreign_keys=(*table.foreign_keys, key))


def without_lost_targets(table: Table, kept: set[TableName]) -> Table:
    """Return the table without foreign keys to others than `kept`."""
    keys = tuple(key for key in table.foreign_keys if key.target in kept)
    return table if len(keys) == len(table.foreign_keys) else replace(table, foreign_keys=keys)


def _checked(
    found: Mapping[str, Any],
    key: str,
    default: Any,
    is_right: Callable[[Any], bool],
    shape: str,
    file: str,
) -> Any:
    value = found.get(key, default)
    if not is_right(value):
        raise InvalidConfig(f"{file}: {key}", f"it must be {shape}")
    return value


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_texts_by_name(value: Any) -> bool:
    return isinstance(value, dict) and _is_texts(list(value.values()))


def _is_lists_by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_texts(item) for item in value.values())


def _is_relations(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(r, dict)
        and set(r) == _RELATION
        and all(isinstance(r[k], str) for k in ("table", "target"))
        and all(_is_texts(r[k]) for k in ("columns", "targetColumns"))
        for r in value
    )
