"""A comparison of a plan as a Django expression."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Func, JSONField, TextField, Value
from django.db.models.functions import Cast

from dynamic_databases.catalog.types import Kind
from schema.errors import TooComplex
from schema.orm.expressions import Binary, Condition, Templated, Within, never
from schema.orm.vendors.standard import OrmVendor
from schema.plan.nodes import Op, Slot
from schema.sql.binding import json_text, storable_text
from schema.sql.operators import COMPARISONS, CONTAINMENT, OF_OWN_TYPES, REGULAR_EXPRESSIONS

_JOINERS = {**COMPARISONS, **CONTAINMENT}
_PATTERNS = (Op.LIKE, Op.NLIKE, Op.ILIKE, Op.NILIKE)
_KEYS = (Op.HAS_KEY, Op.HAS_KEYS_ANY, Op.HAS_KEYS_ALL)


def comparison(subject: Any, op: Op, slot: Slot, value: Any, field: Any, vendor: OrmVendor) -> Func:
    """Return the condition of a comparison; `field` converts values of a column's type."""
    template = vendor.conditions.get(op)
    if op in (Op.IN, Op.NIN):
        return _membership(subject, op, slot, value, field, vendor)
    if template is not None:
        return Templated(template, subject, Value(_text(op, slot, value, vendor)))
    if op in _JOINERS:
        operator = vendor.operator(_JOINERS[op], slot.type)
        return Binary(subject, operator, _operand(slot, value, field, vendor))
    if op in REGULAR_EXPRESSIONS:
        return Binary(subject, REGULAR_EXPRESSIONS[op], Value(storable_text(value)))
    if op in OF_OWN_TYPES:
        return vendor.of_own_type(subject, op, slot, value)
    of_vendor = vendor.has_keys if op in _KEYS else vendor.matches
    return of_vendor(subject, op, value)


def _text(op: Op, slot: Slot, value: Any, vendor: OrmVendor) -> str:
    """Return what a vendor's template compares with."""
    if op in _PATTERNS:
        return vendor.pattern(value)
    is_text = slot.type.kind is Kind.TEXT and isinstance(value, str)
    return storable_text(value) if is_text else json_text(value)


def _membership(
    subject: Any, op: Op, slot: Slot, value: Any, field: Any, vendor: OrmVendor
) -> Func:
    most = vendor.max_values
    if most is not None and len(value) > most:
        raise TooComplex(f"{op} has {len(value)} values, above the {most} that this server takes.")
    values = [_operand(slot, item, field, vendor) for item in value]
    # NOT (NULL IN (…)) is NULL, but nothing is in an empty list, not even NULL.
    found: Func = _within(subject, values, vendor.operator("=", slot.type)) if values else never()
    if op is Op.IN:
        return found
    return Condition(found, template="NOT %(expressions)s", output_field=BooleanField())


def _within(subject: Any, values: list[Any], equals: str) -> Func:
    """IN knows no operator beyond the search path."""
    if equals == "=":
        return Within(subject, *values)
    equal = [Binary(subject, equals, value) for value in values]
    found = Condition(*equal, template="(%(expressions)s)", output_field=BooleanField())
    found.arg_joiner = " OR "
    return found


def _operand(slot: Slot, value: Any, field: Any, vendor: OrmVendor) -> Any:
    if slot.type.kind is Kind.JSON:
        return Cast(Value(json_text(value), output_field=TextField()), JSONField())
    if isinstance(value, str):
        value = storable_text(value)
    typed = vendor.typed(value, slot)
    if typed is not None:
        return typed
    value = vendor.operand(value, slot)
    if (
        isinstance(value, Decimal) and field is None
    ):  # an aggregate has no column whose type it takes on
        template = f"CAST(%(expressions)s AS {vendor.numeric_type})"
        return Func(Value(format(value, "f")), template=template)
    return Value(value, output_field=field)
