"""`Page` → one SQL expression that is the page's JSON: the page of rows first, nested pages outside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dynamic_databases.catalog.types import Column
from schema.plan.nodes import (
    Aggregate,
    Count,
    Figure,
    Figures,
    FigureSet,
    Nested,
    NestedAggregate,
    OrderTerm,
    Page,
    Slot,
    Typename,
    Value,
)
from schema.plan.select import columns_of
from schema.sql.dialect import Dialect
from schema.sql.statement import PLACE, Sql, joined, sql
from schema.sql.where import Aliases, links_to_sql, where_to_sql

# (an expression of the enclosing page, the column of this one that equals it)
Links = tuple[tuple[str, Column], ...]


@dataclass
class _Names:
    """Counters for one statement, so that equal plans give equal texts."""

    tables: Aliases = field(default_factory=Aliases)
    pages: Aliases = field(default_factory=lambda: Aliases(prefix="p"))


def aggregate_to_sql(aggregate: Aggregate, dialect: Dialect) -> Sql:
    """Return a scalar expression: the JSON object of an aggregate's figures and nodes."""
    return _aggregate(aggregate, (), dialect, _Names())


def page_to_sql(page: Page, dialect: Dialect) -> Sql:
    """Return a scalar expression: a JSON array of the page's rows, or one object or null."""
    return _page(page, (), dialect, _Names())


def row_condition(key: Iterable[tuple[Column, Slot]], alias: str, dialect: Dialect) -> Sql:
    """Return `alias.column = value AND …`."""
    return joined(
        " AND ", (sql("{}.{} = {}", alias, dialect.quote(c.name), dialect.slot(s)) for c, s in key)
    )


def _page(page: Page, links: Links, dialect: Dialect, names: _Names) -> Sql:
    """`links` are (an expression of the enclosing page, the column of this page that equals it)."""
    outer = names.pages.next()
    columns = {column.name: f"c{i}" for i, column in enumerate(columns_of(page))}
    rows = _rows(page, links, columns, dialect, names)
    pairs = _pairs(page, outer, columns, dialect, names)
    source = sql("({}) {}", rows, outer)
    return dialect.json_one(pairs, source) if page.single else dialect.json_list(pairs, source)


def _rows(
    page: Page | Aggregate,
    links: Links,
    columns: dict[str, str],
    dialect: Dialect,
    names: _Names,
) -> Sql:
    """The inner query: filters, order and limit over base columns and keys alone."""
    table = names.tables.next()
    chosen = (
        ", ".join(f"{table}.{dialect.quote(name)} AS {alias}" for name, alias in columns.items())
        or "1 AS c0"
    )
    conditions = [Sql(f"{table}.{dialect.quote(column.name)} = {outer}") for outer, column in links]
    where = where_to_sql(page.where, table, dialect, names.tables)
    if where.text:
        conditions.append(where)
    parts: list[Sql | str] = [f"SELECT {chosen} FROM {dialect.table(page.table.name)} {table}"]
    if conditions:
        parts.append(sql("WHERE {}", joined(" AND ", conditions)))
    if page.order_by:
        parts.append(
            "ORDER BY " + ", ".join(_order(term, table, dialect, names) for term in page.order_by)
        )
    if page.limit is not None or page.offset is not None:
        parts.append(dialect.limited(page.limit, page.offset))
    return joined(" ", parts)


def _pairs(
    page: Page, outer: str, columns: dict[str, str], dialect: Dialect, names: _Names
) -> list[tuple[str, Sql]]:
    """Return each response key with the expression of its JSON value."""
    pairs: list[tuple[str, Sql]] = []
    for item in page.selection:
        if isinstance(item, Value):
            value = f"{outer}.{columns[item.column.name]}"
            pairs.append((item.key, Sql(dialect.json_value(value, item.column.type))))
        elif isinstance(item, Typename):
            pairs.append((item.key, Sql(dialect.text(item.name))))
        elif isinstance(item, Nested):
            pairs.append((item.key, _page(item.page, _links(item, outer, columns), dialect, names)))
        else:
            links = _links(item, outer, columns)
            pairs.append((item.key, _aggregate(item.aggregate, links, dialect, names)))
    return pairs


def _links(item: Nested | NestedAggregate, outer: str, columns: dict[str, str]) -> Links:
    return tuple((f"{outer}.{columns[own.name]}", their) for own, their in item.links)


def _aggregate(aggregate: Aggregate, links: Links, dialect: Dialect, names: _Names) -> Sql:
    """The rows that count are an inner query, the figures an object over them."""
    outer = names.pages.next()
    columns = {name: f"c{i}" for i, name in enumerate(_aggregated_columns(aggregate))}
    rows = _rows(aggregate, links, columns, dialect, names)
    pairs: list[tuple[str, Sql]] = []
    for part in aggregate.answer:
        if isinstance(part, Typename):
            pairs.append((part.key, Sql(dialect.text(part.name))))
        elif isinstance(part, Figures):
            pairs.append((part.key, _figures(part, outer, columns, dialect)))
        else:
            pairs.append((part.key, _page(part.page, links, dialect, names)))
    return sql("(SELECT {} FROM ({}) {})", dialect.json_object(pairs), rows, outer)


def _aggregated_columns(aggregate: Aggregate) -> list[str]:
    found: dict[str, None] = {}
    for figures in (part for part in aggregate.answer if isinstance(part, Figures)):
        for part in figures.parts:
            if isinstance(part, Count):
                found |= dict.fromkeys(column.name for column in part.columns)
            elif isinstance(part, FigureSet):
                found |= dict.fromkeys(f.column.name for f in part.parts if isinstance(f, Figure))
    return list(found)


def _figures(figures: Figures, outer: str, columns: dict[str, str], dialect: Dialect) -> Sql:
    pairs: list[tuple[str, Sql]] = []
    for part in figures.parts:
        if isinstance(part, Typename):
            pairs.append((part.key, Sql(dialect.text(part.name))))
        elif isinstance(part, Count):
            pairs.append((part.key, Sql(_count(part, outer, columns))))
        else:
            pairs.append((part.key, _figure_set(part, outer, columns, dialect)))
    return dialect.json_object(pairs)


def _figure_set(part: FigureSet, outer: str, columns: dict[str, str], dialect: Dialect) -> Sql:
    pairs: list[tuple[str, Sql]] = []
    for figure in part.parts:
        if isinstance(figure, Typename):
            pairs.append((figure.key, Sql(dialect.text(figure.name))))
        else:
            column = f"{outer}.{columns[figure.column.name]}"
            value = dialect.figure(part.function, column, figure.column.type)
            pairs.append((figure.key, Sql(dialect.json_value(value, figure.type))))
    return dialect.json_object(pairs)


def _count(count: Count, outer: str, columns: dict[str, str]) -> str:
    named = [f"{outer}.{columns[column.name]}" for column in count.columns]
    if count.distinct:
        return f"count(DISTINCT {named[0]})"
    if not named:
        return "count(*)"
    return f"count(CASE WHEN {' AND '.join(f'{name} IS NOT NULL' for name in named)} THEN 1 END)"


def _order(term: OrderTerm, table: str, dialect: Dialect, names: _Names) -> str:
    """A related row's column is a scalar subquery: a to-one relation has at most one row."""
    if not term.hops:
        expression = f"{table}.{dialect.quote(term.column.name)}"
        return dialect.order(expression, term, nullable=term.column.nullable)
    aliases = [names.tables.next() for _ in term.hops]
    tables = ", ".join(
        f"{dialect.table(hop.table.name)} {a}" for hop, a in zip(term.hops, aliases, strict=True)
    )
    links = [
        links_to_sql(hop.links, before, alias, dialect)
        for hop, before, alias in zip(term.hops, [table, *aliases], aliases, strict=False)
    ]
    column = f"{aliases[-1]}.{dialect.quote(term.column.name)}"
    expression = f"(SELECT {column} FROM {tables} WHERE {' AND '.join(links)})"
    if PLACE in expression:
        raise ValueError("an order term holds no value")
    return dialect.order(expression, term, nullable=True)
