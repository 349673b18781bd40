"""The values of a queryset's rows; on SQLite large ones are read by the rows' keys.

SQLite sorts and numbers rows with all that is selected of them: it would copy a large value several
times, in this process. So the rows are found first, without such values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from dynamic_databases.catalog.types import SqlType
from schema.orm.sizes import Sizes, may_be_large
from schema.orm.sources import rows_like

_TOGETHER = 200  # rows that are read by their keys with one statement


@dataclass(frozen=True)
class ReadValue:
    """A value that is read: its expression, its type, and how often the answer has it."""

    expression: Any
    type: SqlType
    times: int = 0


def read_values(
    query: QuerySet[Any], values: Mapping[str, ReadValue], key: Mapping[str, SqlType], sizes: Sizes
) -> list[dict[str, Any]]:
    """Return the values of each row by name; `key` has the attributes of the table's key.

    Raises AnswerTooLarge before what is too large is read.
    """
    large = {name: value for name, value in values.items() if may_be_large(value.type)}
    if sizes.copies_texts and key and large:
        small = {name: value for name, value in values.items() if name not in large}
        found = _by_key(query, small, large, key, sizes)
        if found is not None:
            return found
    return _together(query, values, sizes)


def _together(
    query: QuerySet[Any], values: Mapping[str, ReadValue], sizes: Sizes, more: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Return `values`, and what is annotated already as `more`."""
    query = query.annotate(**_expressions(values))
    sizes.check_rows(query, {name: (one.type, max(one.times, 1)) for name, one in values.items()})
    return list(query.values(*values, *more))


def _by_key(
    query: QuerySet[Any],
    small: Mapping[str, ReadValue],
    large: Mapping[str, ReadValue],
    key: Mapping[str, SqlType],
    sizes: Sizes,
) -> list[dict[str, Any]] | None:
    """Return the rows; None where one isn't found by its key, as a value of another type."""
    # Each expression once: Django folds equal ones where it filters on a window.
    names = {str(value.expression): name for name, value in small.items()}
    places = [names.get(str(F(one)), f"gateway_key_{i}") for i, one in enumerate(key)]
    own = dict(zip(places, map(F, key), strict=True))
    query = query.annotate(**{**_expressions(small), **own})
    sizes.check_rows(query, {n: (t, 1) for n, t in zip(places, key.values(), strict=True)})
    rows = list(query.values(*{**small, **own}))
    for start in range(0, len(rows), _TOGETHER):
        part = rows[start : start + _TOGETHER]
        keys = [tuple(row[name] for name in own) for row in part]
        chosen = rows_with_keys(query, tuple(key), keys)
        found = {
            tuple(row[name] for name in own): row
            for row in _together(chosen.annotate(**own), large, sizes, own)
        }
        for row, its in zip(part, keys, strict=True):
            if its not in found:
                return None
            row.update(found[its])
    return rows


def rows_with_keys(
    query: QuerySet[Any], key: Sequence[str], keys: Sequence[tuple[Any, ...]]
) -> QuerySet[Any]:
    """Return the rows of a queryset's table that have one of these keys."""
    return rows_like(query).filter(_any_of(key, keys))


def _any_of(key: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> Q:
    if len(key) == 1:
        return Q(**{f"{key[0]}__in": [own for (own,) in keys]})
    condition = Q()
    for own in keys:
        condition |= Q(**dict(zip(key, own, strict=True)))
    return condition


def _expressions(values: Mapping[str, ReadValue]) -> dict[str, Any]:
    return {name: value.expression for name, value in values.items()}
