"""Catalog → GraphQL names and back: lossless, deterministic, independent of order.

A name is folded to camelCase or PascalCase; what GraphQL can't spell becomes `_`. Where two fold to
one, the exact spelling keeps the plain name and the others get a suffix from their own spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import NamedTuple
from weakref import WeakValueDictionary

from dynamic_databases.catalog.types import (
    Catalog,
    Column,
    SqlType,
    Table,
    TableName,
)
from schema.access import Access, TableAccess, permitted
from schema.errors import BadUserInput
from schema.names.casing import camel_case, not_reserved, pascal_case, suffix_of
from schema.names.disambiguation import Derived, distinct
from schema.names.relations import Relation, Wanted, named_relations, wanted_relations

_ROOTS = ("{}", "{}ByPk")
_TYPES = (
    "{}",
    "{}BoolExp",
    "{}OrderBy",
    "{}InsertInput",
    "{}SetInput",
    "{}PkColumnsInput",
    "{}SaveResult",
)
# Names that later versions of a table's group use are kept free for it from the start.
_KEPT_ROOTS = ("{}Aggregate", "{}GroupBy", "{}Connection", "{}Stream")
_KEPT_TYPES = (
    "{}Aggregate",
    "{}AggregateFields",
    "{}SumFields",
    "{}AvgFields",
    "{}MinFields",
    "{}MaxFields",
    "{}StddevFields",
    "{}StddevSampFields",
    "{}StddevPopFields",
    "{}VarianceFields",
    "{}VarSampFields",
    "{}VarPopFields",
    "{}Group",
    "{}Connection",
    "{}Edge",
    "{}SelectColumn",
    "{}IncInput",
    "{}Updates",
    "{}MutationResponse",
    "{}OnConflict",
    "{}Constraint",
    "{}UpdateColumn",
    "{}One",
    "{}Many",
    "{}ByPk",
    "{}AggregateBoolExp",
    "{}AggregateBoolExpCount",
    "{}AggregateBoolExpNumbers",
    "{}AggregateBoolExpAvg",
    "{}AggregateBoolExpFloats",
    "{}AggregateBoolExpBooleans",
    "{}NumberColumn",
    "{}BooleanColumn",
    "{}AggregateOrderBy",
    "{}NumbersOrderBy",
    "{}ValuesOrderBy",
    "{}GroupKeys",
    "{}GroupKeysOrderBy",
    "{}GroupOrderBy",
    "{}GroupBoolExp",
    "{}FiguresBoolExp",
    "{}SumBoolExp",
    "{}FloatsBoolExp",
    "{}ValuesBoolExp",
    "{}ObjRelInsertInput",
    "{}ArrRelInsertInput",
    "{}AppendInput",
    "{}PrependInput",
    "{}DeleteKeyInput",
    "{}DeleteElemInput",
    "{}DeleteAtPathInput",
)
# The last three can't be values of the enum of a table's columns.
_FIXED_FIELDS = frozenset({"_and", "_or", "_not", "true", "false", "null"})
_FIXED_ROOTS = frozenset({"node"})
_FIXED_TYPES = frozenset(
    {
        "Query",
        "Mutation",
        "Subscription",
        "Int",
        "Float",
        "String",
        "Boolean",
        "ID",
        "BigInt",
        "Decimal",
        "DateTime",
        "LocalDateTime",
        "Date",
        "LocalTime",
        "Duration",
        "UUID",
        "JSON",
        "Byte",
        "Node",
        "PageInfo",
        "OrderBy",
        "Resolve",
        "FieldChange",
        "NullComparisonExp",
        "JSONTextComparisonExp",
        "LtreeComparisonExp",
        "JSONCastExp",
        "OrderedComparisonExp",
        "EqualityComparisonExp",
        "EqualityArrayComparisonExp",
    }
)


CUSTOM_FIELDS = "customFields"
ID_FIELD = "nodeId"
FORMER_ID_FIELD = "id"  # of rows without such a column


@dataclass(frozen=True)
class NamedTable:
    """A table with its GraphQL names; only what the access permits is in it."""

    table: Table
    field: str  # the root field; the base of all root fields
    type: str
    columns: Mapping[str, Column]  # by field name
    relations: Mapping[str, Relation]
    insertable: frozenset[str]  # column names
    updatable: frozenset[str]
    deletable: bool
    custom: Mapping[str, Column] = dataclass_field(default_factory=dict)  # what the baseline lacks
    baseline: Table | None = None  # its fields are those of this table (`schema.names.baseline`)
    absent: frozenset[str] = frozenset()  # columns that it has and this database lacks
    is_absent: bool = False  # this database lacks the table, or has another key
    # What it was made of, which is kept as long as it is (`schema.names.baseline`).
    made_of: tuple[NamedTable, ...] = dataclass_field(default=(), compare=False, repr=False)

    @cached_property
    def aggregates(self) -> Mapping[str, Relation]:
        """The fields that aggregate related rows: `invoiceLinesAggregate`."""
        many = {
            f"{name}Aggregate": relation
            for name, relation in self.relations.items()
            if relation.many
        }
        return {
            name: relation
            for name, relation in many.items()
            if name not in {*self.columns, *self.relations}
        }

    @cached_property
    def connections(self) -> Mapping[str, Relation]:
        """The fields that page related rows: `invoiceLinesConnection`."""
        taken = {*self.columns, *self.relations, *self.aggregates}
        return {
            name: relation
            for own, relation in self.relations.items()
            if relation.has_connection and (name := f"{own}Connection") not in taken
        }

    @cached_property
    def comparable(self) -> Mapping[str, Column]:
        """The fields of columns that the server can sort, group and count distinct."""
        return {name: column for name, column in self.columns.items() if column.type.has_order}

    @cached_property
    def field_of(self) -> Mapping[str, str]:
        return {column.name: name for name, column in (*self.custom.items(), *self.columns.items())}

    @property
    def has_custom_fields(self) -> bool:
        """Return whether rows have `customFields`: a column of that name takes precedence."""
        taken = {*self.columns, *self.relations, *self.aggregates}
        return (bool(self.custom) or self.baseline is not None) and CUSTOM_FIELDS not in taken

    @cached_property
    def custom_by_spelling(self) -> Mapping[str, str]:
        """The fields of dynamic columns, by the database's spelling and by their own."""
        return {name: name for name in self.custom} | {
            column.name: name for name, column in self.custom.items()
        }

    def column(self, name: str) -> Column:
        """Return a field's column, a dynamic one's too. Raises BadUserInput if it is absent."""
        column = self.columns[name] if name in self.columns else self.custom[name]
        return self.present(column.name)

    def lacks(self, name: str) -> bool:
        """Return whether this database lacks the column of a field."""
        return name in self.columns and self.columns[name].name in self.absent

    def present(self, column: str) -> Column:
        """Return a column of this database's table. Raises BadUserInput where it is absent."""
        if column in self.absent:
            raise BadUserInput(
                f"This tenant's database lacks the column {self.table.name}.{column} "
                "of the baseline: "
                "it can be read, as null, and filtered by, nothing else."
            )
        return self.table.by_name[column]

    @cached_property
    def constraints(self) -> Mapping[str, tuple[str, ...]]:
        """The keys that an insert can conflict on, by enum value: `genrePkey`, `genreNameKey`.

        A key with a column that may not be seen isn't among them, nor is a deferrable one. Rows of
        a view conflict on keys of other tables.
        """
        table = self.baseline or self.table
        if table.is_view:
            return {}
        found = {camel_case(f"{self.field}_pkey"): table.primary_key} if table.primary_key else {}
        for key in table.unique_keys:
            name = camel_case("_".join([self.field, *key.columns, "key"]))
            found[name if name not in found else f"{name}_{suffix_of(key.name)}"] = key.columns
        shown = self.field_of
        deferred = self.table.deferrable_keys
        return {
            name: key
            for name, key in found.items()
            if all(c in shown for c in key) and key not in deferred
        }

    @property
    def is_insertable(self) -> bool:
        return bool(self.insertable) and bool(self.key)

    @property
    def has_global_id(self) -> bool:
        """Return whether rows have `nodeId`: there is a key, and no other such field."""
        return bool(self.key) and ID_FIELD not in self.columns and ID_FIELD not in self.relations

    @property
    def id_fields(self) -> tuple[str, ...]:
        """The fields of the global id: `nodeId`, and `id` where nothing else is called so."""
        if not self.has_global_id:
            return ()
        is_free = FORMER_ID_FIELD not in self.columns and FORMER_ID_FIELD not in self.relations
        return (ID_FIELD, FORMER_ID_FIELD) if is_free else (ID_FIELD,)

    @property
    def has_connection(self) -> bool:
        """Return whether every row has a place of its own in any order."""
        return bool(self.table.primary_key)

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns, where all of them may be seen; else nothing is by key."""
        key = self.table.primary_key
        return key if all(column in self.field_of for column in key) else ()


@dataclass(frozen=True)
class Names:
    """Every table that the access shows, by its name in the database and by its GraphQL type."""

    tables: Mapping[TableName, NamedTable]
    enums: Mapping[str, str]  # database enum → GraphQL type

    @cached_property
    def by_field(self) -> Mapping[str, NamedTable]:
        return {table.field: table for table in self.tables.values()}

    @cached_property
    def by_type(self) -> Mapping[str, NamedTable]:
        return {table.type: table for table in self.tables.values()}


_SCALARS = _FIXED_TYPES - {
    "Query",
    "Mutation",
    "Subscription",
    "Node",
    "PageInfo",
    "OrderBy",
    "Resolve",
    "FieldChange",
}
_RESERVED_TYPES = (
    _FIXED_TYPES
    | {f"{name}ComparisonExp" for name in _SCALARS}
    | {f"{name}ArrayComparisonExp" for name in _SCALARS}
)


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
    fields = _table_names(catalog, overrides, camel_case, (*_ROOTS, *_KEPT_ROOTS), _FIXED_ROOTS)
    types = _table_names(catalog, overrides, pascal_case, (*_TYPES, *_KEPT_TYPES), _RESERVED_TYPES)
    columns = {t.name: _column_names(t, overrides) for t in catalog.tables}
    wanted = (one for own in columns.values() for one in own.relations)
    relations = named_relations(wanted, {n: own.fields.values() for n, own in columns.items()})
    shown = {
        t.name: permitted(access.of(str(t.name)).select, columns[t.name].columns)
        for t in catalog.tables
    }
    named: dict[TableName, NamedTable] = {}
    for table in catalog.tables:
        seen = shown[table.name]
        if seen:
            given = _Given(
                table.digest,
                fields[table.name],
                types[table.name],
                columns[table.name],
                tuple(r for r in relations[table.name] if _visible(r, seen, shown)),
                access.of(str(table.name)),
                frozenset((dynamic or {}).get(table.name, ())),
            )
            named[table.name] = _named_table(table, given)
    enums = {enum for own in columns.values() for enum in own.enums}
    return Names(named, _enum_names(enums, types.values()))


def fields_changed(names: Names, catalog: Catalog) -> tuple[str, ...]:
    """Return the fields, or types of missing tables, that `catalog` lacks or has otherwise."""
    found: list[str] = []
    for table in names.tables.values():
        now = catalog.by_name.get(table.table.name)
        if now is None:
            found.append(table.type)
            continue
        found += [
            f"{table.type}.{field}"
            for field, column in table.columns.items()
            if column.name not in now.by_name or now.by_name[column.name].type != column.type
        ]
    return tuple(found)


def enum_value_names(labels: Iterable[str]) -> dict[str, str]:
    """Return label → GraphQL enum value, in the labels' order; valid names stay."""
    plain = {label: _enum_value(label) for label in labels}
    names = distinct(plain, frozenset({"true", "false", "null"}))
    return {label: names[label] for label in plain}


def _enum_value(label: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_]+", "_", label)
    name = not_reserved(name)
    return f"_{name}" if not name or name[0].isdigit() else name


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
        fields = distinct(plain, _FIXED_FIELDS, given)
        relations = wanted_relations(table, fields)
        known = _columns_known[key] = _ColumnNames(fields, frozenset(fields), enums, relations)
    return known


def _named_table(table: Table, given: _Given) -> NamedTable:
    known = _tables_known.get(given)
    if known is None:
        known = _tables_known[given] = _named_now(table, given)
    return known


def _named_now(table: Table, given: _Given) -> NamedTable:
    field_of, may = given.columns.fields, given.access
    seen = permitted(may.select, given.columns.columns)
    columns = {field_of[c.name]: c for c in table.columns if c.name in seen}
    writable = frozenset(c.name for c in columns.values() if not c.generated)
    if writable == seen:
        writable = seen  # as nearly always: one set instead of two
    return NamedTable(
        table=table,
        field=given.field,
        type=given.type,
        columns=columns,
        relations={r.name: r for r in given.relations},
        insertable=permitted(may.insert, writable) if table.takes("insert") else _NOTHING,
        updatable=permitted(may.update, writable) if table.takes("update") else _NOTHING,
        deletable=may.delete and table.takes("delete"),
        custom={name: c for name, c in columns.items() if c.name in given.dynamic},
    )


_NOTHING: frozenset[str] = frozenset()


def _visible(
    relation: Relation, own: frozenset[str], shown: Mapping[TableName, frozenset[str]]
) -> bool:
    return set(relation.columns) <= own and set(relation.target_columns) <= shown.get(
        relation.target, frozenset()
    )


def _enum_names(enums: Collection[str], types: Iterable[str]) -> dict[str, str]:
    if not enums:
        return {}
    named = {
        form.format(name) for name in types for form in (*_TYPES, *_KEPT_TYPES)
    } | _RESERVED_TYPES
    # An enum brings the inputs of its operators along, its own and its arrays'.
    named |= {name.removesuffix("ComparisonExp").removesuffix("Array") for name in named}
    plain = {name: pascal_case(name) for name in enums}
    return distinct(plain, named | {f"{name}Array" for name in plain.values()})


def _types_of(sql_type: SqlType) -> tuple[SqlType, ...]:
    return (sql_type, sql_type.element) if sql_type.element else (sql_type,)
