"""How a value is spelled in JSON: one spelling on every vendor and on both executions.

What a type can't carry (a text in an integer column, NaN, infinity, a year beyond 9999) is None:
it spoils its cell, not the list.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from dynamic_databases.catalog.types import Kind, SqlType
from schema import exact_numbers
from schema.given_uuid import GivenUuid, is_mixed
from schema.json_paths import parse_path, value_at
from schema.names.enums import enum_value_names

_INT32 = 2**31
_LONGEST = (
    150_000  # characters of a number or a moment: PostgreSQL's longest number has 147,455 digits
)


def encode(value: Any, sql_type: SqlType) -> Any:
    """Return a driver's `value` as what orjson turns into its canonical JSON."""
    if value is None:
        return None
    if sql_type.kind is Kind.ARRAY and sql_type.element is not None:
        element = sql_type.element
        if not isinstance(value, list) or any(isinstance(item, list) for item in value):
            return None  # a list of GraphQL has one dimension
        items = [encode(item, element) for item in value]
        is_whole = items.count(None) == value.count(None)  # else it were another list
        return items if is_whole else None
    if sql_type.kind is Kind.DECIMAL:
        return decimal_text(value, sql_type.scale)
    if sql_type.kind is Kind.ENUM:
        return enum_value_names(sql_type.labels).get(str(value))
    return _SPELLINGS[sql_type.kind](value)


def float_text(value: Any) -> str | None:
    """Return the shortest digits of a float, in PostgreSQL's form: `1`, `0.1`, `1e+20`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value)
    if not math.isfinite(number):
        return None
    sign, digits, exponent = decimal.Decimal(repr(number)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)  # where the decimal point stands within the digits
    minus = "-" if sign else ""
    if number == 0:
        return f"{minus}0"
    if -4 < point <= 15:
        if point <= 0:
            return f"{minus}0.{'0' * -point}{text}"
        whole, fraction = text[:point].ljust(point, "0"), text[point:]
        return f"{minus}{whole}.{fraction}" if fraction else f"{minus}{whole}"
    power = point - 1
    mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
    return f"{minus}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"


def decimal_text(value: Any, scale: int | None) -> str | None:
    """Return a decimal's digits without exponent, with `scale` places if there is a scale."""
    if _is_too_long(value):
        return None
    try:
        number = decimal.Decimal(str(value))
        if not number.is_finite():
            return None
        if scale is not None and scale >= 0:
            with decimal.localcontext(decimal.Context(prec=1000, rounding=decimal.ROUND_HALF_UP)):
                number = number.quantize(decimal.Decimal(1).scaleb(-scale))
        number = number or number.copy_abs()  # -0 is no other number than 0
        return format(number, "f")
    except decimal.InvalidOperation:
        return None


def date_text(value: Any) -> str | None:
    if _is_too_long(value):
        return None
    try:
        return (
            dt.date.fromisoformat(str(value)[:10]).isoformat()
            if re.match(_DATE, str(value))
            else None
        )
    except ValueError:
        return None


def time_text(value: Any) -> str | None:
    if _is_too_long(value):
        return None
    try:
        time = value if isinstance(value, dt.time) else dt.time.fromisoformat(str(value))
    except ValueError:
        return None
    return _trimmed(time.replace(tzinfo=None).isoformat())


def local_datetime_text(value: Any) -> str | None:
    """Return `2024-03-01T12:00:00.5`; a value with an offset is converted to UTC."""
    moment = _moment(value)
    if moment is None:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return _trimmed(moment.isoformat())


def datetime_text(value: Any) -> str | None:
    """Return `2024-03-01T12:00:00.5+00:00`; a value without an offset is UTC."""
    moment = _moment(value)
    if moment is None:
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)
    return f"{_trimmed(moment.replace(tzinfo=None).isoformat())}+00:00"


def id_text(value: Any, sql_type: SqlType) -> str:
    """Return a driver's value as a part of a global id: as in JSON, without quotes."""
    spelled = encode(value, sql_type)
    if spelled is None:
        return ""
    return spelled if isinstance(spelled, str) else orjson.dumps(spelled).decode()


def json_object(fields: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a JSON object of fields that are JSON already."""
    return b"".join(object_pieces([(key, [value]) for key, value in fields]))


def object_pieces(fields: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Yield the pieces of a JSON object, whose values are in pieces: large ones are copied once."""
    start = b'{"'
    for key, pieces in fields:
        yield b'%b%b":' % (start, key.encode())
        yield from pieces
        start = b',"'
    yield b"}" if start == b',"' else b"{}"


def list_pieces(items: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """Yield the pieces of a JSON array, whose items are in pieces."""
    start = b"["
    for pieces in items:
        yield start
        yield from pieces
        start = b","
    yield b"]" if start == b"," else b"[]"


def is_null(value: bytes) -> bool:
    """Return whether JSON is `null`; a msgspec.Raw, which equals no bytes, is JSON too."""
    return bytes(memoryview(value)[:5]) == b"null"


def base64_text(value: Any) -> str:
    is_number = isinstance(value, int | float)  # SQLite takes any value for any column
    text = str(value) if is_number or isinstance(value, str) else None
    return base64.b64encode(bytes(value) if text is None else text.encode()).decode()


def uuid_text(value: Any) -> str | None:
    """Return a UUID in lower case; one of mixed case, which is found by itself alone, as it is."""
    if _is_too_long(value):
        return None
    text = value.given if isinstance(value, GivenUuid) else str(value)
    digits = re.sub(r"[-{}]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{32}", digits):
        return None
    if is_mixed(text):
        return text
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_SPACED_OFFSET = re.compile(r"\s(?=[+-]\d\d:\d\d$)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:$|[ T](?!.*BC))")


def _is_too_long(value: Any) -> bool:
    """A long text in another type's column would be scanned with the interpreter's lock held."""
    return isinstance(value, str | bytes) and len(value) > _LONGEST


def _moment(value: Any) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value
    if _is_too_long(value) or not re.match(_DATE, str(value)):
        return None
    try:
        # SQL Server puts a space before the offset.
        return dt.datetime.fromisoformat(re.sub(_SPACED_OFFSET, "", str(value)))
    except (ValueError, OverflowError):
        return None


def _trimmed(text: str) -> str:
    return text.rstrip("0") if "." in text else text


def _integer(value: Any) -> int | None:
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return value if is_int and -_INT32 <= value < _INT32 else None


def _bigint(value: Any) -> str | None:
    if isinstance(value, decimal.Decimal) and value == value.to_integral_value():
        return str(int(value))  # MySQL's sums of integers
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _boolean(value: Any) -> bool | None:
    return bool(value) if value in (0, 1) and not isinstance(value, str) else None


def _text(value: Any) -> str | orjson.Fragment | None:
    if isinstance(value, orjson.Fragment):  # a long text is JSON already
        return value
    return None if isinstance(value, bytes | memoryview) else str(value)


def _float(value: Any) -> Any:
    text = float_text(value)
    return None if text is None else orjson.Fragment(text)


def _json(value: Any) -> Any:
    """JSON comes as the database's own text: its numbers keep their digits."""
    try:
        orjson.loads(value)
    except (orjson.JSONDecodeError, TypeError):
        return None
    return orjson.Fragment(value)


def json_part(value: Any, path: str) -> Any:
    """Return what a path leads to in a document; None where nothing does, or it is no JSON."""
    steps = parse_path(path)
    try:
        document = exact_numbers.loads(value)
    except (orjson.JSONDecodeError, TypeError):
        return None
    if not steps:
        return orjson.Fragment(value)
    return orjson.Fragment(exact_numbers.dumps(value_at(document, steps)))


_SPELLINGS = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.BIGINT: _bigint,
    Kind.FLOAT: _float,
    Kind.TEXT: _text,
    Kind.BINARY: base64_text,
    Kind.DATE: date_text,
    Kind.TIME: time_text,
    Kind.LOCAL_DATETIME: local_datetime_text,
    Kind.DATETIME: datetime_text,
    Kind.DURATION: _text,
    Kind.UUID: uuid_text,
    Kind.JSON: _json,
    Kind.OTHER: _text,
}
