"""Asks how large the values of a query are, before drivers read and keep them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, F, Func, Max, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from dynamic_databases.catalog.types import Kind, SqlType
from schema.answer_size import AnswerMeter
from schema.errors import TooComplex
from schema.orm.vendors.dispatch import orm_vendor

_COPIES = 8  # half of those that SQLite makes of what it groups by
_ADDED = 50  # terms of one sum
_UNBOUNDED = {Kind.TEXT, Kind.JSON, Kind.BINARY, Kind.ARRAY, Kind.OTHER}
# A value's bytes, as the driver receives them.
_BYTES = {
    "sqlite": "length(CAST(%(expressions)s AS BLOB))",
    "postgresql": "octet_length((%(expressions)s)::text)",
    "mysql": "length(%(expressions)s)",
    "microsoft": "CAST(DATALENGTH(%(expressions)s) AS bigint)",
}


def may_be_large(sql_type: SqlType) -> bool:
    return sql_type.kind in _UNBOUNDED


@dataclass(frozen=True)
class Sizes:
    """Asks a database for the sizes of values, as far as they may be large."""

    vendor: str
    meter: AnswerMeter

    @property
    def copies_texts(self) -> bool:
        """Whether the database copies texts in this process."""
        return orm_vendor(self.vendor).copies_texts

    def check_rows(self, query: QuerySet[Any], values: Mapping[str, tuple[SqlType, int]]) -> None:
        """Ask for the bytes of all rows' values of these annotations. Raises AnswerTooLarge.

        `values` are their types, and how often the answer has each.
        """
        sizes = [
            self.of(F(name)) * Value(times, output_field=BigIntegerField())
            for name, (found, times) in values.items()
            if may_be_large(found)
        ]
        if sizes:
            query = query.annotate(gateway_size=_sum(sizes))
            self._check(query.aggregate(gateway_sizes=Sum("gateway_size")))

    def check_aggregates(
        self, query: QuerySet[Any], aggregates: Iterable[tuple[Any, SqlType]]
    ) -> None:
        """Ask for the bytes of aggregates. Raises AnswerTooLarge."""
        sizes = [self.of(value) for value, found in aggregates if may_be_large(found)]
        if self.copies_texts:  # of all aggregates of a statement
            for size in sizes:
                self._check(query.aggregate(gateway_sizes=size))
        elif sizes:
            self._check(query.aggregate(gateway_sizes=_sum(sizes)))

    def check_compared(self, query: QuerySet[Any], columns: Mapping[str, SqlType]) -> None:
        """Ask for the largest of the values that rows are grouped by, which SQLite copies.

        `columns` are attributes. Raises TooComplex, or AnswerTooLarge.
        """
        sizes = [self.of(F(name)) for name, found in columns.items() if may_be_large(found)]
        if not self.copies_texts or not sizes:
            return
        found = query.annotate(gateway_size=_sum(sizes)).aggregate(largest=Max("gateway_size"))
        maximum, largest = self.meter.max_bytes // _COPIES, int(found["largest"] or 0)
        if largest > self.meter.max_bytes:
            raise self.meter.too_large()
        if largest > maximum:
            raise TooComplex(
                f"SQLite groups rows by texts of up to {maximum} bytes, an eighth of "
                "GATEWAY_ANSWER_LIMIT_BYTES; here is a larger one."
            )

    def of(self, value: Any) -> Any:
        size = Func(value, template=_BYTES[self.vendor], output_field=BigIntegerField())
        return Coalesce(size, Value(0), output_field=BigIntegerField())

    def _check(self, found: Mapping[str, Any]) -> None:
        self.meter.add(int(found["gateway_sizes"] or 0))


def _sum(sizes: list[Any]) -> Any:
    """Return a flat sum: a row may have 800 texts, and SQLite's parser a stack of 100 brackets."""
    while len(sizes) > 1:
        parts = [sizes[i : i + _ADDED] for i in range(0, len(sizes), _ADDED)]
        sizes = [
            Func(
                *part,
                template="(%(expressions)s)",
                arg_joiner=" + ",
                output_field=BigIntegerField(),
            )
            for part in parts
        ]
    return sizes[0]
