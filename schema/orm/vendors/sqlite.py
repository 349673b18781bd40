"""SQLite in ORM execution: GLOB minds the case, LIKE doesn't."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Func, TextField, Value

from dynamic_databases.catalog.types import Column, Kind
from schema.orm.expressions import Templated
from schema.orm.vendors.standard import WITHOUT_CASE, OrmVendor, matching
from schema.plan.nodes import Compare, Function, Op
from schema.sql import sqlite_aggregates, sqlite_values
from schema.sql import sqlite_columns as columns
from schema.sql.binding import glob_pattern, json_text, like_pattern
from schema.sql.sqlite_binding import binder, column_comparison
from schema.sql.statement import PLACE


class SqliteOrm(OrmVendor):
    """Some functions are the gateway's own."""

    float_functions = sqlite_aggregates.OF_FLOATS
    json_casts = sqlite_values.JSON_CASTS
    copies_texts = True

    def large_aggregate(self, function: Function, column: Column, each: str) -> str | None:
        if not sqlite_aggregates.may_overflow(function, column.type):
            return None
        return sqlite_aggregates.of_floats(function, "%(expressions)s", each)

    def compare(self, subject: Any, node: Compare, value: Any) -> Func | None:
        """Compare columns as the statements do: by what they are answered as."""
        if not isinstance(node.subject, Column):
            return None
        piece = column_comparison("{0}", node.op, node.slot)
        if piece is None:
            return None
        operand = binder(piece.slots[0])(value)
        return Templated(piece.text.replace(PLACE, "{1}"), subject, Value(operand))

    def column_answer(self, attribute: F, column: Column) -> Any:
        """Read what Django would convert, or a blob that is no text, as the statements do."""
        if column.type.kind not in (Kind.DECIMAL, Kind.OTHER):
            return None
        text = columns.spelled("{0}", column.type)
        return Templated(text, attribute, output_field=TextField())

    def ordered(self, value: Any, subject: Any) -> Any:
        if not isinstance(subject, Column):
            return value
        text = columns.ordered_by("{0}", subject.type)
        return value if text == "{0}" else Templated(text, value)

    def matches(self, subject: Any, op: Op, value: Any) -> Func:
        if op in WITHOUT_CASE:
            return matching(subject, op, "LIKE", like_pattern(value), " ESCAPE '\\'")
        return matching(subject, op, "GLOB", glob_pattern(value))

    def has_keys(self, subject: Any, op: Op, value: Any) -> Func:
        keys = json_text([value] if op is Op.HAS_KEY else value)
        is_all = op is Op.HAS_KEYS_ALL
        text = sqlite_values.HAS_ALL_KEYS if is_all else sqlite_values.HAS_ANY_KEY
        return Templated(text, subject, Value(keys))
