"""Catalog → GraphQL names and back: lossless, deterministic, independent of order.

A name is folded to camelCase or PascalCase; what GraphQL can't spell becomes `_`. Where two fold to
one, the exact spelling keeps the plain name and the others get a suffix from their own spelling.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property

from dynamic_databases.beside import in_turns
from dynamic_databases.catalog.types import (
    Catalog,
    Column,
    Kind,
    SqlType,
    Table,
    TableName,
)
from schema.access import Access, permitted
from schema.casing import camel_case, not_reserved, pascal_case, suffix_of
from schema.errors import BadUserInput
from schema.relations import Relation, relation_names

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
_KEPT_TYPES = ("{}Aggregate", "{}AggregateFields", "{}SumFields", "{}AvgFields", "{}MinFields", "{}MaxFields",
               "{}StddevFields", "{}VarianceFields", "{}Group", "{}Connection", "{}Edge", "{}SelectColumn", "{}IncInput", "{}Updates",
               "{}MutationResponse", "{}OnConflict", "{}Constraint", "{}UpdateColumn", "{}One", "{}Many", "{}ByPk",
               "{}AggregateBoolExp", "{}AggregateBoolExpCount", "{}AggregateOrderBy", "{}NumbersOrderBy", "{}ValuesOrderBy",
               "{}GroupKeys", "{}GroupKeysOrderBy", "{}GroupOrderBy", "{}GroupBoolExp", "{}FiguresBoolExp", "{}SumBoolExp",
               "{}FloatsBoolExp", "{}ValuesBoolExp", "{}ObjRelInsertInput", "{}ArrRelInsertInput", "{}AppendInput",
               "{}PrependInput", "{}DeleteKeyInput", "{}DeleteElemInput", "{}DeleteAtPathInput")  # fmt: skip
# The last three can't be values of the enum of a table's columns.
_FIXED_FIELDS = frozenset({"_and", "_or", "_not", "true", "false", "null"})
_FIXED_ROOTS = frozenset({"node"})
_FIXED_TYPES = frozenset({
    "Query", "Mutation", "Subscription", "Int", "Float", "String", "Boolean", "ID", "BigInt", "Decimal", "DateTime",
    "LocalDateTime", "Date", "LocalTime", "Duration", "UUID", "JSON", "Byte", "Node", "PageInfo", "OrderBy", "Resolve",
    "FieldChange", "NullComparisonExp",
})  # fmt: skip


CUSTOM_FIELDS = "customFields"


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
    baseline: Table | None = None  # its fields are those of this table (`schema.baseline`)
    absent: frozenset[str] = frozenset()  # columns that it has and this database lacks
    is_absent: bool = False  # this database lacks the table, or has another key

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
    def field_of(self) -> Mapping[str, str]:
        return {column.name: name for name, column in (*self.custom.items(), *self.columns.items())}

    @property
    def has_custom_fields(self) -> bool:
        """Return whether rows have the field `customFields`: a column of that name comes before it."""
        taken = {*self.columns, *self.relations, *self.aggregates}
        return (bool(self.custom) or self.baseline is not None) and CUSTOM_FIELDS not in taken

    @cached_property
    def custom_by_spelling(self) -> Mapping[str, str]:
        """The fields of dynamic columns, by the database's spelling and by their own."""
        return {name: name for name in self.custom} | {
            column.name: name for name, column in self.custom.items()
        }

    def column(self, name: str) -> Column:
        """Return the column of a field, a dynamic one's too. Raises BadUserInput where it is absent."""
        column = self.columns[name] if name in self.columns else self.custom[name]
        return self.present(column.name)

    def lacks(self, name: str) -> bool:
        """Return whether this database lacks the column of a field."""
        return name in self.columns and self.columns[name].name in self.absent

    def present(self, column: str) -> Column:
        """Return a column of this database's table. Raises BadUserInput where it is absent."""
        if column in self.absent:
            raise BadUserInput(
                f"This tenant's database lacks the column {self.table.name}.{column} of the baseline: "
                "it can be read, as null, and filtered by, nothing else."
            )
        return self.table.by_name[column]

    @cached_property
    def constraints(self) -> Mapping[str, tuple[str, ...]]:
        """The keys that an insert can conflict on, by enum value: `genrePkey`, `genreNameKey`."""
        table = self.baseline or self.table
        found = {camel_case(f"{self.field}_pkey"): table.primary_key} if table.primary_key else {}
        for key in table.unique_keys:
            name = camel_case("_".join([self.field, *key.columns, "key"]))
            found[name if name not in found else f"{name}_{suffix_of(key.name)}"] = key.columns
        return found

    @property
    def is_insertable(self) -> bool:
        return bool(self.insertable) and bool(self.key)

    @property
    def has_global_id(self) -> bool:
        """Return whether rows have the field `id` of Relay: there is a key, and nothing else called so."""
        return bool(self.key) and "id" not in self.columns and "id" not in self.relations

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
    """Return the names of all that `access` shows of `catalog`; `dynamic` are columns that a baseline lacks.

    `overrides` maps `table` or `table.column` (as the database spells them) to GraphQL names. Names
    are given to the whole catalog first, so that what a role may not see doesn't change the rest.
    """
    fields = _table_names(catalog, overrides, camel_case, (*_ROOTS, *_KEPT_ROOTS), _FIXED_ROOTS)
    types = _table_names(catalog, overrides, pascal_case, (*_TYPES, *_KEPT_TYPES), _RESERVED_TYPES)
    columns = {t.name: _column_names(t, overrides) for t in in_turns(catalog.tables)}
    relations = relation_names(catalog, columns)
    shown = {t.name: permitted(access.of(str(t.name)).select, t.by_name) for t in catalog.tables}
    named: dict[TableName, NamedTable] = {}
    for table in in_turns(catalog.tables):
        if not shown[table.name]:
            continue
        may = access.of(str(table.name))
        seen, field_of = shown[table.name], columns[table.name]
        beyond = (dynamic or {}).get(table.name, ())
        writable = [
            c.name
            for c in table.columns
            if c.name in seen and not c.generated and not table.is_view
        ]
        named[table.name] = NamedTable(
            table=table,
            field=fields[table.name],
            type=types[table.name],
            columns={field_of[c.name]: c for c in table.columns if c.name in seen},
            relations={r.name: r for r in relations[table.name] if _visible(r, seen, shown)},
            insertable=permitted(may.insert, writable),
            updatable=permitted(may.update, writable),
            deletable=may.delete and not table.is_view,
            custom={
                field_of[c.name]: c for c in table.columns if c.name in seen and c.name in beyond
            },
        )
    return Names(named, _enum_names(catalog, types.values()))


def fields_changed(names: Names, catalog: Catalog) -> tuple[str, ...]:
    """Return the fields (`Track.name`, or a type where its table is gone) that `catalog` lacks or has otherwise."""
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
    """Return label → GraphQL enum value; a label that GraphQL can spell stays as it is."""
    return _distinct(
        {label: _enum_value(label) for label in labels}, frozenset({"true", "false", "null"})
    )


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
    plain = {str(t.name): fold(str(t.name)) for t in in_turns(catalog.tables)}
    derived = _Derived(plain.values(), group[1:], fixed)
    given = {spelling: fold(name) for spelling, name in overrides.items() if spelling in plain}
    names = _distinct(plain, derived, given)
    return {table.name: names[str(table.name)] for table in catalog.tables}


def _column_names(table: Table, overrides: Mapping[str, str]) -> dict[str, str]:
    plain = {column.name: camel_case(column.name) for column in table.columns}
    given = {c: overrides[f"{table.name}.{c}"] for c in plain if f"{table.name}.{c}" in overrides}
    return _distinct(plain, _FIXED_FIELDS, given)


class _Derived(Container[str]):
    """The names that tables' are made into, `trackByPk`, and some fixed ones: asked for, never spelled out."""

    def __init__(self, bases: Iterable[str], forms: Iterable[str], fixed: Collection[str]) -> None:
        self._bases = frozenset(bases)
        self._endings = tuple(form.removeprefix("{}") for form in forms)
        self._fixed = fixed

    def __contains__(self, name: object) -> bool:
        if name in self._fixed:
            return True
        if not isinstance(name, str) or not name.endswith(self._endings):
            return False
        return any(
            name.removesuffix(ending) in self._bases
            for ending in self._endings
            if name.endswith(ending)
        )


def _distinct(
    plain: Mapping[str, str], reserved: Container[str], given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return spelling → name, every name once, whatever the order of `plain`."""
    wanted = set(plain.values())
    if not given and len(wanted) == len(plain) and not any(n in reserved for n in wanted):
        return dict(plain)  # as nearly always
    names = dict(given or {})
    taken = set(names.values())
    claims: dict[str, list[str]] = defaultdict(list)
    for spelling, name in plain.items():
        if spelling not in names:
            claims[name].append(spelling)
    losers: list[str] = []
    for name, spellings in claims.items():
        keeper = (
            spellings[0] if len(spellings) == 1 else next((s for s in spellings if s == name), None)
        )
        if name in taken or name in reserved:
            keeper = None
        losers += [spelling for spelling in spellings if spelling != keeper]
        if keeper is not None:
            names[keeper] = name
    taken |= set(names.values())
    for spelling in sorted(losers):
        name = not_reserved(f"{plain[spelling].rstrip('_')}_{suffix_of(spelling)}")
        if name in taken or name in reserved:
            name = f"{name}_{hashlib.sha256(spelling.encode()).hexdigest()[:8]}"
        names[spelling] = name
        taken.add(name)
    return names


def _visible(
    relation: Relation, own: frozenset[str], shown: Mapping[TableName, frozenset[str]]
) -> bool:
    return set(relation.columns) <= own and set(relation.target_columns) <= shown.get(
        relation.target, frozenset()
    )


def _enum_names(catalog: Catalog, types: Iterable[str]) -> dict[str, str]:
    # Columns share their types: most are met once, by identity, which is cheaper than by value.
    found = {id(c.type): c.type for table in in_turns(catalog.tables) for c in table.columns}
    enums = {t.enum for one in found.values() for t in _types_of(one) if t.kind is Kind.ENUM}
    if not enums:
        return {}
    named = {
        form.format(name) for name in types for form in (*_TYPES, *_KEPT_TYPES)
    } | _RESERVED_TYPES
    # An enum brings the inputs of its operators along, its own and its arrays'.
    named |= {name.removesuffix("ComparisonExp").removesuffix("Array") for name in named}
    plain = {name: pascal_case(name) for name in enums}
    return _distinct(plain, named | {f"{name}Array" for name in plain.values()})


def _types_of(sql_type: SqlType) -> tuple[SqlType, ...]:
    return (sql_type, sql_type.element) if sql_type.element else (sql_type,)
