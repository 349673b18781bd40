"""`Where` and order terms → Django's `Q` and ordering expressions over the models of a catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import and_
from typing import Any

from django.db.models import (
    AutoField,
    BigIntegerField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.types import Column, Kind, Table
from dynamic_databases.dynamic_model import DynamicSchemaModel
from dynamic_databases.models_factory.factory import ModelSet
from schema.orm.aggregates import aggregate_of, count_of
from schema.orm.comparison import comparison
from schema.orm.expressions import Binary, NullTest, never, ungrouped, unknown
from schema.orm.keyset import BeyondCursor, any_attribute
from schema.orm.sources import rows_of
from schema.orm.vendors.dispatch import orm_vendor
from schema.orm.vendors.standard import OrmVendor
from schema.plan.nodes import (
    AllOf,
    AnyOf,
    Beyond,
    Compare,
    GroupAggregate,
    Held,
    IsNull,
    JsonCast,
    Not,
    OrderTerm,
    Related,
    RelatedAggregate,
    RelatedCount,
    Subject,
    Unknown,
    Where,
)

Model = type[DynamicSchemaModel]


@dataclass(frozen=True)
class Conditions:
    """Makes conditions for one database with one request's variables.

    `group_aggregates` are the expressions that groups are filtered and ordered by.
    """

    models: ModelSet
    alias: Alias
    variables: Mapping[str, Any]
    group_aggregates: Mapping[GroupAggregate, Any] = field(default_factory=dict)

    @property
    def _vendor(self) -> OrmVendor:
        return orm_vendor(self.models.catalog.vendor)

    def query(self, table: Table, where: Where) -> QuerySet[Any]:
        return self._rows(table).filter(self.condition(where, self.models.models[table.name]))

    def _rows(self, table: Table) -> QuerySet[Any]:
        return rows_of(table, self.models, self.alias, self.variables)

    def condition(self, where: Where, model: Model) -> Q:  # noqa: PLR0911 - one per kind
        match where:
            case Compare():
                return Q(self._comparison(where, model))
            case IsNull():
                return Q(NullTest(self._subject(where.subject, model), where.negated))
            case Related():
                return Q(Exists(self._related(where, where.where, model)))
            case AllOf():
                return reduce(and_, (self.condition(part, model) for part in where.parts), Q())
            case AnyOf():
                return self._any_of([self.condition(part, model) for part in where.parts])
            case Unknown():
                return Q(unknown())
            case Beyond():
                vendor = self.models.catalog.vendor
                return Q(BeyondCursor(any_attribute(model), where, self.variables, vendor))
            case Held():
                return Q(Binary(Value(where.slot.operand.read(self.variables)), "=", Value(1)))
            case Not():
                inner = self.condition(where.part, model)
                return ~inner if inner else Q(never())

    def _comparison(self, node: Compare, model: Model) -> Func:
        subject = self._vendor.answered(self._subject(node.subject, model), node.subject)
        value = node.slot.operand.read(self.variables)
        own = self._vendor.compare(subject, node, value)
        if own is not None:
            return own
        converter = self._field(node.subject, model)
        return comparison(subject, node.op, node.slot, value, converter, self._vendor)

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
        if isinstance(subject, JsonCast | RelatedCount) or subject.function is None:
            return None
        if subject.function.is_of_booleans:
            return IntegerField()
        if not subject.function.is_extreme or subject.column is None:
            return None
        if Kind.DECIMAL in (subject.column.type.kind, subject.type.kind):
            return None
        if isinstance(subject, RelatedAggregate):
            model = self.models.models[subject.table.name]
        return self.column_field(subject.column, model)

    def _subject(self, subject: Subject, model: Model) -> Any:
        return self._vendor.comparable(self._value(subject, model), subject)

    def _value(self, subject: Subject, model: Model) -> Any:
        if isinstance(subject, Column):
            return F(model.attribute_of_column[subject.name])
        if isinstance(subject, JsonCast):
            attribute = F(model.attribute_of_column[subject.column.name])
            return self._vendor.json_cast(attribute, subject.type.kind)
        if isinstance(subject, GroupAggregate):
            return self.group_aggregates[subject]
        target = self.models.models[subject.table.name]
        attribute_of = partial(_attribute, target)
        if isinstance(subject, RelatedCount):
            aggregate = count_of(subject.columns, subject.distinct, attribute_of)
        else:
            vendor = self.models.catalog.vendor
            aggregate = aggregate_of(
                subject.function, subject.column, attribute_of, vendor, distinct=subject.distinct
            )
        rows = self._related(subject, subject.where, model)
        return Subquery(
            rows.annotate(gateway_aggregate=ungrouped(aggregate)).values("gateway_aggregate")
        )

    def _related(
        self, subject: Related | RelatedCount | RelatedAggregate, where: Where, model: Model
    ) -> QuerySet[Any]:
        target = self.models.models[subject.table.name]
        links = Q()
        for own, their in subject.links:
            outer = OuterRef(model.attribute_of_column[own.name])
            links &= Q(Binary(F(target.attribute_of_column[their.name]), "=", outer))
        return self._rows(subject.table).filter(links & self.condition(where, target)).order_by()

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
        expression = self._hopping(term, model) if term.hops else self._ordered(term, model)
        nulls = {"nulls_first" if term.nulls_first else "nulls_last": True} if term.nullable else {}
        return expression.desc(**nulls) if term.descending else expression.asc(**nulls)

    def _ordered(self, term: OrderTerm, model: Model) -> Any:
        return self._vendor.ordered(self._subject(term.subject, model), term.subject)

    def _hopping(self, term: OrderTerm, model: Model) -> Any:
        """Nest one scalar subquery per hop, the last innermost."""
        models = [model, *(self.models.models[hop.table.name] for hop in term.hops)]
        value = self._vendor.sortable(self._ordered(term, models[-1]), term.subject)
        for hop, before, target in reversed(list(zip(term.hops, models, models[1:], strict=False))):
            links = {
                target.attribute_of_column[their.name]: OuterRef(
                    before.attribute_of_column[own.name]
                )
                for own, their in hop.links
            }
            rows = self._rows(hop.table).filter(**links).filter(self.condition(hop.where, target))
            value = Subquery(rows.annotate(gateway_order=value).values("gateway_order")[:1])
        return value


def _attribute(model: Model, column: Column) -> str:
    return model.attribute_of_column[column.name]
