"""Conditions as Django expressions, without Django's own ideas of NULL."""

from __future__ import annotations

from itertools import count
from string import Formatter
from typing import Any

from django.db.models import Aggregate, BooleanField, Count, Func, IntegerField, Value
from django.db.models.expressions import Expression, RawSQL


class _TakenForSql(RawSQL):
    """What mssql-django takes for a condition: RawSQL, and nothing else that isn't Django's own."""

    def __init__(self, output_field: Any = None) -> None:
        Expression.__init__(self, output_field=output_field)


class Condition(Func, _TakenForSql):
    """A function that is a condition."""

    conditional = True

    def get_group_by_cols(self) -> list[Any]:
        return Expression.get_group_by_cols(self)

    def __repr__(self) -> str:
        return Func.__repr__(self)


class Binary(Condition):
    """`left <operator> right` as a condition."""

    template = "(%(expressions)s)"

    def __init__(self, left: Any, operator: str, right: Any) -> None:
        super().__init__(left, right, output_field=BooleanField())
        self.arg_joiner = f" {operator} "


class NullTest(Condition):
    """`left IS NULL` as a condition."""

    def __init__(self, left: Any, negated: bool) -> None:
        super().__init__(left, output_field=BooleanField())
        self.template = f"(%(expressions)s IS {'NOT ' if negated else ''}NULL)"


class Within(Condition):
    """`left IN (…)` as a condition."""

    def __init__(self, *expressions: Any) -> None:
        super().__init__(*expressions, output_field=BooleanField())

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_extra: Any) -> Any:  # noqa: ARG002
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        values = ", ".join(text for text, _ in parts[1:])
        return f"({parts[0][0]} IN ({values}))", [p for _, parameters in parts for p in parameters]


class Templated(Condition):
    """A condition or value by a template of the vendor's dialect; its `{}` are the expressions."""

    def __init__(self, text: str, *expressions: Any, output_field: Any = None) -> None:
        super().__init__(*expressions, output_field=output_field or BooleanField())
        self._text = text

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **_extra: Any) -> Any:  # noqa: ARG002
        compiled = [compiler.compile(expression) for expression in self.source_expressions]
        pieces: list[str] = []
        parameters: list[Any] = []
        numbers = count()
        for text, field, _spec, _conversion in Formatter().parse(self._text):
            pieces.append(text.replace("%", "%%"))
            if field is not None:
                found, own = compiled[int(field) if field else next(numbers)]
                pieces.append(found)
                parameters += own
        return f"({''.join(pieces)})", parameters


def never() -> Binary:
    return Binary(Value(1), "=", Value(0))


def unknown() -> Condition:
    return Condition(template="(1 = NULL)", output_field=BooleanField())


def ungrouped(aggregate: Aggregate) -> Func:
    """Return an aggregate as a plain function: a subquery of its own groups nothing."""
    distinct = "DISTINCT " if getattr(aggregate, "distinct", False) else ""
    plain = f"%(function)s({distinct}%(expressions)s)"
    found = Func(
        *aggregate.get_source_expressions()[:1],
        function=aggregate.function,
        template=plain if aggregate.template == Aggregate.template else aggregate.template,
    )
    if isinstance(aggregate, Count):
        found.output_field = IntegerField()
    return found
