"""Catalog → GraphQL names and back: lossless, deterministic, independent of order.

A name is folded to camelCase or PascalCase; what GraphQL can't spell becomes `_`. Where two fold to
one, the exact spelling keeps the plain name and the others get a suffix from their own spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from weakref import WeakValueDictionary

from dynamic_databases.catalog.types import Catalog, SqlType, Table, TableName
from schema.access import Access, TableAccess
from schema.names.casing import camel_case, pascal_case
from schema.names.disambiguation import Derived, distinct
from schema.names.permissions import (
    given_columns,
    permissions_of,
    shown_columns,
    with_hidden_cells,
)
from schema.names.relations import Relation, Wanted, named_relations, wanted_relations
from schema.names.reserved import (
    FIXED_FIELDS,
    FIXED_ROOTS,
    KEPT_ROOTS,
    KEPT_TYPES,
    RESERVED_TYPES,
    ROOTS,
    TYPES,
)
from schema.names.tables import NamedTable, Names


def names_of(
    catalog: Catalog,
    access: Access,
    overrides: Mapping[str, str],
    dynamic: Mapping[TableName, Collection[str]] | None = None,
) -> Names:
    """Return the names that `access` shows; `dynamic` are columns that a baseline lacks.

    `overrides` maps `table` or `table.column` (as the database spells them) to GraphQL names. Names
    are given to the whole catalog first, so that what a role may not see doesn't change the rest.
    """
    fields = _table_names(catalog, overrides, camel_case, (*ROOTS, *KEPT_ROOTS), FIXED_ROOTS)
    types = _table_names(catalog, overrides, pascal_case, (*TYPES, *KEPT_TYPES), RESERVED_TYPES)
    columns = {t.name: _column_names(t, overrides) for t in catalog.tables}
    wanted = (one for own in columns.values() for one in own.relations)
    relations = named_relations(wanted, {n: own.fields.values() for n, own in columns.items()})
    permissions = permissions_of(access, fields, {n: own.fields for n, own in columns.items()})
    shown = {
        t.name: shown_columns(t, permissions[t.name], columns[t.name].columns)
        for t in catalog.tables
    }
    named: dict[TableName, NamedTable] = {}
    for stored in catalog.tables:
        seen = shown[stored.name]
        if seen:
            table = with_hidden_cells(stored, permissions[stored.name], seen)
            given = _Given(
                table.digest,
                fields[table.name],
                types[table.name],
                columns[table.name],
                tuple(
                    _permitted(r, permissions)
                    for r in relations[table.name]
                    if _visible(r, seen, shown)
                ),
                permissions[table.name],
                frozenset((dynamic or {}).get(table.name, ())),
            )
            named[table.name] = _named_table(table, given)
    enums = {enum for own in columns.values() for enum in own.enums}
    return Names(named, _enum_names(enums, types.values()))


def _table_names(
    catalog: Catalog,
    overrides: Mapping[str, str],
    fold: Callable[[str], str],
    group: tuple[str, ...],
    fixed: frozenset[str],
) -> dict[TableName, str]:
    """Fold the tables' names; one that is also a derived name of another table is given way to."""
    plain = {str(t.name): fold(str(t.name)) for t in catalog.tables}
    derived = Derived(plain.values(), group[1:], fixed)
    given = {spelling: fold(name) for spelling, name in overrides.items() if spelling in plain}
    names = distinct(plain, derived, given)
    return {table.name: names[str(table.name)] for table in catalog.tables}


@dataclass(frozen=True, eq=False)
class _ColumnNames:
    """What the columns of a table are called."""

    fields: Mapping[str, str]  # by column
    columns: frozenset[str]
    enums: frozenset[str]  # of their types, as the database calls them
    relations: tuple[Wanted, ...]  # that its foreign keys ask for, of whatever table


class _Given(NamedTuple):
    """All that the names of a table depend on."""

    table: bytes  # its digest
    field: str
    type: str
    columns: _ColumnNames
    relations: tuple[Relation, ...]
    access: TableAccess
    dynamic: frozenset[str]


# Tables that are alike are named alike, whatever catalogs they are in: their names are made once,
# and kept as long as some schema has them. Where a column changes, only its own table is named
# again.
_columns_known: WeakValueDictionary[tuple[object, ...], _ColumnNames] = WeakValueDictionary()
_tables_known: WeakValueDictionary[_Given, NamedTable] = WeakValueDictionary()


def _column_names(table: Table, overrides: Mapping[str, str]) -> _ColumnNames:
    of_columns = {f"{table.name}.{c}": c for c in table.by_name} if overrides else {}
    given = {c: overrides[name] for name, c in of_columns.items() if name in overrides}
    key = (table.digest, *given.items())
    known = _columns_known.get(key)
    if known is None:
        plain = {column.name: camel_case(column.name) for column in table.columns}
        types = (one for column in table.columns for one in _types_of(column.type))
        enums = frozenset(one.enum for one in types if one.enum)
        fields = distinct(plain, FIXED_FIELDS, given)
        relations = wanted_relations(table, fields)
        known = _columns_known[key] = _ColumnNames(fields, frozenset(fields), enums, relations)
    return known


def _named_table(table: Table, given: _Given) -> NamedTable:
    known = _tables_known.get(given)
    if known is None:
        known = _tables_known[given] = _named_now(table, given)
    return known


def _unfixed(table: Table, columns: frozenset[str]) -> frozenset[str]:
    """Return the columns that can still be written once their row is there."""
    if not table.takes("update"):
        return _NOTHING
    fixed = {column.name for column in table.columns if column.is_fixed}
    return columns - fixed if fixed else columns


def _named_now(table: Table, given: _Given) -> NamedTable:
    field_of, may = given.columns.fields, given.access
    seen = shown_columns(table, may, given.columns.columns)
    columns = {field_of[c.name]: c for c in table.columns if c.name in seen}
    writable = frozenset(c.name for c in columns.values() if not c.generated)
    if writable == seen:
        writable = seen  # as nearly always: one set instead of two
    insertable = given_columns(may, "insert", writable, field_of)
    updatable = given_columns(may, "update", _unfixed(table, writable), field_of)
    return NamedTable(
        table=table,
        field=given.field,
        type=given.type,
        columns=columns,
        relations={r.name: r for r in given.relations},
        insertable=insertable if table.takes("insert") else _NOTHING,
        updatable=updatable,
        has_aggregate=may.rules.aggregate,
        deletable=may.delete and table.takes("delete"),
        custom={name: c for name, c in columns.items() if c.name in given.dynamic},
    )


_NOTHING: frozenset[str] = frozenset()


def _permitted(relation: Relation, permissions: Mapping[TableName, TableAccess]) -> Relation:
    if permissions[relation.target].rules.aggregate:
        return relation
    return replace(relation, has_aggregate=False)


def _visible(
    relation: Relation, own: frozenset[str], shown: Mapping[TableName, frozenset[str]]
) -> bool:
    return set(relation.columns) <= own and set(relation.target_columns) <= shown.get(
        relation.target, frozenset()
    )


def _enum_names(enums: Collection[str], types: Iterable[str]) -> dict[str, str]:
    if not enums:
        return {}
    named = {form.format(name) for name in types for form in (*TYPES, *KEPT_TYPES)} | RESERVED_TYPES
    # An enum brings the inputs of its operators along, its own and its arrays'.
    named |= {name.removesuffix("ComparisonExp").removesuffix("Array") for name in named}
    plain = {name: pascal_case(name) for name in enums}
    return distinct(plain, named | {f"{name}Array" for name in plain.values()})


def _types_of(sql_type: SqlType) -> tuple[SqlType, ...]:
    return (sql_type, sql_type.element) if sql_type.element else (sql_type,)
