"""SQLite's texts as bytes, from which JSON is made piece by piece.

A str takes up to four times the bytes of its UTF-8, and an escape sequence six times a character's.
"""

from __future__ import annotations

import codecs
from io import BytesIO
from typing import Any

import orjson
from django.db.models import BinaryField, Func

from schema.answer_size import AnswerMeter

_PIECE = 65_536  # bytes; up to here a text is a str


def as_bytes(expression: Any) -> Func:
    """Return the expression of a text's bytes; a blob in a column of texts is null."""
    template = "CASE WHEN typeof(%(expressions)s) <> 'blob' THEN CAST(%(expressions)s AS BLOB) END"
    return Func(expression, template=template, output_field=BinaryField())


def text_of(data: bytes, meter: AnswerMeter) -> str | orjson.Fragment:
    """Return a text for orjson; a long one as JSON, counted. Raises AnswerTooLarge.

    What is no UTF-8 becomes U+FFFD.
    """
    if len(data) <= _PIECE:
        return data.decode("utf-8", "replace")
    decoder, view, made = (
        codecs.getincrementaldecoder("utf-8")("replace"),
        memoryview(data),
        BytesIO(),
    )
    made.write(b'"')
    for start in range(0, len(data), _PIECE):
        text = decoder.decode(view[start : start + _PIECE], final=start + _PIECE >= len(data))
        piece = orjson.dumps(text)[1:-1]
        meter.add(len(piece))
        made.write(piece)
    made.write(b'"')
    return orjson.Fragment(made.getvalue())
