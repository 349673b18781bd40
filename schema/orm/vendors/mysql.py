"""MySQL and MariaDB in ORM execution."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, F, FloatField, Func, IntegerField, TextField

from dynamic_databases.catalog.types import Column, Kind
from schema.orm.vendors.standard import OrmVendor
from schema.plan.nodes import Function, Slot
from schema.sql import mysql_values
from schema.sql.binding import single


class MysqlOrm(OrmVendor):
    """Booleans are numbers, and ENUMs are sorted by theirs."""

    float_functions = mysql_values.OF_FLOATS
    json_casts = mysql_values.JSON_CASTS
    conditions = mysql_values.CONDITIONS
    numeric_type = "DECIMAL(65, 30)"

    def large_aggregate(self, function: Function, column: Column, each: str) -> str | None:
        if not mysql_values.may_overflow(function, column.type):
            return None
        return mysql_values.aggregate(function, "%(expressions)s", column.type, each)

    def as_float(self, attribute: str, column: Column) -> Any:  # noqa: ARG002 - any number
        # Django's cast makes a decimal of it.
        return Func(F(attribute), template="(%(expressions)s + 0e0)", output_field=FloatField())

    def column_answer(self, attribute: F, column: Column) -> Any:
        if column.type.kind is Kind.BOOLEAN:
            return Func(attribute, template="(%(expressions)s + 0)", output_field=IntegerField())
        if mysql_values.shows_fewer_digits(column.type):
            digits = mysql_values.as_digits("%(expressions)s", column.type)
            return Func(attribute, template=digits, output_field=FloatField())
        if column.type.kind is Kind.OTHER:
            text = mysql_values.as_text("%(expressions)s", column.type)
            return Func(attribute, template=text, output_field=TextField())
        return None

    def operand(self, value: Any, slot: Slot) -> Any:
        return single(value) if mysql_values.is_single(slot.type) else value

    def sortable(self, value: Any, subject: Any) -> Any:
        if not mysql_values.is_numbered(subject.type):
            return value
        return Func(value, template="(%(expressions)s + 0)", output_field=BigIntegerField())
