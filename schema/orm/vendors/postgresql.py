"""PostgreSQL in ORM execution."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import DecimalField, F, Func, TextField, Value
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Column, Kind, SqlType
from schema.orm.expressions import Binary
from schema.orm.vendors.standard import OrmVendor
from schema.plan.nodes import Op, Slot, Subject, Use
from schema.sql import postgresql_values as values
from schema.sql.statement import Sql

_KEYS = {Op.HAS_KEY: "?", Op.HAS_KEYS_ANY: "?|", Op.HAS_KEYS_ALL: "?&"}
# What the driver makes objects of, which aren't spelled as the server spells the values.
_MADE_INTO_OBJECTS = (Kind.OTHER, Kind.DURATION)
_TYPED = (Kind.OTHER, Kind.ARRAY, Kind.ENUM)


class PostgresqlOrm(OrmVendor):
    """Operators of its own for JSON documents; texts of types that Django doesn't know."""

    float_functions = values.OF_FLOATS
    json_casts = values.JSON_CASTS

    def aggregate_answer(self, value: Any, column: Column) -> Any:
        is_object = column.type.kind in _MADE_INTO_OBJECTS
        return Cast(value, TextField()) if is_object else super().aggregate_answer(value, column)

    def column_answer(self, attribute: F, column: Column) -> Any:
        return self.comparable(attribute, column) if values.is_money(column.type) else None

    def comparable(self, value: Any, subject: Subject) -> Any:
        text = values.operand(Sql("{}"), subject.type).text
        if text == "{}":
            return value
        number: Any = DecimalField()
        is_list = subject.type.kind is Kind.ARRAY
        money = ArrayField(number) if is_list else number
        is_money = values.is_money(subject.type)
        return _cast(value, text.removeprefix("{}::"), money if is_money else TextField())

    def link_value(self, attribute: F, column: Column) -> Any:
        return Cast(attribute, TextField()) if column.type.kind is Kind.OTHER else attribute

    def operator(self, symbol: str, sql_type: SqlType) -> str:
        return values.operator(symbol, sql_type)

    def typed(self, value: Any, slot: Slot) -> Any:
        if slot.type.kind not in _TYPED:
            return None
        text = Value(values.bound(slot.type)(value), output_field=TextField())
        return _cast(text, values.cast(slot.type), TextField())

    def of_own_type(self, subject: Any, op: Op, slot: Slot, value: Any) -> Func:
        operator, own = values.of_own_type(op, slot.type)
        bind = values.bound(slot.type)
        is_list = slot.use is Use.LIST
        text = values.array_text([bind(item) for item in value]) if is_list else bind(value)
        operand = _cast(Value(text, output_field=TextField()), own, TextField())
        return Binary(subject, operator, operand)

    def has_keys(self, subject: Any, op: Op, value: Any) -> Func:
        texts: Any = ArrayField(TextField())
        is_one = op is Op.HAS_KEY
        operand = Value(value) if is_one else Cast(Value(value, output_field=texts), texts)
        # psycopg's own placeholder is %s; a bare question mark is PostgreSQL's operator.
        return Binary(subject, _KEYS[op], operand)


def _cast(value: Any, to: str, field: Any) -> Func:
    template = f"(%(expressions)s)::{to.replace('%', '%%')}"
    return Func(value, template=template, output_field=field)
