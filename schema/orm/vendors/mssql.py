"""SQL Server in ORM execution."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, F, Func, TextField
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Column, Kind
from schema.orm.expressions import Templated
from schema.orm.vendors.standard import OrmVendor
from schema.plan.nodes import Subject
from schema.sql import mssql_values


class MssqlOrm(OrmVendor):
    """What the driver's types can't hold is read as text."""

    float_functions = mssql_values.OF_FLOATS
    json_casts = mssql_values.JSON_CASTS
    conditions = mssql_values.CONDITIONS
    numeric_type = "DECIMAL(38, 15)"
    max_values = 2_000  # of 2,100 parameters in one statement

    def summand(self, value: Any, column: Column) -> Any:
        """A sum has the type of what is added."""
        return Cast(value, BigIntegerField()) if column.type.kind is Kind.INTEGER else value

    def aggregate_answer(self, value: Any, column: Column) -> Any:
        text = self._as_text(value, column)
        return value if text is None else text

    def column_answer(self, attribute: F, column: Column) -> Any:
        return self._as_text(attribute, column)

    def comparable(self, value: Any, subject: Subject) -> Any:
        is_old = mssql_values.compared_as(subject.type) is not None
        text = mssql_values.comparable("{0}", subject.type)
        return Templated(text, value, output_field=TextField()) if is_old else value

    def answered(self, value: Any, subject: Subject) -> Any:
        is_fine = mssql_values.is_fine(subject.type)
        text = mssql_values.as_answered("{0}", subject.type)
        return Templated(text, value, output_field=TextField()) if is_fine else value

    def pattern(self, value: Any) -> str:
        return mssql_values.pattern(value)

    def _as_text(self, value: Any, column: Column) -> Any:
        text = mssql_values.python_text("%(expressions)s", column.type)
        return None if text is None else Func(value, template=text, output_field=TextField())
