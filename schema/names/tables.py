"""Tables with the GraphQL names of what an access shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property

from dynamic_databases.catalog.types import Column, Table, TableName
from schema.errors import BadUserInput
from schema.names.casing import camel_case, suffix_of
from schema.names.relations import Relation

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
    has_aggregate: bool = True  # the role may aggregate its rows
    # What it was made of, which is kept as long as it is (`schema.names.baseline`).
    made_of: tuple[NamedTable, ...] = dataclass_field(default=(), compare=False, repr=False)

    @cached_property
    def aggregates(self) -> Mapping[str, Relation]:
        """The fields that aggregate related rows: `invoiceLinesAggregate`."""
        many = {
            f"{name}Aggregate": relation
            for name, relation in self.relations.items()
            if relation.many and relation.has_aggregate
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
