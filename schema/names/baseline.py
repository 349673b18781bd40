"""The schema that all databases of a baseline satisfy, bound to one database.

Its fields are those of the baseline's columns, all but keys nullable. What a database has beyond
them is reached by `customFields`; what it lacks is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from weakref import WeakValueDictionary

from dynamic_databases.catalog.diff import dynamic_columns
from dynamic_databases.catalog.types import Catalog, Column, Kind, Table
from schema.access import Access
from schema.names.catalog_names import names_of
from schema.names.tables import NamedTable, Names

# Tables that are made of the same ones are one object, kept as long as some schema has it: of a
# thousand databases that differ in a column each, all but one table are. The keys are a function's
# name and identities, which stay those of what the value is made of.
_known: WeakValueDictionary[tuple[object, ...], NamedTable] = WeakValueDictionary()


def names_of_baseline(baseline: Catalog, access: Access, overrides: Mapping[str, str]) -> Names:
    """Return the names that types are made of: equal for every database of the baseline."""
    names = names_of(baseline, access, overrides)
    return Names({n: _made(_loosened, table) for n, table in names.tables.items()}, names.enums)


def bound_names(
    shown: Names, catalog: Catalog, baseline: Catalog, access: Access, overrides: Mapping[str, str]
) -> Names:
    """Return the same names for one database's tables."""
    dynamic = {table.name: dynamic_columns(table, baseline) for table in catalog.tables}
    own = names_of(catalog, access, overrides, dynamic)
    tables = {}
    for name, table in shown.tables.items():
        real = own.tables.get(name)
        is_served = real is not None and _has_key_of(table.table, real.table)
        tables[name] = _made(_bound, table, real) if real and is_served else _made(_absent, table)
    return Names(tables, shown.enums)


def _has_key_of(shown: Table, real: Table) -> bool:
    """A baseline may have been captured when no catalog had the keys of views."""
    is_keyless = shown.is_view and not shown.primary_key
    return is_keyless or shown.primary_key == real.primary_key


def with_custom(shown: Names, bound: Names) -> Names:
    """Return the names for types, which write the dynamic columns of the bound ones."""
    tables = {
        name: _made(_with_custom, table, bound.tables[name]) for name, table in shown.tables.items()
    }
    return Names(tables, shown.enums)


def _made(how: Callable[..., NamedTable], *tables: NamedTable) -> NamedTable:
    """Return what `how` makes of the tables, the same object each time."""
    key = (how.__name__, *map(id, tables))
    known = _known.get(key)
    if known is None:
        known = _known[key] = replace(how(*tables), made_of=tables)
    return known


def _absent(shown: NamedTable) -> NamedTable:
    return replace(shown, is_absent=True)


def _with_custom(shown: NamedTable, bound: NamedTable) -> NamedTable:
    return replace(
        shown, custom=bound.custom, insertable=bound.insertable, updatable=bound.updatable
    )


def _loosened(table: NamedTable) -> NamedTable:
    key = table.table.primary_key
    columns = {
        name: column if column.name in key else replace(column, nullable=True)
        for name, column in table.columns.items()
    }
    return replace(table, columns=columns, baseline=table.table)


def _bound(shown: NamedTable, real: NamedTable) -> NamedTable:
    found = {c.name: real.table.by_name.get(c.name) for c in shown.columns.values()}
    absent = frozenset(
        column.name
        for column in shown.columns.values()
        if not _is_alike(column, found[column.name]) or column.name not in real.field_of
    )
    columns = {
        name: column if column.name in absent else real.table.by_name[column.name]
        for name, column in shown.columns.items()
    }
    custom = {
        name: column for name, column in real.custom.items() if column.name not in shown.field_of
    }
    beyond = frozenset(column.name for column in custom.values())
    key = shown.table.primary_key
    is_same = key == real.table.primary_key
    return replace(
        shown,
        table=real.table if is_same else replace(real.table, primary_key=key),
        columns=columns,
        absent=absent,
        custom=custom,
        insertable=shown.insertable | (real.insertable & beyond),
        updatable=shown.updatable | (real.updatable & beyond),
    )


def _is_alike(column: Column, real: Column | None) -> bool:
    """Return whether what a database has is what the baseline's field promises."""
    if real is None or column.type.kind is not real.type.kind:
        return False
    if column.type.kind is Kind.TEXT and column.type.labels:  # rows of a table
        return bool(real.type.labels) and set(real.type.labels) <= set(column.type.labels)
    if column.type.kind is Kind.ENUM:
        return column.type.labels == real.type.labels
    return column.type.kind is not Kind.ARRAY or column.type.element == real.type.element
