"""Pages, aggregates and groups read by the ORM and put together in Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, IntegerField, Q, QuerySet, TextField, Value, Window
from django.db.models.functions import Cast, RowNumber

from dynamic_databases import outcomes
from dynamic_databases.catalog.types import Column, Kind, Table
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.models_factory.factory import ModelSet
from schema.errors import TooComplex
from schema.global_ids import SCOPE, encode
from schema.limits import Limits
from schema.plan.nodes import (
    Absent,
    Aggregate,
    CustomFields,
    Figures,
    GlobalId,
    GroupBy,
    Nested,
    NestedAggregate,
    Page,
    Read,
    Selected,
    Slot,
    Typename,
    Use,
)
from schema.plan.nodes import Value as ColumnValue
from schema.plan.nodes.conditions import Link
from schema.portable.conditions import Conditions
from schema.portable.expressions import Binary
from schema.portable.figures import read_figures
from schema.portable.groups import read_groups
from schema.spelling import id_text, spell
from schema.sql import mssql_values, mysql_values
from schema.sql.binding import bind_offset, rows_binder

Links = tuple[Link, ...]
Row = dict[str, Any]  # column name → raw value, "\0<column>" → the value to spell

# Read as text: what Python's types can't hold (infinity, years beyond 9999) must not spoil the list.
_AS_TEXT = {
    Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME, Kind.DURATION, Kind.JSON, Kind.OTHER, Kind.UUID,
}  # fmt: skip


@dataclass(frozen=True)
class PortableReader:
    """Reads plans of one database with one request's variables."""

    models: ModelSet
    alias: str
    variables: Mapping[str, Any]
    limits: Limits

    def answer(self, read: Read) -> bytes:
        """Return the JSON text of a root field that reads. Raises TooComplex for conditions beyond the ORM."""
        try:
            return self._answer(read)
        except RecursionError:
            raise TooComplex("The conditions nest deeper than this server's way of reading takes.") from None  # fmt: skip

    def _answer(self, read: Read) -> bytes:
        with outcomes.translated(self.models.catalog.vendor, writing=False):
            if isinstance(read, Aggregate):
                return orjson.dumps(self._aggregate(read, (), None))
            if isinstance(read, GroupBy):
                return orjson.dumps(self._groups(read))
            answers = self._answers(read.selection, self._rows(read))
        return orjson.dumps((answers[0] if answers else None) if read.single else answers)

    def by_key(
        self, table: Table, selection: tuple[Selected, ...], keys: Sequence[Row]
    ) -> list[dict[str, Any] | None]:
        """Return what is selected of the rows with these keys, in their order; None where one is gone."""
        model = self.models.models[table.name]
        columns = [table.by_name[name] for name in table.primary_key]
        parents = [
            {
                c.name: self._conditions.column_field(c, model).to_python(key[c.name])
                for c in columns
            }
            for key in keys
        ]
        page = Page(table, selection, single=True)
        with outcomes.translated(self.models.catalog.vendor, writing=False):
            return self._nested_answers(Nested("", page, tuple((c, c) for c in columns)), parents)

    @cached_property
    def _conditions(self) -> Conditions:
        return Conditions(self.models, self.alias, self.variables)

    def _rows(self, page: Page) -> list[Row]:
        query = self._query(page).order_by(*self._order(page))
        if page.distinct_on:
            query = self._first_of_equals(query, page, ())
        offset = self._number(page.offset, 0)
        limit = 1 if page.single else self._number(page.limit, self.limits.default_rows)
        return self._fetch(query[offset : offset + limit], page.table, page.selection)

    def _nested_rows(
        self, nested: Nested, parents: Sequence[Row]
    ) -> dict[tuple[Any, ...], list[Row]]:
        """Read the rows of all parents with one statement, numbered within each parent."""
        page = nested.page
        keys = {tuple(parent[own.name] for own, _ in nested.links) for parent in parents}
        keys = {key for key in keys if None not in key}
        if not keys:
            return {}
        partition = [F(self._attribute(page.table, their)) for _, their in nested.links]
        order = self._order(page) or partition
        query = self._query(page).filter(self._any_key(nested, keys))
        offset = self._number(page.offset, 0)
        limit = 1 if page.single else self._number(page.limit, self.limits.default_rows)
        if page.distinct_on:
            # The rows are numbered within their equals, so within their parent they are counted here.
            query = self._first_of_equals(query, page, partition).order_by(*order)
        else:
            query = query.annotate(
                gateway_row=Window(RowNumber(), partition_by=partition, order_by=order)
            )
            query = query.filter(gateway_row__gt=offset, gateway_row__lte=offset + limit)
            query = query.order_by("gateway_row")
        links = [their for _, their in nested.links]
        grouped: dict[tuple[Any, ...], list[Row]] = {}
        for row in self._fetch(query, page.table, page.selection, links):
            grouped.setdefault(tuple(row[their.name] for their in links), []).append(row)
        if page.distinct_on:
            return {key: rows[offset : offset + limit] for key, rows in grouped.items()}
        return grouped

    def _first_of_equals(
        self, query: QuerySet[Any], page: Page | Aggregate, within: Sequence[Any]
    ) -> QuerySet[Any]:
        """Keep of the rows that are equal in `distinct_on` the first."""
        equal = [F(self._attribute(page.table, column)) for column in page.distinct_on]
        first = Window(RowNumber(), partition_by=[*within, *equal], order_by=self._order(page))
        found: QuerySet[Any] = query.annotate(gateway_first=first).filter(gateway_first=1)
        return found

    def _answers(self, selection: Sequence[Selected], rows: Sequence[Row]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = [{} for _ in rows]
        for item in selection:
            if isinstance(item, Typename):
                values: Iterable[Any] = [item.name] * len(rows)
            elif isinstance(item, ColumnValue):
                values = [spell(row[f"\0{item.column.name}"], item.column.type) for row in rows]
            elif isinstance(item, CustomFields):
                values = self._answers(item.values, rows)
            elif isinstance(item, Absent):
                values = [None] * len(rows)
            elif isinstance(item, GlobalId):
                values = [self._global_id(item, row) for row in rows]
            elif isinstance(item, Nested):
                values = self._nested_answers(item, rows)
            else:
                values = [self._aggregate(item.aggregate, item.links, row) for row in rows]
            for answer, value in zip(answers, values, strict=True):
                answer[item.key] = value
        return answers

    def _global_id(self, item: GlobalId, row: Row) -> str:
        keys = [id_text(row[f"\0{column.name}"], column.type) for column in item.columns]
        return encode(self.variables[SCOPE], item.type, keys)

    def _groups(self, group_by: GroupBy) -> list[dict[str, Any]]:
        offset = self._number(group_by.offset, 0)
        limit = self._number(group_by.limit, self.limits.default_rows)
        model = self.models.models[group_by.table.name]
        expressions = {
            column.name: self._expression(group_by.table, column, spelled=True)
            for column in group_by.by
        }
        rows = slice(offset, offset + limit)
        return read_groups(group_by, model, self._conditions, expressions, rows)

    def _aggregate(self, aggregate: Aggregate, links: Links, parent: Row | None) -> dict[str, Any]:
        """Return an aggregate's answer; of related rows, those of one parent."""
        query = self._query(aggregate)
        model = self._model(aggregate.table)
        for own, their in links if parent is not None else ():
            field = self._conditions.column_field(their, model)
            value = Value(parent[own.name] if parent else None, output_field=field)
            query = query.filter(Q(Binary(F(model.attribute_of_column[their.name]), "=", value)))
        if aggregate.distinct_on:
            query = self._first_of_equals(query, aggregate, ())
        if aggregate.limit is not None or aggregate.offset is not None:
            offset = self._number(aggregate.offset, 0)
            limit = self._number(aggregate.limit, 0) if aggregate.limit is not None else None
            query = query.order_by(*self._order(aggregate))
            # Of no rows at all: an empty slice with an offset is no valid SQL of Django's on SQLite.
            query = (
                query.none()
                if limit == 0
                else query[offset : None if limit is None else offset + limit]
            )
        answer: dict[str, Any] = {}
        for part in aggregate.answer:
            if isinstance(part, Typename):
                answer[part.key] = part.name
            elif isinstance(part, Figures):
                attribute_of = partial(self._attribute, aggregate.table)
                answer[part.key] = read_figures(
                    query, part, attribute_of, self.models.catalog.vendor
                )
            elif parent is None:
                answer[part.key] = self._answers(part.page.selection, self._rows(part.page))
            else:
                (answer[part.key],) = self._nested_answers(
                    Nested(part.key, part.page, links), [parent]
                )
        return answer

    def _nested_answers(self, nested: Nested, parents: Sequence[Row]) -> list[Any]:
        grouped = self._nested_rows(nested, parents)
        flat = [row for rows in grouped.values() for row in rows]
        answered = iter(self._answers(nested.page.selection, flat))
        by_key = {key: [next(answered) for _ in rows] for key, rows in grouped.items()}
        found = [
            by_key.get(tuple(parent[own.name] for own, _ in nested.links), []) for parent in parents
        ]
        return [rows[0] if rows else None for rows in found] if nested.page.single else found

    def _fetch(
        self,
        query: QuerySet[Any],
        table: Table,
        selection: Sequence[Selected],
        links: Iterable[Column] = (),
    ) -> list[Row]:
        """Read the values to spell under a NUL and the column, what nested pages hang on as it is."""
        wanted: dict[str, tuple[Column, bool]] = {}  # key → (column, to be spelled)
        for item in selection:
            if isinstance(item, ColumnValue):
                wanted[f"\0{item.column.name}"] = (item.column, True)
            elif isinstance(item, CustomFields):
                wanted |= {f"\0{value.column.name}": (value.column, True) for value in item.values}
            elif isinstance(item, GlobalId):
                wanted |= {f"\0{column.name}": (column, True) for column in item.columns}
            elif isinstance(item, Nested | NestedAggregate):
                wanted |= {own.name: (own, False) for own, _ in item.links}
        wanted |= {column.name: (column, False) for column in links}
        expressions = {
            key: self._expression(table, column, spelled=spelled)
            for key, (column, spelled) in wanted.items()
        }
        # Each expression once: Django folds equal ones where it filters on a window.
        distinct = {str(expression): expression for expression in expressions.values()}
        names = {text: f"gateway_{i}" for i, text in enumerate(distinct)}
        if not distinct:
            return [{} for _ in query.values_list(Value(1))]
        query = query.annotate(**{names[text]: expression for text, expression in distinct.items()})
        return [
            {key: row[names[str(expression)]] for key, expression in expressions.items()}
            for row in query.values(*names.values())
        ]

    def _expression(self, table: Table, column: Column, *, spelled: bool) -> Any:
        attribute = F(self._attribute(table, column))
        own = self._of_vendor(attribute, column) if spelled else None
        if own is not None:
            return own
        if spelled and column.type.kind in _AS_TEXT:
            return Cast(attribute, TextField())
        element = column.type.element
        if element is not None and element.kind in {*_AS_TEXT, Kind.ENUM}:
            return Cast(attribute, ArrayField(TextField()))
        return attribute

    def _of_vendor(self, attribute: F, column: Column) -> Any:
        """Return the expression of a column whose value a vendor tells in its own way, else None."""
        vendor = self.models.catalog.vendor
        if vendor == "mysql" and column.type.kind is Kind.BOOLEAN:
            return Func(attribute, template="(%(expressions)s + 0)", output_field=IntegerField())
        text: str | None = None
        if vendor == "mysql" and column.type.kind is Kind.OTHER:
            text = mysql_values.as_text("%(expressions)s", column.type)
        elif vendor == "microsoft":
            text = mssql_values.told("%(expressions)s", column.type)
        return None if text is None else Func(attribute, template=text, output_field=TextField())

    def _query(self, page: Page | Aggregate) -> QuerySet[Any]:
        return self._conditions.query(page.table, page.where)

    def _any_key(self, nested: Nested, keys: set[tuple[Any, ...]]) -> Q:
        attributes = [self._attribute(nested.page.table, their) for _, their in nested.links]
        if len(attributes) == 1:
            return Q(**{f"{attributes[0]}__in": [key[0] for key in keys]})
        condition = Q()
        for key in keys:
            condition |= Q(**dict(zip(attributes, key, strict=True)))
        return condition

    def _order(self, page: Page | Aggregate) -> list[Any]:
        return self._conditions.order(page.order_by, self._model(page.table))

    def _number(self, slot: Slot | None, default: int) -> int:
        if slot is None:
            return default
        bind = rows_binder(self.limits) if slot.use is Use.ROWS else bind_offset
        return int(bind(slot.operand.read(self.variables)))

    def _model(self, table: Table) -> type[DynamicSchemaModel]:
        return self.models.models[table.name]

    def _attribute(self, table: Table, column: Column) -> str:
        return self._model(table).attribute_of_column[column.name]
