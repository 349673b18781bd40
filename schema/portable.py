"""The same plan by ORM rows and Python, one statement per level.

It serves where a server can't build JSON, and it is the oracle of the other way: both give equal
JSON for every plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    Window,
)
from django.db.models.functions import Cast, RowNumber

from dynamic_databases import outcomes
from dynamic_databases.catalog.types import Column, Kind
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.models_factory.factory import ModelSet
from schema.limits import Limits
from schema.plan.nodes import (
    Aggregate,
    AllOf,
    AnyOf,
    Compare,
    Figures,
    IsNull,
    Nested,
    NestedAggregate,
    Not,
    Op,
    OrderTerm,
    Page,
    Related,
    Slot,
    Typename,
    Where,
)
from schema.plan.nodes import Value as Selected
from schema.portable_figures import read_figures
from schema.spelling import spell
from schema.sql.binding import bind_offset, glob_pattern, like_pattern, rows_binder, storable_text

Links = tuple[tuple[Column, Column], ...]
Row = dict[str, Any]  # column name → raw value, "\0<column>" → the value to spell

_JOINERS = {Op.EQ: "=", Op.NEQ: "<>", Op.GT: ">", Op.GTE: ">=", Op.LT: "<", Op.LTE: "<="}
# Read as text: what Python's types can't hold (infinity, years beyond 9999) must not spoil the list.
_AS_TEXT = {
    Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME, Kind.DURATION, Kind.JSON, Kind.OTHER, Kind.UUID,
}  # fmt: skip


class _Binary(Func):
    """`left <operator> right` as a condition, without Django's own ideas of NULL."""

    conditional = True
    template = "(%(expressions)s)"

    def __init__(self, left: Any, operator: str, right: Any) -> None:
        super().__init__(left, right, output_field=BooleanField())
        self.arg_joiner = f" {operator} "


class _IsNull(Func):
    """`left IS NULL` as a condition."""

    conditional = True

    def __init__(self, left: Any, negated: bool) -> None:
        super().__init__(left, output_field=BooleanField())
        self.template = f"(%(expressions)s IS {'NOT ' if negated else ''}NULL)"


class _In(Func):
    """`left IN (…)` as a condition."""

    conditional = True

    def __init__(self, *expressions: Any) -> None:
        super().__init__(*expressions, output_field=BooleanField())

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_extra: Any) -> Any:  # noqa: ARG002
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        values = ", ".join(text for text, _ in parts[1:])
        return f"({parts[0][0]} IN ({values}))", [p for _, parameters in parts for p in parameters]


@dataclass(frozen=True)
class PortableReader:
    """Reads plans of one database with one request's variables."""

    models: ModelSet
    alias: str
    variables: Mapping[str, Any]
    limits: Limits

    def answer(self, page: Page | Aggregate) -> bytes:
        """Return the JSON text of a root field that reads."""
        with outcomes.translated(self.models.catalog.vendor, writing=False):
            if isinstance(page, Aggregate):
                return orjson.dumps(self._aggregate(page, (), None))
            rows = self._rows(page)
            answers = self._answers(page, rows)
        if page.single:
            return orjson.dumps(answers[0] if answers else None)
        return orjson.dumps(answers)

    def _rows(self, page: Page) -> list[Row]:
        query = self._query(page).order_by(*self._order(page.order_by, page))
        offset = self._number(page.offset, 0)
        limit = 1 if page.single else self._number(page.limit, self.limits.default_rows)
        return self._fetch(query[offset : offset + limit], page)

    def _nested_rows(
        self, nested: Nested, parents: Sequence[Row]
    ) -> dict[tuple[Any, ...], list[Row]]:
        """Read the rows of all parents with one statement, numbered within each parent."""
        page = nested.page
        keys = {tuple(parent[own.name] for own, _ in nested.links) for parent in parents}
        keys = {key for key in keys if None not in key}
        if not keys:
            return {}
        partition = [F(self._attribute(page, their)) for _, their in nested.links]
        order = self._order(page.order_by, page) or partition
        query = self._query(page).filter(self._any_key(nested, keys))
        query = query.annotate(
            gateway_row=Window(RowNumber(), partition_by=partition, order_by=order)
        )
        offset = self._number(page.offset, 0)
        limit = 1 if page.single else self._number(page.limit, self.limits.default_rows)
        query = query.filter(gateway_row__gt=offset, gateway_row__lte=offset + limit).order_by(
            "gateway_row"
        )
        grouped: dict[tuple[Any, ...], list[Row]] = {}
        for row in self._fetch(query, page, [their for _, their in nested.links]):
            grouped.setdefault(tuple(row[their.name] for _, their in nested.links), []).append(row)
        return grouped

    def _answers(self, page: Page, rows: Sequence[Row]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = [{} for _ in rows]
        for item in page.selection:
            if isinstance(item, Typename):
                values: Iterable[Any] = [item.name] * len(rows)
            elif isinstance(item, Selected):
                values = [spell(row[f"\0{item.column.name}"], item.column.type) for row in rows]
            elif isinstance(item, Nested):
                values = self._nested_answers(item, rows)
            else:
                values = [self._aggregate(item.aggregate, item.links, row) for row in rows]
            for answer, value in zip(answers, values, strict=True):
                answer[item.key] = value
        return answers

    def _aggregate(self, aggregate: Aggregate, links: Links, parent: Row | None) -> dict[str, Any]:
        """Return an aggregate's answer; of related rows, those of one parent."""
        query = self._query(aggregate)
        model = self._model(aggregate)
        for own, their in links if parent is not None else ():
            field = self._field(model, their)
            value = Value(parent[own.name] if parent else None, output_field=field)
            query = query.filter(Q(_Binary(F(model.attribute_of_column[their.name]), "=", value)))
        if aggregate.limit is not None or aggregate.offset is not None:
            offset = self._number(aggregate.offset, 0)
            limit = self._number(aggregate.limit, 0) if aggregate.limit is not None else None
            query = query.order_by(*self._order(aggregate.order_by, aggregate))
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
                attribute_of = partial(self._attribute, aggregate)
                answer[part.key] = read_figures(
                    query, part, attribute_of, self.models.catalog.vendor
                )
            elif parent is None:
                answer[part.key] = self._answers(part.page, self._rows(part.page))
            else:
                (answer[part.key],) = self._nested_answers(
                    Nested(part.key, part.page, links), [parent]
                )
        return answer

    def _nested_answers(self, nested: Nested, parents: Sequence[Row]) -> list[Any]:
        grouped = self._nested_rows(nested, parents)
        flat = [row for rows in grouped.values() for row in rows]
        answered = iter(self._answers(nested.page, flat))
        by_key = {key: [next(answered) for _ in rows] for key, rows in grouped.items()}
        found = [
            by_key.get(tuple(parent[own.name] for own, _ in nested.links), []) for parent in parents
        ]
        return [rows[0] if rows else None for rows in found] if nested.page.single else found

    def _fetch(self, query: QuerySet[Any], page: Page, links: Iterable[Column] = ()) -> list[Row]:
        """Read the values to spell under a NUL and the column, what nested pages hang on as it is."""
        wanted: dict[str, tuple[Column, bool]] = {}  # key → (column, to be spelled)
        for item in page.selection:
            if isinstance(item, Selected):
                wanted[f"\0{item.column.name}"] = (item.column, True)
            elif isinstance(item, Nested | NestedAggregate):
                wanted |= {own.name: (own, False) for own, _ in item.links}
        wanted |= {column.name: (column, False) for column in links}
        expressions = {key: self._expression(page, *spec) for key, spec in wanted.items()}
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

    def _expression(self, page: Page, column: Column, spelled: bool) -> Any:
        attribute = F(self._attribute(page, column))
        if spelled and column.type.kind in _AS_TEXT:
            return Cast(attribute, TextField())
        element = column.type.element
        if element is not None and element.kind in {*_AS_TEXT, Kind.ENUM}:
            return Cast(attribute, ArrayField(TextField()))
        return attribute

    def _query(self, page: Page | Aggregate) -> QuerySet[Any]:
        model = self._model(page)
        return model._base_manager.using(self.alias).filter(self._condition(page.where, model))

    def _condition(self, where: Where, model: type[DynamicSchemaModel]) -> Q:
        match where:
            case Compare():
                return Q(self._comparison(where, model))
            case IsNull():
                attribute = model.attribute_of_column[where.column.name]
                return Q(_IsNull(F(attribute), where.negated))
            case Related():
                target = self.models.models[where.table.name]
                links = Q()
                for own, their in where.links:
                    outer = OuterRef(model.attribute_of_column[own.name])
                    links &= Q(_Binary(F(target.attribute_of_column[their.name]), "=", outer))
                rows = target._base_manager.using(self.alias).filter(
                    links & self._condition(where.where, target)
                )
                return Q(Exists(rows))
            case AllOf():
                condition = Q()
                for part in where.parts:
                    condition &= self._condition(part, model)
                return condition
            case AnyOf():
                return self._any_of([self._condition(part, model) for part in where.parts])
            case Not():
                inner = self._condition(where.part, model)
                return ~inner if inner else _NOTHING

    def _any_of(self, parts: list[Q]) -> Q:
        if not parts:
            return _NOTHING
        if not all(parts):
            return Q()  # one of them matches everything
        condition = parts[0]
        for part in parts[1:]:
            condition |= part
        return condition

    def _comparison(self, node: Compare, model: type[DynamicSchemaModel]) -> Func:
        attribute = model.attribute_of_column[node.column.name]
        field = self._field(model, node.column)
        value = node.slot.operand.read(self.variables)
        if node.op in (Op.IN, Op.NIN):
            values = [Value(_checked(item), output_field=field) for item in value]
            # NOT (NULL IN (…)) is NULL, but nothing is in an empty list, not even NULL.
            found: Func = _In(F(attribute), *values) if values else _Binary(Value(1), "=", Value(0))
            return (
                found
                if node.op is Op.IN
                else Func(found, template="NOT %(expressions)s", output_field=BooleanField())
            )
        if node.op in _JOINERS:
            return _Binary(
                F(attribute), _JOINERS[node.op], Value(_checked(value), output_field=field)
            )
        return _pattern(attribute, node.op, value, self.models.catalog.vendor)

    def _any_key(self, nested: Nested, keys: set[tuple[Any, ...]]) -> Q:
        model = self._model(nested.page)
        attributes = [model.attribute_of_column[their.name] for _, their in nested.links]
        if len(attributes) == 1:
            return Q(**{f"{attributes[0]}__in": [key[0] for key in keys]})
        condition = Q()
        for key in keys:
            condition |= Q(**dict(zip(attributes, key, strict=True)))
        return condition

    def _order(self, terms: Sequence[OrderTerm], page: Page | Aggregate) -> list[Any]:
        return [self._order_term(term, page) for term in terms]

    def _order_term(self, term: OrderTerm, page: Page | Aggregate) -> Any:
        expression: Any = (
            F(self._attribute(page, term.column))
            if not term.hops
            else self._related_column(term, page)
        )
        nulls = {"nulls_first": True} if term.nulls_first else {"nulls_last": True}
        return expression.desc(**nulls) if term.descending else expression.asc(**nulls)

    def _related_column(self, term: OrderTerm, page: Page | Aggregate) -> Any:
        """Nest one scalar subquery per hop, the last innermost."""
        inner: Any = None
        for index in reversed(range(len(term.hops))):
            hop = term.hops[index]
            before = (
                self._model(page)
                if index == 0
                else self.models.models[term.hops[index - 1].table.name]
            )
            target = self.models.models[hop.table.name]
            links = {
                target.attribute_of_column[their.name]: OuterRef(
                    before.attribute_of_column[own.name]
                )
                for own, their in hop.links
            }
            value = F(target.attribute_of_column[term.column.name]) if inner is None else inner
            rows = target._base_manager.using(self.alias).filter(**links)
            inner = Subquery(rows.annotate(gateway_order=value).values("gateway_order")[:1])
        return inner

    def _number(self, slot: Slot | None, default: int) -> int:
        if slot is None:
            return default
        bind = rows_binder(self.limits) if slot.use.value == "rows" else bind_offset
        return int(bind(slot.operand.read(self.variables)))

    def _field(self, model: type[DynamicSchemaModel], column: Column) -> Any:
        """Return the field that converts a column's values; a foreign key's is its target's."""
        field: Any = model._meta.get_field(model.attribute_of_column[column.name])
        return getattr(field, "target_field", field)

    def _model(self, page: Page | Aggregate) -> type[DynamicSchemaModel]:
        return self.models.models[page.table.name]

    def _attribute(self, page: Page | Aggregate, column: Column) -> str:
        return self._model(page).attribute_of_column[column.name]


_NOTHING = Q(_Binary(Value(1), "=", Value(0)))


def _pattern(attribute: str, op: Op, value: Any, vendor: str) -> Func:
    negated = op in (Op.NLIKE, Op.NILIKE)
    without_case = op in (Op.ILIKE, Op.NILIKE)
    if vendor == "sqlite":
        pattern = like_pattern(value) if without_case else glob_pattern(value)
        operator = "LIKE" if without_case else "GLOB"
        escape = " ESCAPE '\\'" if without_case else ""
    else:
        pattern, escape = like_pattern(value), ""
        operator = "ILIKE" if without_case else "LIKE"
    condition = _Binary(F(attribute), f"{'NOT ' if negated else ''}{operator}", Value(pattern))
    condition.template = f"(%(expressions)s{escape})"
    return condition


def _checked(value: Any) -> Any:
    return storable_text(value) if isinstance(value, str) else value
