"""`Figures` → the JSON object of the field `aggregate`, wherever its values come from."""

from __future__ import annotations

from collections.abc import Callable

from schema.plan.nodes import Absent, Count, Figure, Figures, FigureSet, Typename
from schema.sql.dialect import Dialect
from schema.sql.statement import Sql


def figures_to_sql(
    figures: Figures,
    count: Callable[[Count], str],
    figure: Callable[[FigureSet, Figure], str],
    dialect: Dialect,
) -> Sql:
    """Return the object; `count` and `figure` give the expression of each of its values."""
    pairs: list[tuple[str, Sql]] = []
    for part in figures.parts:
        if isinstance(part, Typename):
            pairs.append((part.key, Sql(dialect.text(part.name))))
        elif isinstance(part, Count):
            pairs.append((part.key, Sql(count(part))))
        else:
            pairs.append((part.key, _set_to_sql(part, figure, dialect)))
    return dialect.json_object(pairs)


def _set_to_sql(
    part: FigureSet, figure: Callable[[FigureSet, Figure], str], dialect: Dialect
) -> Sql:
    pairs: list[tuple[str, Sql]] = []
    for one in part.parts:
        if isinstance(one, Typename):
            pairs.append((one.key, Sql(dialect.text(one.name))))
        elif isinstance(one, Absent):
            pairs.append((one.key, Sql("NULL")))
        else:
            pairs.append((one.key, Sql(dialect.json_value(figure(part, one), one.type))))
    return dialect.json_object(pairs)
