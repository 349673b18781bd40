"""Conditions as Django expressions, without Django's own ideas of NULL."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from string import Formatter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Func, JSONField, TextField, Value
from django.db.models.expressions import Expression, RawSQL
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Kind
from schema.errors import TooComplex
from schema.plan.nodes import Op, Slot
from schema.sql import mssql_values, mysql_values
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
_PATTERNS = (Op.LIKE, Op.NLIKE, Op.ILIKE, Op.NILIKE)
_TEMPLATES = {"mysql": mysql_values.CONDITIONS, "microsoft": mssql_values.CONDITIONS}
_MAX_PARAMETERS = 2_000  # of 2,100 in one statement
_NUMERIC = {"mysql": "DECIMAL(65, 30)", "microsoft": "DECIMAL(38, 15)"}
_KEYS = {Op.HAS_KEY: "?", Op.HAS_KEYS_ANY: "?|", Op.HAS_KEYS_ALL: "?&"}


class _TakenForSql(RawSQL):
    """What mssql-django takes for a condition: RawSQL, and nothing else that isn't Django's own."""

    def __init__(self, output_field: Any = None) -> None:
        Expression.__init__(self, output_field=output_field)


class Condition(Func, _TakenForSql):
    """A function that is a condition."""

    conditional = True

    def get_group_by_cols(self) -> list[Any]:
        return Expression.get_group_by_cols(self)

    def __repr__(self) -> str:
        return Func.__repr__(self)


class Binary(Condition):
    """`left <operator> right` as a condition."""

    template = "(%(expressions)s)"

    def __init__(self, left: Any, operator: str, right: Any) -> None:
        super().__init__(left, right, output_field=BooleanField())
        self.arg_joiner = f" {operator} "


class NullTest(Condition):
    """`left IS NULL` as a condition."""

    def __init__(self, left: Any, negated: bool) -> None:
        super().__init__(left, output_field=BooleanField())
        self.template = f"(%(expressions)s IS {'NOT ' if negated else ''}NULL)"


class Within(Condition):
    """`left IN (…)` as a condition."""

    def __init__(self, *expressions: Any) -> None:
        super().__init__(*expressions, output_field=BooleanField())

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_extra: Any) -> Any:  # noqa: ARG002
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        values = ", ".join(text for text, _ in parts[1:])
        return f"({parts[0][0]} IN ({values}))", [p for _, parameters in parts for p in parameters]


class Templated(Condition):
    """A condition by a template of the vendor's dialect, whose `{}` are the expressions."""

    def __init__(self, text: str, *expressions: Any) -> None:
        super().__init__(*expressions, output_field=BooleanField())
        self._text = text

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_extra: Any) -> Any:  # noqa: ARG002
        compiled = [compiler.compile(expression) for expression in self.source_expressions]
        pieces: list[str] = []
        parameters: list[Any] = []
        numbers = count()
        for text, field, _spec, _conversion in Formatter().parse(self._text):
            pieces.append(text.replace("%", "%%"))
            if field is not None:
                found, own = compiled[int(field) if field else next(numbers)]
                pieces.append(found)
                parameters += own
        return f"({''.join(pieces)})", parameters


def never() -> Binary:
    return Binary(Value(1), "=", Value(0))


def unknown() -> Condition:
    return Condition(template="(1 = NULL)", output_field=BooleanField())


def comparison(subject: Any, op: Op, slot: Slot, value: Any, field: Any, vendor: str) -> Func:
    """Return the condition of a comparison; `field` converts values of a column's type."""
    template = _TEMPLATES.get(vendor, {}).get(op)
    if op in (Op.IN, Op.NIN):
        return _membership(subject, op, slot, value, field, vendor)
    if template is not None:
        return Templated(template, subject, Value(_text(op, slot, value, vendor)))
    if op in _JOINERS:
        return Binary(subject, _JOINERS[op], _operand(slot, value, field, vendor))
    if op in _TEXT_JOINERS:
        return Binary(subject, _TEXT_JOINERS[op], Value(storable_text(value)))
    return (_has_keys if op in _KEYS else _pattern)(subject, op, value, vendor)


def _text(op: Op, slot: Slot, value: Any, vendor: str) -> str:
    """Return what a vendor's template compares with."""
    if op in _PATTERNS:
        return mssql_values.pattern(value) if vendor == "microsoft" else like_pattern(value)
    is_text = slot.type.kind is Kind.TEXT and isinstance(value, str)
    return storable_text(value) if is_text else json_text(value)


def _membership(subject: Any, op: Op, slot: Slot, value: Any, field: Any, vendor: str) -> Func:
    if vendor == "microsoft" and len(value) > _MAX_PARAMETERS:
        raise TooComplex(
            f"{op} has {len(value)} values, above the {_MAX_PARAMETERS} that this SQL Server takes."
        )
    values = [_operand(slot, item, field, vendor) for item in value]
    # NOT (NULL IN (…)) is NULL, but nothing is in an empty list, not even NULL.
    found: Func = Within(subject, *values) if values else never()
    if op is Op.IN:
        return found
    return Condition(found, template="NOT %(expressions)s", output_field=BooleanField())


def _operand(slot: Slot, value: Any, field: Any, vendor: str) -> Any:
    if slot.type.kind is Kind.JSON:
        return Cast(Value(json_text(value), output_field=TextField()), JSONField())
    if isinstance(value, str):
        value = storable_text(value)
    if (
        isinstance(value, Decimal) and field is None
    ):  # a figure has no column whose type it takes on
        kind = _NUMERIC.get(vendor, "NUMERIC")
        return Func(Value(format(value, "f")), template=f"CAST(%(expressions)s AS {kind})")
    if slot.type.kind is Kind.ARRAY:
        return Cast(Value(value, output_field=field), field)
    return Value(value, output_field=field)


def _has_keys(subject: Any, op: Op, value: Any, vendor: str) -> Func:
    if vendor == "sqlite":
        keys = json_text([value] if op is Op.HAS_KEY else value)
        arguments = (Value(keys), Value(int(op is not Op.HAS_KEYS_ALL)))
        return Condition(
            subject, *arguments, function="gateway_has_keys", output_field=BooleanField()
        )
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
