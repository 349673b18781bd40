"""The functions that our SQL calls on SQLite, in Python: they spell values and compute sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schema import json_values as spelling
from schema.sql import sqlite_aggregates as aggregates
from schema.sql.sqlite_values import OURS, key_text, long_sum

_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "float": (1, spelling.float_text),
    "decimal": (
        2,
        lambda value, scale: spelling.decimal_text(value, scale) if value is not None else None,
    ),
    "date": (1, spelling.date_text),
    "time": (1, spelling.time_text),
    "local_datetime": (1, spelling.local_datetime_text),
    "datetime": (1, spelling.datetime_text),
    "uuid": (1, spelling.uuid_text),
    "base64": (1, spelling.base64_text),
    "sum": (2, long_sum),
    "key": (1, key_text),
}


def add_functions(connection: Any) -> None:
    """Give an SQLite connection the functions that spell values and compute sums."""
    for name, (arguments, function) in _FUNCTIONS.items():
        connection.connection.create_function(
            f"{OURS}{name}", arguments, function, deterministic=True
        )
    for name, aggregate in aggregates.CLASSES.items():
        connection.connection.create_aggregate(name, 1, aggregate)
