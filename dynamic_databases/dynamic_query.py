"""Queries of dynamic models: by columns that no class declares, checked before they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import Col
from django.db.models.sql import Query

from dynamic_databases.bound_query import BoundQuery
from dynamic_databases.model_identity import RowQuerySet
from dynamic_databases.table_columns import TableColumns, UnknownColumn, columns_of, table_model

if TYPE_CHECKING:
    from typing import Self


class DynamicQuery(Query):
    """Of a project's own class: leaves out the columns that the database in use lacks."""

    def get_compiler(
        self, using: str | None = None, connection: Any = None, elide_empty: bool = True
    ) -> Any:
        """Raises UnknownColumn where the query needs a column that isn't there."""
        name = using or connection.alias
        check_columns(self, name)
        related = self.select_related if isinstance(self.select_related, dict) else {}
        absent = list(_absent_names(self.model, name, related))
        query = self.clone() if absent else self
        query.add_deferred_loading(absent)
        return Query.get_compiler(query, using, connection, elide_empty)


class CustomColumn(Col):
    """A column that the query's class doesn't declare."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Raises UnknownColumn where the database that is asked has no such column."""
        columns = columns_of(compiler.query.model, connection.alias)
        if self.target.attname not in columns.dynamic.values():
            raise UnknownColumn(columns.table, self.target.attname, list(columns.attributes))
        return super().as_sql(compiler, connection)


class DynamicQuerySet(RowQuerySet):
    """Adds `custom` to Django's queries."""

    def __init__(
        self,
        model: Any = None,
        query: Query | None = None,
        using: str | None = None,
        hints: Any = None,
    ) -> None:
        if query is None and model is not None:
            query = BoundQuery(model) if model.table_name else DynamicQuery(model)
        super().__init__(model, query, using, hints)

    def custom(self, *names: object, **lookups: Any) -> Self:
        """Return the rows that satisfy look-ups by columns of the table, declared or not.

        `custom(cf_red_1="x", cf_size__gte=3)`; the columns that are named, alone or in look-ups,
        can be used in `filter`, `exclude`, `order_by` and `values` after it. The database is the
        query's: call `using` before. Raises UnknownColumn, and TypeError for other conditions.
        """
        if others := [name for name in names if not isinstance(name, str)]:
            raise TypeError(
                f"custom() takes names of columns and look-ups by keyword, not {others[0]!r}. "
                'Name the columns, and give conditions to filter(): custom("a").filter(Q(a=1)).'
            )
        model: Any = self.model
        columns = columns_of(model, self.db)
        found = [(*_column_of(name, columns), value) for name, value in lookups.items()]
        wanted = [columns.column(str(name)) for name in names] + [column for column, _, _ in found]
        queryset = self._with_columns(wanted, columns)
        conditions = {columns.attributes[column] + rest: value for column, rest, value in found}
        return queryset.filter(**conditions) if conditions else queryset

    def update(self, **values: Any) -> int:
        self._check(*values)
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check()
        return super().delete()

    def _insert(self, objs: Any, fields: Any, *options: Any, **named: Any) -> Any:
        """Django's own step of saving new rows, without absent columns.

        Raises UnknownColumn where a row has a value for one.
        """
        columns = columns_of(cast("Any", self.model), named.get("using") or self.db)
        absent = {*columns.absent.values()}
        for field in fields if absent else ():
            if any(getattr(one, field.attname) != field.get_default() for one in objs):
                columns.check(field.attname)
        there = [field for field in fields if field.attname not in absent]
        return super()._insert(objs, there, *options, **named)  # type: ignore[misc]

    _insert.queryset_only = False  # type: ignore[attr-defined]  # managers have it, too

    def _check(self, *names: str) -> None:
        """Raises UnknownColumn where a condition, or one of `names`, needs an absent column."""
        if isinstance(self.query, DynamicQuery):
            check_columns(self.query, self.db, names)

    def _with_columns(self, wanted: list[str], columns: TableColumns) -> Self:
        """Return the query with dynamic columns in it."""
        model: Any = self.model
        attributes = [columns.dynamic[one] for one in wanted if one in columns.dynamic]
        if model.table_name:
            deferred, is_deferred = self.query.deferred_loading
            loaded = set(attributes) & set(deferred) if is_deferred else set()
            return self.defer(None).defer(*(set(deferred) - loaded)) if loaded else self.all()
        generated: Any = table_model(model, self.db)
        queryset = self.all()
        alias = queryset.query.get_initial_alias()
        fields = {name: generated._meta.get_field(name) for name in attributes}
        new = {
            name: CustomColumn(alias, one)
            for name, one in fields.items()
            if name not in queryset.query.annotations
        }
        return queryset.annotate(**new) if new else queryset


class DynamicManager(models.Manager.from_queryset(DynamicQuerySet)):  # type: ignore[misc]
    """Leaves the dynamic columns out of SELECT until somebody asks for them."""

    def get_queryset(self) -> Any:
        queryset = super().get_queryset()
        dynamic = self.model.dynamic_attributes
        return queryset.defer(*dynamic) if dynamic else queryset

    def get_by_natural_key(self, *values: Any) -> Any:
        """Return the row of a natural key, as serializers ask for it. Raises DoesNotExist."""
        names = self.model.natural_key_attributes
        return self.get(**dict(zip(names, values, strict=True)))


class RowManager(models.Manager.from_queryset(DynamicQuerySet)):  # type: ignore[misc]
    """The manager that Django itself uses: for relations, and to save and to read again."""


def check_columns(query: Query, database: str | None, names: Iterable[str] = ()) -> None:
    """Raises UnknownColumn where a query needs a declared column that the database lacks.

    `names` are look-ups that it needs besides its own.
    """
    for field in _fields_in(query, names):
        model: Any = field.model
        if not getattr(model, "table_name", "-"):  # a project's class
            columns_of(model, database).check(field.attname)


def _absent_names(model: Any, name: str | None, related: dict[str, Any]) -> Iterator[str]:
    """Yield the absent columns' attributes, those of related rows that are read along, too."""
    yield from columns_of(model, name).absent.values()
    for relation, further in related.items():
        target = model._meta.get_field(relation).related_model
        for attribute in _absent_names(target, name, further):
            yield f"{relation}{LOOKUP_SEP}{attribute}"


def _fields_in(query: Query, names: Iterable[str]) -> Iterator[Any]:
    """Yield the fields in conditions, selections and orders of a query."""
    parts: list[Any] = [query.where, *query.annotations.values(), *query.select]
    while parts:
        part = parts.pop()
        if isinstance(part, Col):
            yield part.target
        inner: list[Any] = getattr(part, "get_source_expressions", list)()
        parts += [one for one in inner if one is not None]
    loaded, is_deferred = query.deferred_loading
    texts = [name.lstrip("-+") for name in query.order_by if isinstance(name, str)]
    for name in (*texts, *(() if is_deferred else loaded), *names):
        path = name.split(LOOKUP_SEP)
        if path[0] not in query.annotations:
            yield query.names_to_path(path, query.get_meta())[1]


def _column_of(lookup: str, columns: TableColumns) -> tuple[str, str]:
    """Return the column of a look-up and the rest of it: a column's name may hold `__` itself."""
    parts = lookup.split(LOOKUP_SEP)
    for length in range(len(parts), 0, -1):
        column = columns.find(LOOKUP_SEP.join(parts[:length]))
        if column is not None:
            rest = parts[length:]
            return column, "".join(f"{LOOKUP_SEP}{part}" for part in rest)
    raise UnknownColumn(columns.table, parts[0], list(columns.attributes))
