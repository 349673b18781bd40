"""Conditions as Django expressions, without Django's own ideas of NULL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Func, JSONField, TextField, Value
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Kind
from schema.plan.nodes import Op, Slot
from schema.sql.binding import glob_pattern, json_text, like_pattern, storable_text

_JOINERS = {
    Op.EQ: "=",
    Op.NEQ: "<>",
    Op.GT: ">",
    Op.GTE: ">=",
    Op.LT: "<",
    Op.LTE: "<=",
    Op.CONTAINS: "@>",
    Op.CONTAINED_IN: "<@",
}
_TEXT_JOINERS = {
    Op.SIMILAR: "SIMILAR TO",
    Op.NSIMILAR: "NOT SIMILAR TO",
    Op.REGEX: "~",
    Op.NREGEX: "!~",
    Op.IREGEX: "~*",
    Op.NIREGEX: "!~*",
}
_KEYS = {Op.HAS_KEY: "?", Op.HAS_KEYS_ANY: "?|", Op.HAS_KEYS_ALL: "?&"}


class Binary(Func):
    """`left <operator> right` as a condition."""

    conditional = True
    template = "(%(expressions)s)"

    def __init__(self, left: Any, operator: str, right: Any) -> None:
        super().__init__(left, right, output_field=BooleanField())
        self.arg_joiner = f" {operator} "


class NullTest(Func):
    """`left IS NULL` as a condition."""

    conditional = True

    def __init__(self, left: Any, negated: bool) -> None:
        super().__init__(left, output_field=BooleanField())
        self.template = f"(%(expressions)s IS {'NOT ' if negated else ''}NULL)"


class Within(Func):
    """`left IN (…)` as a condition."""

    conditional = True

    def __init__(self, *expressions: Any) -> None:
        super().__init__(*expressions, output_field=BooleanField())

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_extra: Any) -> Any:  # noqa: ARG002
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        values = ", ".join(text for text, _ in parts[1:])
        return f"({parts[0][0]} IN ({values}))", [p for _, parameters in parts for p in parameters]


def never() -> Binary:
    return Binary(Value(1), "=", Value(0))


def comparison(subject: Any, op: Op, slot: Slot, value: Any, field: Any, vendor: str) -> Func:
    """Return the condition of a comparison; `field` converts values of a column's type."""
    if op in (Op.IN, Op.NIN):
        return _membership(subject, op, slot, value, field)
    if op in _JOINERS:
        return Binary(subject, _JOINERS[op], _operand(slot, value, field))
    if op in _TEXT_JOINERS:
        return Binary(subject, _TEXT_JOINERS[op], Value(storable_text(value)))
    if op in _KEYS:
        return _has_keys(subject, op, value, vendor)
    return _pattern(subject, op, value, vendor)


def _membership(subject: Any, op: Op, slot: Slot, value: Any, field: Any) -> Func:
    values = [_operand(slot, item, field) for item in value]
    # NOT (NULL IN (…)) is NULL, but nothing is in an empty list, not even NULL.
    found: Func = Within(subject, *values) if values else never()
    if op is Op.IN:
        return found
    return Func(found, template="NOT %(expressions)s", output_field=BooleanField())


def _operand(slot: Slot, value: Any, field: Any) -> Any:
    if slot.type.kind is Kind.JSON:
        return Cast(Value(json_text(value), output_field=TextField()), JSONField())
    if isinstance(value, str):
        value = storable_text(value)
    if (
        isinstance(value, Decimal) and field is None
    ):  # a figure has no column whose type it takes on
        return Func(Value(format(value, "f")), template="CAST(%(expressions)s AS NUMERIC)")
    if slot.type.kind is Kind.ARRAY:
        return Cast(Value(value, output_field=field), field)
    return Value(value, output_field=field)


def _has_keys(subject: Any, op: Op, value: Any, vendor: str) -> Func:
    if vendor == "sqlite":
        keys = json_text([value] if op is Op.HAS_KEY else value)
        arguments = (Value(keys), Value(int(op is not Op.HAS_KEYS_ALL)))
        found = Func(subject, *arguments, function="gateway_has_keys", output_field=BooleanField())
        found.conditional = True  # type: ignore[misc]  # a class attribute of Django's
        return found
    texts: Any = ArrayField(TextField())
    operand = Value(value) if op is Op.HAS_KEY else Cast(Value(value, output_field=texts), texts)
    # psycopg's own placeholder is %s; a bare question mark is PostgreSQL's operator.
    return Binary(subject, _KEYS[op], operand)


def _pattern(subject: Any, op: Op, value: Any, vendor: str) -> Func:
    negated = op in (Op.NLIKE, Op.NILIKE)
    without_case = op in (Op.ILIKE, Op.NILIKE)
    if vendor == "sqlite":
        pattern = like_pattern(value) if without_case else glob_pattern(value)
        operator = "LIKE" if without_case else "GLOB"
        escape = " ESCAPE '\\'" if without_case else ""
    else:
        pattern, escape = like_pattern(value), ""
        operator = "ILIKE" if without_case else "LIKE"
    condition = Binary(subject, f"{'NOT ' if negated else ''}{operator}", Value(pattern))
    condition.template = f"(%(expressions)s{escape})"
    return condition
