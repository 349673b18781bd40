"""SQLite's aggregates: it has no variance of its own, and its sums end at 64 bits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dynamic_databases.catalog.types import Kind, SqlType
from schema.plan.nodes import Function
from schema.sql.large_numbers import finite
from schema.sql.sqlite_values import OURS, long_sum

# SQLite's own sum of whole numbers raises an error beyond 64 bits: the halves are added up apart.
SUM_OF_HALVES = (
    f"{OURS}sum(sum(CASE typeof({{0}})"
    " WHEN 'integer' THEN {0} >> 32 WHEN 'null' THEN NULL ELSE 0 END),"
    " sum(CASE typeof({0}) WHEN 'integer' THEN {0} & 4294967295 ELSE {0} END))"
)
LONG_SUM = f"{OURS}long_sum"  # of distinct values, whose halves needn't be distinct
_STDDEV, _STDDEV_POP = f"{OURS}stddev", f"{OURS}stddev_pop"
_VARIANCE, _VAR_POP = f"{OURS}variance", f"{OURS}var_pop"
OF_FLOATS: Mapping[Function, str] = {
    Function.AVG: "avg",
    Function.STDDEV: _STDDEV,
    Function.STDDEV_SAMP: _STDDEV,
    Function.STDDEV_POP: _STDDEV_POP,
    Function.VARIANCE: _VARIANCE,
    Function.VAR_SAMP: _VARIANCE,
    Function.VAR_POP: _VAR_POP,
}


class Variance:
    """The variance of a sample. NULL below two values.

    One value at a time, by B. P. Welford (Technometrics 4, 1962): nothing is kept, and no row takes
    longer than another.
    """

    _taken = 1  # of the number of values, by which the squares are divided

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0  # of the distances from the mean

    def step(self, value: object) -> None:
        if isinstance(value, int | float):
            number = float(value)
            distance = number - self._mean
            self._count += 1
            self._mean += distance / self._count
            self._squares += distance * (number - self._mean)

    def finalize(self) -> float | None:
        divisor = self._count - self._taken
        return self._squares / divisor if divisor > 0 else None


class PopulationVariance(Variance):
    """The variance of all values. NULL without one."""

    _taken = 0


class StandardDeviation(Variance):
    """The square root of the variance."""

    def finalize(self) -> float | None:
        variance = super().finalize()
        return None if variance is None else math.sqrt(variance)


class PopulationDeviation(StandardDeviation):
    """The square root of the variance of all values."""

    _taken = 0


class LongSum:
    """A sum of any number of digits. NULL without a value."""

    def __init__(self) -> None:
        self._total: float | None = None

    def step(self, value: object) -> None:
        if value is not None:
            number = value if isinstance(value, int | float) else 0
            self._total = (self._total or 0) + number

    def finalize(self) -> float | str | None:
        return long_sum(0, self._total)


CLASSES: Mapping[str, Any] = {
    _STDDEV: StandardDeviation,
    _STDDEV_POP: PopulationDeviation,
    _VARIANCE: Variance,
    _VAR_POP: PopulationVariance,
    LONG_SUM: LongSum,
}


def may_overflow(function: Function, sql_type: SqlType) -> bool:
    """Return whether an aggregate of a column may be infinite."""
    return sql_type.kind is Kind.FLOAT and (function is Function.SUM or function in OF_FLOATS)


def of_floats(function: Function, column: str, each: str = "") -> str:
    """Return an aggregate of floats; `each` is DISTINCT or empty."""
    return finite(f"{OF_FLOATS.get(function, function)}({each}{column})")
