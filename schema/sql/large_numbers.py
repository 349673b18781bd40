"""Aggregates of floats whose result no float holds: NULL where the server answers something else.

MariaDB answers 0, and SQLite infinity. PostgreSQL and SQL Server raise an error, which says so. A
sum can't overflow where the largest value, as often as there are values, doesn't.
"""

from __future__ import annotations

from schema.plan.nodes import Function

_LINEAR = (Function.SUM, Function.AVG)
_SQUARED = "1e140"  # values below it have squares that may be added up
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


def _is_held(value: str, each: str) -> str:
    return f"max(abs({value})) <= {_HIGHEST} / nullif(count({each}{value}), 0)"
