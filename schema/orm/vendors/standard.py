"""What vendors share in ORM execution; each has its own class."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django.db.models import F, FloatField, Func, TextField, Value
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Column, Kind, SqlType
from schema.orm.expressions import Binary
from schema.plan.nodes import Compare, Function, Op, Slot, Subject
from schema.sql.binding import like_pattern

_TEMPORAL = {Kind.DATE, Kind.TIME, Kind.LOCAL_DATETIME, Kind.DATETIME}
WITHOUT_CASE = (Op.ILIKE, Op.NILIKE)
_NEGATED = (Op.NLIKE, Op.NILIKE)


class OrmVendor:
    """Expressions of one vendor, where Django has none or says it otherwise."""

    # The names of functions of a column's values as floats.
    float_functions: ClassVar[Mapping[Function, str]] = MappingProxyType({})
    # Conditions, whose `{}` are the subject and the operand.
    conditions: ClassVar[Mapping[Op, str]] = MappingProxyType({})
    json_casts: ClassVar[Mapping[Kind, str]] = MappingProxyType({})
    numeric_type: ClassVar[str] = "NUMERIC"  # that holds any operand
    max_values: ClassVar[int | None] = None  # of one `IN`
    copies_texts: ClassVar[bool] = False  # in this process, as it sorts and groups rows

    def as_float(self, attribute: str, column: Column) -> Any:
        """Return an attribute as a float."""
        return Cast(self.comparable(F(attribute), column), FloatField())

    def large_aggregate(
        self,
        function: Function,  # noqa: ARG002 - as below
        column: Column,  # noqa: ARG002
        each: str,  # noqa: ARG002
    ) -> str | None:
        """Return the template of an aggregate that may be too large; None where Django's serves."""
        return None

    def summand(self, value: Any, column: Column) -> Any:  # noqa: ARG002 - some vendors ask it
        """Return what SUM adds up."""
        return value

    def aggregate_answer(self, value: Any, column: Column) -> Any:
        """Return an aggregate as it is read: dates as text, which may be beyond Python's."""
        return Cast(value, TextField()) if column.type.kind in _TEMPORAL else value

    def column_answer(self, attribute: F, column: Column) -> Any:  # noqa: ARG002 - as above
        """Return a column as it is read; None where every vendor reads it alike."""
        return None

    def link_value(self, attribute: F, column: Column) -> Any:  # noqa: ARG002 - as above
        """Return what related rows are found by."""
        return attribute

    def operator(self, symbol: str, sql_type: SqlType) -> str:  # noqa: ARG002 - as above
        """Return a comparison operator of two values of this type."""
        return symbol

    def typed(self, value: Any, slot: Slot) -> Any:  # noqa: ARG002 - as above
        """Return an operand whose type the server doesn't find by itself; None for any other."""
        return None

    def operand(self, value: Any, slot: Slot) -> Any:  # noqa: ARG002 - as above
        """Return what a column is compared with."""
        return value

    def comparable(self, value: Any, subject: Subject) -> Any:  # noqa: ARG002 - as above
        """Return a subject's expression as something that can be compared."""
        return value

    def answered(self, value: Any, subject: Subject) -> Any:  # noqa: ARG002 - as above
        """Return a subject's expression as exact as its answer is; operands are answers."""
        return value

    def compare(self, subject: Any, node: Compare, value: Any) -> Func | None:  # noqa: ARG002
        """Return a comparison that the vendor makes in its own way; None for any other."""
        return None

    def ordered(self, value: Any, subject: Any) -> Any:  # noqa: ARG002 - as above
        """Return what rows are ordered by."""
        return value

    def sortable(self, value: Any, subject: Any) -> Any:  # noqa: ARG002 - as above
        """Return what a subquery's value is sorted by."""
        return value

    def pattern(self, value: Any) -> str:
        """Return the operand of a condition on a pattern."""
        return like_pattern(value)

    def matches(self, subject: Any, op: Op, value: Any) -> Func:
        """Return a condition on a pattern."""
        return matching(subject, op, "ILIKE" if op in WITHOUT_CASE else "LIKE", self.pattern(value))

    def json_cast(self, attribute: F, kind: Kind) -> Any:
        """Return a JSON document as its text, or as the decimal that it is."""
        template = self.json_casts[kind].replace("{0}", "%(expressions)s")
        return Func(attribute, template=f"({template})", output_field=TextField())

    def of_own_type(self, subject: Any, op: Op, slot: Slot, value: Any) -> Func:
        """Return a condition whose operand has a type of its own."""
        raise NotImplementedError(f"{op} is no operator of this vendor")

    def has_keys(self, subject: Any, op: Op, value: Any) -> Func:
        """Return a condition on the keys of a JSON document."""
        raise NotImplementedError(f"{op} is no operator of this vendor")


def matching(subject: Any, op: Op, operator: str, pattern: str, escape: str = "") -> Func:
    """Return `subject [NOT] <operator> pattern`, with what says how characters are escaped."""
    negation = "NOT " if op in _NEGATED else ""
    condition = Binary(subject, f"{negation}{operator}", Value(pattern))
    condition.template = f"(%(expressions)s{escape})"
    return condition
