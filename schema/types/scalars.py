"""The scalars, by the names of graphql-scalars, with what each takes as input.

Answers are spelled by the database or by `schema.json_values`, so serializing passes them through.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import math
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import graphene
from graphql import GraphQLError, Undefined, ValueNode
from graphql.language import (
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    VariableNode,
)

from schema.exact_numbers import ExactNumber, integer, number_text
from schema.given_uuid import GivenUuid

_MAX_DIGITS = 1000
_DURATION = re.compile(
    r"(?P<sign>[+-]?)(?P<parts>P(?!$)({0}Y)?({0}M)?({0}W)?({0}D)?"
    r"(T(?=[+-]?\d)({0}H)?({0}M)?({0}S)?)?)".replace("{0}", r"[+-]?\d+(?:\.\d+)?")
)


class _Spelled(graphene.Scalar):  # type: ignore[misc]  # graphene has no types
    """A scalar whose inputs are texts (and numbers where `numbers`)."""

    numbers: ClassVar[bool] = False
    example: ClassVar[str] = ""

    @staticmethod
    def serialize(value: Any) -> Any:
        return value

    @classmethod
    def parse_value(cls, value: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not isinstance(value, str) and not (cls.numbers and is_number):
            raise GraphQLError(
                f"{cls.__name__} must be written like {cls.example}, not as {_shown(value)}."
            )
        try:
            return cls.from_text(value if isinstance(value, str) else number_text(value))
        except (ValueError, ArithmeticError):
            raise GraphQLError(
                f"{_shown(value)} is no {cls.__name__}; write it like {cls.example}."
            ) from None

    @classmethod
    def parse_literal(cls, node: ValueNode, _variables: Any = None) -> Any:
        if isinstance(node, StringValueNode):
            return cls.parse_value(node.value)
        if cls.numbers and isinstance(node, IntValueNode | FloatValueNode):
            return cls.parse_value(node.value)
        raise GraphQLError(f"{cls.__name__} must be written like {cls.example}.", node)

    @classmethod
    def from_text(cls, text: str) -> Any:
        """Return the Python value of `text`. Raises ValueError or ArithmeticError."""
        raise ValueError(text)


class BigInt(_Spelled):
    """A whole number of up to 64 bits, as a string; numbers are taken too."""

    numbers = True
    example = '"9007199254740993"'

    @classmethod
    def from_text(cls, text: str) -> int:
        if (
            re.fullmatch(r"[+-]?\d{1,20}", text, re.ASCII) is None
            or not -(2**63) <= int(text) < 2**63
        ):
            raise ValueError(text)
        return int(text)


class Decimal(_Spelled):
    """A decimal number of any precision, as a string; numbers are taken too."""

    numbers = True
    example = '"12.50"'

    @classmethod
    def from_text(cls, text: str) -> decimal.Decimal:
        number = decimal.Decimal(text)
        if (
            not number.is_finite()
            or len(text) > _MAX_DIGITS
            or abs(number.adjusted()) > _MAX_DIGITS
        ):
            raise ValueError(text)
        return number


class Date(_Spelled):
    """A date: `2024-03-01`."""

    example = '"2024-03-01"'

    @classmethod
    def from_text(cls, text: str) -> dt.date:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
            raise ValueError(text)
        return dt.date.fromisoformat(text)


class LocalTime(_Spelled):
    """A time of day without a zone: `13:45:00`."""

    example = '"13:45:00"'

    @classmethod
    def from_text(cls, text: str) -> dt.time:
        time = dt.time.fromisoformat(text)
        if time.tzinfo is not None or ":" not in text:
            raise ValueError(text)
        return time


class LocalDateTime(_Spelled):
    """A date and time of a column without a time zone: `2024-03-01T13:45:00`."""

    example = '"2024-03-01T13:45:00"'

    @classmethod
    def from_text(cls, text: str) -> dt.datetime:
        moment = _moment(text)
        if moment.tzinfo is not None:
            raise ValueError(text)
        return moment


class DateTime(_Spelled):
    """A moment, with its offset: `2024-03-01T13:45:00+00:00`."""

    example = '"2024-03-01T13:45:00+00:00"'

    @classmethod
    def from_text(cls, text: str) -> dt.datetime:
        moment = _moment(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(dt.UTC)


class Duration(_Spelled):
    """A length of time by ISO 8601: `P1DT2H`."""

    example = '"P1DT2H"'

    @classmethod
    def from_text(cls, text: str) -> str:
        """A sign before all is put before each part, as PostgreSQL writes and takes it."""
        found = _DURATION.fullmatch(text)
        if found is None or len(text) > 100:
            raise ValueError(text)
        parts = re.sub(r"\+(?=\d)", "", found["parts"])
        if found["sign"] != "-":
            return parts
        return re.sub(r"(?<![\d.-])-?(?=\d)", lambda sign: "" if sign[0] else "-", parts)


class UUID(_Spelled):
    """A UUID: `6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10`."""

    example = '"6f1c1ad0-6f0b-4f5c-8f3e-2b1f6f3a9d10"'

    @classmethod
    def from_text(cls, text: str) -> str:
        return GivenUuid(text)


class Byte(_Spelled):
    """Binary data in base64."""

    example = '"aGVsbG8="'

    @classmethod
    def from_text(cls, text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise ValueError(text) from None


class JSON(graphene.Scalar):  # type: ignore[misc]  # graphene has no types
    """Any JSON value."""

    @staticmethod
    def serialize(value: Any) -> Any:
        return value

    @staticmethod
    def parse_value(value: Any) -> Any:
        return value

    @staticmethod
    def parse_literal(node: ValueNode, variables: Any = None) -> Any:
        return _untyped(node, variables or {})


def _untyped(node: ValueNode, variables: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one per kind
    """Return the value of a literal that no type describes; its numbers keep their digits."""
    match node:
        case IntValueNode():
            return _finite(integer(node.value), node)
        case FloatValueNode():
            return _finite(ExactNumber(node.value), node)
        case ListValueNode():
            return [_untyped(item, variables) for item in node.values]
        case ObjectValueNode():
            return {field.name.value: _untyped(field.value, variables) for field in node.fields}
        case VariableNode():
            return variables.get(node.name.value, Undefined)
        case NullValueNode():
            return None
        case _:
            return node.value  # type: ignore[attr-defined]  # a text, boolean or enum value


def _finite(number: float, node: ValueNode) -> float:
    if isinstance(number, ExactNumber) and math.isinf(number):
        raise GraphQLError("JSON has no infinite numbers.", node)
    return number


def _moment(text: str) -> dt.datetime:
    """RFC 3339 with `T` or a space; Python takes more spellings than that."""
    if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text, re.ASCII) is None:
        raise ValueError(text)
    return dt.datetime.fromisoformat(text)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
