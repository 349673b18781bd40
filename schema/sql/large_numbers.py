"""Aggregates of floats whose sum no float holds: NULL on each server that would err or be wrong.

PostgreSQL and SQL Server raise an error as soon as a sum overflows, and MariaDB answers 0. A sum
can't overflow where the largest value, as often as there are values, doesn't.
"""

from __future__ import annotations

from schema.plan.nodes import Function

_LINEAR = (Function.SUM, Function.AVG)
_SQUARED = "1e140"  # values below it have squares that may be added up
_ADDED = "1e289"  # so many below it as a table may have can be added up
_SCALE = "18446744073709551616e0"  # 2^64: to divide by it changes no digit
_HIGHEST = "1.7e308"


def bounded(function: Function, name: str, value: str, each: str = "") -> str:
    """Return an aggregate for a server that raises no error; `each` is DISTINCT or empty."""
    plain = f"{name}({each}{value})"
    if function not in _LINEAR:
        return f"CASE WHEN max(abs({value})) < {_SQUARED} THEN {plain} END"
    return f"CASE WHEN {_is_held(value, each)} THEN {plain} END"


def finite(aggregate: str) -> str:
    """Return an aggregate of SQLite, which answers infinity."""
    return f"nullif(nullif({aggregate}, 9e999), -9e999)"


def guarded(function: Function, name: str, value: str, each: str = "") -> str:
    """Return an aggregate for a server that raises an error, whatever CASE says of the result."""
    plain = f"{name}({each}{_below(_SQUARED, value)})"
    if function not in _LINEAR:
        return f"CASE WHEN max(abs({value})) < {_SQUARED} THEN {plain} END"
    if function is Function.SUM:
        return _sum(name, value, each)
    mean = f"({_sum('sum', value, each)}) / nullif(count({each}{value}), 0)"
    return f"CASE WHEN max(abs({value})) < {_SQUARED} THEN {plain} ELSE {mean} END"


def _sum(name: str, value: str, each: str) -> str:
    scaled = f"CASE WHEN abs({value}) >= 1 THEN {value} / {_SCALE} END"
    return (
        f"CASE WHEN max(abs({value})) < {_ADDED} THEN {name}({each}{_below(_ADDED, value)})"
        f" WHEN {_is_held(value, each)} THEN {name}({each}{scaled}) * {_SCALE} END"
    )


def _below(limit: str, value: str) -> str:
    return f"CASE WHEN abs({value}) < {limit} THEN {value} END"


def _is_held(value: str, each: str) -> str:
    return f"max(abs({value})) <= {_HIGHEST} / nullif(count({each}{value}), 0)"
