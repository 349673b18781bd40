"""`Page` → one SQL expression that is the page's JSON: the page of rows first, nested pages outside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from dynamic_databases.catalog.types import Column
from schema.plan.nodes import Nested, OrderTerm, Page, Slot, Typename, Value
from schema.plan.select import columns_of
from schema.sql.dialect import Dialect
from schema.sql.statement import PLACE, Sql, joined, sql
from schema.sql.where import Aliases, links_to_sql, where_to_sql


@dataclass
class _Names:
    """Counters for one statement, so that equal plans give equal texts."""

    tables: Aliases = field(default_factory=Aliases)
    pages: Iterable[int] = field(default_factory=lambda: count(1))


def page_to_sql(page: Page, dialect: Dialect) -> Sql:
    """Return a scalar expression: a JSON array of the page's rows, or one object or null."""
    return _page(page, (), dialect, _Names())


def row_condition(key: Iterable[tuple[Column, Slot]], alias: str, dialect: Dialect) -> Sql:
    """Return `alias.column = value AND …`."""
    return joined(
        " AND ", (sql("{}.{} = {}", alias, dialect.quote(c.name), dialect.slot(s)) for c, s in key)
    )


def _page(
    page: Page, links: tuple[tuple[str, Column], ...], dialect: Dialect, names: _Names
) -> Sql:
    """`links` are (an expression of the enclosing page, the column of this page that equals it)."""
    outer = f"p{next(iter(names.pages))}"
    columns = {column.name: f"c{i}" for i, column in enumerate(columns_of(page))}
    rows = _rows(page, links, columns, dialect, names)
    pairs = _pairs(page, outer, columns, dialect, names)
    source = sql("({}) {}", rows, outer)
    return dialect.json_one(pairs, source) if page.single else dialect.json_list(pairs, source)


def _rows(
    page: Page,
    links: tuple[tuple[str, Column], ...],
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
        else:
            pairs.append((item.key, _nested(item, outer, columns, dialect, names)))
    return pairs


def _nested(
    item: Nested, outer: str, columns: dict[str, str], dialect: Dialect, names: _Names
) -> Sql:
    links = tuple((f"{outer}.{columns[own.name]}", their) for own, their in item.links)
    return _page(item.page, links, dialect, names)


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
