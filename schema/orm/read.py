"""Pages, aggregates and groups read by the ORM and put together in Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import orjson
from django.db import Error
from django.db.models import F, Q, QuerySet, Value, Window
from django.db.models.functions import RowNumber

from dynamic_databases import outcomes
from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.types import Table
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.models_factory.factory import ModelSet
from schema.answer_size import AnswerMeter
from schema.errors import TooComplex
from schema.global_ids import SCOPE, encode_id
from schema.json_values import encode, id_text, json_part
from schema.limits import Limits
from schema.orm.aggregates import read_aggregate_fields
from schema.orm.columns import ColumnReader, Row, order_name
from schema.orm.expressions import Binary
from schema.orm.group_by import read_groups
from schema.orm.sizes import Sizes
from schema.orm.where import Conditions
from schema.plan.nodes import (
    EVERYTHING,
    Absent,
    Aggregate,
    AggregateFields,
    CustomFields,
    GlobalId,
    GroupBy,
    Nested,
    NestedAggregate,
    NestedConnection,
    NodeObject,
    OrderValue,
    Page,
    Read,
    Selected,
    Slot,
    Typename,
    Use,
    Where,
)
from schema.plan.nodes import Value as ColumnValue
from schema.plan.nodes.conditions import Link
from schema.sql.binding import bind_offset, rows_and_one_binder, rows_binder
from schema.uncarried import MARK

Links = tuple[Link, ...]


@dataclass(frozen=True)
class OrmReader:
    """Reads plans of one database with one request's variables."""

    models: ModelSet
    alias: Alias
    variables: Mapping[str, Any]
    limits: Limits
    meter: AnswerMeter = field(default_factory=AnswerMeter)

    def answer(self, read: Read) -> bytes:
        """Return the JSON text of a root field that reads.

        Raises TooComplex for conditions beyond the ORM.
        """
        try:
            return self._answer(read)
        except RecursionError:
            text = "The conditions nest deeper than this server's way of reading takes."
            raise TooComplex(text) from None

    def _answer(self, read: Read) -> bytes:
        with self._translated():
            if isinstance(read, Aggregate):
                return orjson.dumps(self._aggregate(read, (), None))
            if isinstance(read, GroupBy):
                return orjson.dumps(self._groups(read))
            answers = self._answers(read.selection, self._rows(read))
        return orjson.dumps((answers[0] if answers else None) if read.single else answers)

    def by_key(
        self,
        table: Table,
        selection: tuple[Selected, ...],
        keys: Sequence[Row],
        where: Where = EVERYTHING,
    ) -> list[dict[str, Any] | None]:
        """Return what is selected of the rows with these keys, in order; None for a lost one."""
        model = self.models.models[table.name]
        columns = [table.by_name[name] for name in table.primary_key]
        parents = [
            {
                c.name: self._conditions.column_field(c, model).to_python(key[c.name])
                for c in columns
            }
            for key in keys
        ]
        page = Page(table, selection, where)
        same = Nested("", page, tuple((column, column) for column in columns))
        wanted = {tuple(parent[c.name] for c in columns) for parent in parents}
        with self._translated():
            query = self._query(page).filter(self._any_key(same, wanted))
            rows = self._columns.fetch(query, table, selection, columns)
            answers = self._answers(selection, rows)
        found = {
            tuple(row[c.name] for c in columns): answer
            for row, answer in zip(rows, answers, strict=True)
        }
        return [found.get(tuple(parent[c.name] for c in columns)) for parent in parents]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise the errors of `dynamic_databases.outcomes`, and AnswerTooLarge."""
        with outcomes.translated(self.models.catalog.vendor, writing=False):
            try:
                yield
            except Error as error:
                if getattr(error.__cause__, "sqlite_errorname", "") == "SQLITE_TOOBIG":
                    raise self.meter.too_large() from error
                raise

    @cached_property
    def _conditions(self) -> Conditions:
        return Conditions(self.models, self.alias, self.variables)

    @cached_property
    def _sizes(self) -> Sizes:
        return Sizes(self.models.catalog.vendor, self.meter)

    @cached_property
    def _columns(self) -> ColumnReader:
        return ColumnReader(self.models, self._sizes, self.variables)

    def _rows(self, page: Page) -> list[Row]:
        query = self._query(page).order_by(*self._order(page))
        if page.distinct_on:
            query = self._first_of_equals(query, page, ())
        offset = self._number(page.offset, 0)
        limit = 1 if page.single else self._number(page.limit, self.limits.default_rows)
        return self._columns.fetch(query[offset : offset + limit], page.table, page.selection)

    def _nested_rows(
        self, nested: Nested, parents: Sequence[Row]
    ) -> dict[tuple[Any, ...], list[Row]]:
        """Read the rows of all parents with one statement, numbered within each parent."""
        page = nested.page
        keys = {tuple(parent[own.name] for own, _ in nested.links) for parent in parents}
        keys = {key for key in keys if None not in key}
        if not keys:
            return {}
        partition = [F(self._columns.attribute(page.table, their)) for _, their in nested.links]
        order = self._order(page) or partition
        query = self._query(page).filter(self._any_key(nested, keys))
        offset = self._number(page.offset, 0)
        limit = 1 if page.single else self._number(page.limit, self.limits.default_rows)
        if page.distinct_on:
            # The rows are numbered within their equals, so within their parent they are counted
            # here.
            query = self._first_of_equals(query, page, partition).order_by(*order)
        else:
            query = query.annotate(
                gateway_row=Window(RowNumber(), partition_by=partition, order_by=order)
            )
            query = query.filter(gateway_row__gt=offset, gateway_row__lte=offset + limit)
            query = query.order_by("gateway_row")
        links = [their for _, their in nested.links]
        grouped: dict[tuple[Any, ...], list[Row]] = {}
        for row in self._columns.fetch(query, page.table, page.selection, links):
            grouped.setdefault(tuple(row[their.name] for their in links), []).append(row)
        if page.distinct_on:
            return {key: rows[offset : offset + limit] for key, rows in grouped.items()}
        return grouped

    def _first_of_equals(
        self, query: QuerySet[Any], page: Page | Aggregate, within: Sequence[Any]
    ) -> QuerySet[Any]:
        """Keep of the rows that are equal in `distinct_on` the first."""
        columns = {
            self._columns.attribute(page.table, column): column.type for column in page.distinct_on
        }
        self._sizes.check_compared(query, columns)
        equal = [F(attribute) for attribute in columns]
        first = Window(RowNumber(), partition_by=[*within, *equal], order_by=self._order(page))
        found: QuerySet[Any] = query.annotate(gateway_first=first).filter(gateway_first=1)
        return found

    def _answers(self, selection: Sequence[Selected], rows: Sequence[Row]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = [{} for _ in rows]
        for item in selection:
            for answer, value in zip(answers, self._values(item, rows), strict=True):
                answer[item.key] = value
        return answers

    def _values(self, item: Selected, rows: Sequence[Row]) -> Iterable[Any]:
        """Return the value of each row for one item."""
        values: Iterable[Any]
        match item:
            case Typename():
                values = [item.name] * len(rows)
            case ColumnValue():
                values = [self._value(item, row) for row in rows]
            case CustomFields():
                values = self._answers(item.values, rows)
            case Absent():
                values = [None] * len(rows)
            case GlobalId():
                values = [self._global_id(item, row) for row in rows]
            case OrderValue():
                values = [row[order_name(item)] for row in rows]
            case Nested():
                values = self._nested_answers(item, rows)
            case NestedAggregate():
                values = [self._aggregate(item.aggregate, item.links, row) for row in rows]
            case NodeObject() | NestedConnection():
                inner = item.selection if isinstance(item, NodeObject) else item.parts
                values = self._answers(inner, rows)
        return values

    def _value(self, item: ColumnValue, row: Row) -> Any:
        value = row[f"\0{item.column.name}"]
        if item.path is not None:
            return json_part(value, item.path.operand.read(self.variables))
        answer = encode(value, item.column.type)
        return MARK if answer is None and not item.column.answers_null else answer

    def _global_id(self, item: GlobalId, row: Row) -> str:
        keys = [id_text(row[f"\0{column.name}"], column.type) for column in item.columns]
        return encode_id(self.variables[SCOPE], item.type, keys)

    def _groups(self, group_by: GroupBy) -> list[dict[str, Any]]:
        offset = self._number(group_by.offset, 0)
        limit = self._number(group_by.limit, self.limits.default_rows)
        model = self.models.models[group_by.table.name]
        expressions = {
            column.name: self._columns.spelled(group_by.table, column) for column in group_by.by
        }
        rows = slice(offset, offset + limit)
        return read_groups(group_by, model, self._conditions, expressions, rows, self._sizes)

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
            # Of no rows at all: an empty slice with an offset is no valid SQL of Django's on
            # SQLite.
            query = (
                query.none()
                if limit == 0
                else query[offset : None if limit is None else offset + limit]
            )
        answer: dict[str, Any] = {}
        for part in aggregate.answer:
            if isinstance(part, Typename):
                answer[part.key] = part.name
            elif isinstance(part, AggregateFields):
                attribute_of = partial(self._columns.attribute, aggregate.table)
                is_whole = not (aggregate.distinct_on or aggregate.limit or aggregate.offset)
                key = self._columns.key(aggregate.table) if is_whole else {}
                answer[part.key] = read_aggregate_fields(
                    query, part, attribute_of, self._sizes, key
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

    def _query(self, page: Page | Aggregate) -> QuerySet[Any]:
        return self._conditions.query(page.table, page.where)

    def _any_key(self, nested: Nested, keys: set[tuple[Any, ...]]) -> Q:
        attributes = [
            self._columns.attribute(nested.page.table, their) for _, their in nested.links
        ]
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
        binders = {Use.ROWS: rows_binder, Use.ROWS_AND_ONE: rows_and_one_binder}
        bind = binders[slot.use](self.limits) if slot.use in binders else bind_offset
        return int(bind(slot.operand.read(self.variables)))

    def _model(self, table: Table) -> type[DynamicSchemaModel]:
        return self.models.models[table.name]
