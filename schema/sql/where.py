"""`Where` → SQL conditions over catalog columns, never over text that a user gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from dynamic_databases.catalog.types import Column
from schema.plan.nodes import AllOf, AnyOf, Compare, IsNull, Not, Related, Where
from schema.sql.dialect import Dialect
from schema.sql.statement import Sql, joined, sql


@dataclass
class Aliases:
    """Gives the tables of one statement their aliases, t1, t2 and so on."""

    used: int = 0
    prefix: str = "t"

    def next(self) -> str:
        self.used += 1
        return f"{self.prefix}{self.used}"


def where_to_sql(where: Where, table: str, dialect: Dialect, aliases: Aliases) -> Sql:
    """Return the condition on the alias `table`; an empty text where everything matches."""
    match where:
        case Compare():
            return dialect.compare(f"{table}.{dialect.quote(where.column.name)}", where)
        case IsNull():
            return Sql(
                f"{table}.{dialect.quote(where.column.name)} IS {'NOT ' if where.negated else ''}NULL"
            )
        case Related():
            return _exists(where, table, dialect, aliases)
        case AllOf():
            parts = [
                part
                for part in (where_to_sql(p, table, dialect, aliases) for p in where.parts)
                if part.text
            ]
            return sql("({})", joined(" AND ", parts)) if parts else Sql("")
        case AnyOf():
            return _any_of(where, table, dialect, aliases)
        case Not():
            inner = where_to_sql(where.part, table, dialect, aliases)
            return sql("NOT ({})", inner) if inner.text else Sql("1 = 0")
        case _:
            assert_never(where)


def links_to_sql(
    links: tuple[tuple[Column, Column], ...], table: str, target: str, dialect: Dialect
) -> str:
    pairs = (
        f"{target}.{dialect.quote(their.name)} = {table}.{dialect.quote(own.name)}"
        for own, their in links
    )
    return " AND ".join(pairs)


def _exists(where: Related, table: str, dialect: Dialect, aliases: Aliases) -> Sql:
    target = aliases.next()
    link = links_to_sql(where.links, table, target, dialect)
    inner = where_to_sql(where.where, target, dialect, aliases)
    condition = sql("{} AND {}", link, inner) if inner.text else Sql(link)
    return sql(
        "EXISTS (SELECT 1 FROM {} {} WHERE {})", dialect.table(where.table.name), target, condition
    )


def _any_of(where: AnyOf, table: str, dialect: Dialect, aliases: Aliases) -> Sql:
    """Nothing is true of none: an empty `_or` matches no row; one part that matches all matches all."""
    if not where.parts:
        return Sql("1 = 0")
    parts = [where_to_sql(part, table, dialect, aliases) for part in where.parts]
    if any(not part.text for part in parts):
        return Sql("")
    return sql("({})", joined(" OR ", parts))
