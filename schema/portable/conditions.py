"""`Where` and order terms → Django's `Q` and ordering expressions over the models of a catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import (
    AutoField,
    BigIntegerField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
)
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Column, Kind, Table
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.models_factory.factory import ModelSet
from schema.plan.nodes import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Compare,
    Function,
    GroupFigure,
    IsNull,
    Not,
    OrderTerm,
    Related,
    RelatedCount,
    RelatedFigure,
    Subject,
    Unknown,
    Where,
)
from schema.portable.expressions import Binary, NullTest, comparison, never, unknown
from schema.portable.figures import count_of, figure_of, ungrouped
from schema.sql import mssql_values

Model = type[DynamicSchemaModel]


@dataclass(frozen=True)
class Conditions:
    """Makes conditions for one database with one request's variables.

    `group_figures` are the expressions of the figures that groups are filtered and ordered by.
    """

    models: ModelSet
    alias: str
    variables: Mapping[str, Any]
    group_figures: Mapping[GroupFigure, Any] = field(default_factory=dict)

    def query(self, table: Table, where: Where) -> QuerySet[Any]:
        model = self.models.models[table.name]
        return model._base_manager.using(self.alias).filter(self.condition(where, model))

    def condition(self, where: Where, model: Model) -> Q:  # noqa: PLR0911 - one per kind
        match where:
            case Compare():
                subject = self._subject(where.subject, model)
                converter = self._field(where.subject, model)
                value = where.slot.operand.read(self.variables)
                vendor = self.models.catalog.vendor
                return Q(comparison(subject, where.op, where.slot, value, converter, vendor))
            case IsNull():
                return Q(NullTest(self._subject(where.subject, model), where.negated))
            case Related():
                return Q(Exists(self._related(where, where.where, model)))
            case AllOf():
                condition = Q()
                for part in where.parts:
                    condition &= self.condition(part, model)
                return condition
            case AnyOf():
                return self._any_of([self.condition(part, model) for part in where.parts])
            case Unknown():
                return Q(unknown())
            case Not():
                inner = self.condition(where.part, model)
                return ~inner if inner else Q(never())

    def order(self, terms: Sequence[OrderTerm], model: Model) -> list[Any]:
        return [self._order_term(term, model) for term in terms]

    def column_field(self, column: Column, model: Model) -> Any:
        """Return the field that converts a column's values; a foreign key's is its target's."""
        field: Any = model._meta.get_field(model.attribute_of_column[column.name])
        field = getattr(field, "target_field", field)
        # Django takes no 0 for a key that MySQL gives; to compare with it is fine.
        return BigIntegerField() if isinstance(field, AutoField) else field

    def _field(self, subject: Subject, model: Model) -> Any:
        """Return the field of a column, or of what is one of a column's values; else None."""
        if isinstance(subject, Column):
            return self.column_field(subject, model)
        if isinstance(subject, RelatedCount) or subject.function not in (
            Function.MIN,
            Function.MAX,
        ):
            return None
        if subject.column is None or subject.column.type.kind is Kind.DECIMAL:
            return None
        if isinstance(subject, RelatedFigure):
            model = self.models.models[subject.table.name]
        return self.column_field(subject.column, model)

    def _subject(self, subject: Subject, model: Model) -> Any:
        if isinstance(subject, Column):
            column = F(model.attribute_of_column[subject.name])
            is_old = subject.type.name in mssql_values.OLD_TEXTS
            is_old = is_old and self.models.catalog.vendor == "microsoft"
            return Cast(column, TextField()) if is_old else column
        if isinstance(subject, GroupFigure):
            return self.group_figures[subject]
        target = self.models.models[subject.table.name]
        attribute_of = partial(_attribute, target)
        if isinstance(subject, RelatedCount):
            figure = count_of(subject.columns, subject.distinct, attribute_of)
        else:
            vendor = self.models.catalog.vendor
            figure = figure_of(subject.function, subject.column, attribute_of, vendor)
        where = subject.where if isinstance(subject, RelatedCount) else EVERYTHING
        rows = self._related(subject, where, model)
        return Subquery(rows.annotate(gateway_figure=ungrouped(figure)).values("gateway_figure"))

    def _related(
        self, subject: Related | RelatedCount | RelatedFigure, where: Where, model: Model
    ) -> QuerySet[Any]:
        target = self.models.models[subject.table.name]
        links = Q()
        for own, their in subject.links:
            outer = OuterRef(model.attribute_of_column[own.name])
            links &= Q(Binary(F(target.attribute_of_column[their.name]), "=", outer))
        rows: QuerySet[Any] = target._base_manager.using(self.alias)
        return rows.filter(links & self.condition(where, target)).order_by()

    def _any_of(self, parts: list[Q]) -> Q:
        if not parts:
            return Q(never())
        if not all(parts):
            return Q()  # one of them matches everything
        condition = parts[0]
        for part in parts[1:]:
            condition |= part
        return condition

    def _order_term(self, term: OrderTerm, model: Model) -> Any:
        expression = self._hopping(term, model) if term.hops else self._subject(term.subject, model)
        nulls = {"nulls_first" if term.nulls_first else "nulls_last": True} if term.nullable else {}
        return expression.desc(**nulls) if term.descending else expression.asc(**nulls)

    def _hopping(self, term: OrderTerm, model: Model) -> Any:
        """Nest one scalar subquery per hop, the last innermost."""
        models = [model, *(self.models.models[hop.table.name] for hop in term.hops)]
        value = self._subject(term.subject, models[-1])
        for hop, before, target in reversed(list(zip(term.hops, models, models[1:], strict=False))):
            links = {
                target.attribute_of_column[their.name]: OuterRef(
                    before.attribute_of_column[own.name]
                )
                for own, their in hop.links
            }
            rows = target._base_manager.using(self.alias).filter(**links)
            value = Subquery(rows.annotate(gateway_order=value).values("gateway_order")[:1])
        return value


def _attribute(model: Model, column: Column) -> str:
    return model.attribute_of_column[column.name]
