"""`Where` and order terms → SQL over catalog columns, never over text that a user gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from dynamic_databases.catalog.types import Column, SqlType, Table
from schema.plan.nodes import (
    AllOf,
    AnyOf,
    Beyond,
    Compare,
    GroupAggregate,
    Held,
    IsNull,
    JsonCast,
    MaskedTable,
    Not,
    OrderTerm,
    Related,
    RelatedAggregate,
    RelatedCount,
    Slot,
    Subject,
    Unknown,
    Use,
    Where,
)
from schema.plan.nodes.conditions import Link
from schema.plan.operands import VariableRef
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


def where_to_sql(  # noqa: PLR0911 - one per kind
    where: Where, table: str, dialect: Dialect, aliases: Aliases
) -> Sql:
    """Return the condition on the alias `table`; an empty text where everything matches."""
    match where:
        case Compare():
            return dialect.compare(subject_to_sql(where.subject, table, dialect, aliases), where)
        case IsNull():
            subject = subject_to_sql(where.subject, table, dialect, aliases)
            test = dialect.is_null("{}", where.subject.type, negated=where.negated)
            return sql(test, subject)
        case Related():
            return sql("EXISTS ({})", _of_related(where, where.where, table, dialect, aliases))
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
        case Unknown():
            return Sql("1 = NULL")
        case Beyond():
            return beyond_to_sql(where, table, dialect, aliases)
        case Held():
            return sql("{} = 1", dialect.slot(where.slot))
        case _:
            assert_never(where)


def source_to_sql(table: Table, dialect: Dialect) -> Sql:
    """Return what the rows of a table are read from, as the role sees them.

    A hidden cell is one of a row that isn't joined: so it keeps its type and collation, and an
    index on it is still of use. Servers leave out a join whose columns nobody asks for.
    """
    name = dialect.table(table.name)
    if not isinstance(table, MaskedTable):
        return Sql(name)
    aliases = Aliases(prefix="m")
    own = aliases.next()
    holders = {column.name: own for column in table.columns}
    key = tuple((table.by_name[column], table.by_name[column]) for column in table.primary_key)
    sources = [Sql(f"{name} {own}")]
    for cells in table.cells:
        alias = aliases.next()
        holders |= dict.fromkeys(cells.columns, alias)
        shown = where_to_sql(cells.where, alias, dialect, aliases)
        link = links_to_sql(key, own, alias, dialect)
        sources.append(sql("LEFT JOIN {} {} ON {} AND {}", name, alias, link, shown))
    columns = ", ".join(
        f"{holders[column.name]}.{quoted} AS {quoted}"
        for column in table.columns
        for quoted in [dialect.quote(column.name)]
    )
    rows = where_to_sql(table.rows, own, dialect, aliases)
    where = sql(" WHERE {}", rows) if rows.text else rows
    return sql("(SELECT {} FROM {}{})", columns, joined(" ", sources), where)


def subject_to_sql(subject: Subject, table: str, dialect: Dialect, aliases: Aliases) -> Sql:
    """Return what is compared or ordered by, of the alias `table`."""
    match subject:
        case Column():
            return Sql(f"{table}.{dialect.quote(subject.name)}")
        case JsonCast():
            column = f"{table}.{dialect.quote(subject.column.name)}"
            return Sql(dialect.json_cast(column, subject.type.kind))
        case GroupAggregate():
            return Sql(condition_aggregate_to_sql(subject, table, dialect))
        case RelatedCount() | RelatedAggregate():
            return sql("({})", _of_related(subject, subject.where, table, dialect, aliases))
        case _:
            assert_never(subject)


def order_to_sql(term: OrderTerm, table: str, dialect: Dialect, aliases: Aliases) -> Sql:
    """Return an order term's expression; a related row's is a scalar subquery."""
    if not term.hops:
        own = subject_to_sql(term.subject, table, dialect, aliases)
        return dialect.order_value(own, term)[0]
    hops = [aliases.next() for _ in term.hops]
    tables = joined(
        ", ",
        (
            sql("{} {}", source_to_sql(hop.table, dialect), alias)
            for hop, alias in zip(term.hops, hops, strict=True)
        ),
    )
    links: list[Sql | str] = [
        links_to_sql(hop.links, before, alias, dialect)
        for hop, before, alias in zip(term.hops, [table, *hops], hops, strict=False)
    ]
    conditions = [
        where_to_sql(hop.where, alias, dialect, aliases)
        for hop, alias in zip(term.hops, hops, strict=True)
    ]
    links += [condition for condition in conditions if condition.text]
    subject = subject_to_sql(term.subject, hops[-1], dialect, aliases)
    subject, _ = dialect.order_value(subject, term)
    return sql("(SELECT {} FROM {} WHERE {})", subject, tables, joined(" AND ", links))


def order_type(term: OrderTerm, dialect: Dialect) -> SqlType:
    """Return the type of an order term's expression."""
    _, sql_type = dialect.order_value(Sql(""), term)
    return sql_type


def ordered_to_sql(
    terms: Sequence[OrderTerm], table: str, dialect: Dialect, aliases: Aliases
) -> Sql:
    """Return the terms of an ORDER BY, each expression once: SQL Server refuses a second time."""
    ordered: dict[str, Sql] = {}
    for term in terms:
        expression = order_to_sql(term, table, dialect, aliases)
        ordered.setdefault(expression.text, dialect.order(expression, term, nullable=term.nullable))
    return joined(", ", ordered.values())


def links_to_sql(links: tuple[Link, ...], table: str, target: str, dialect: Dialect) -> str:
    pairs = (
        f"{target}.{dialect.quote(their.name)} {dialect.operator('=', their.type)}"
        f" {table}.{dialect.quote(own.name)}"
        for own, their in links
    )
    return " AND ".join(pairs)


def count_to_sql(
    columns: Sequence[tuple[str, SqlType]], dialect: Dialect, *, distinct: bool
) -> str:
    """Return the number of rows, or of those that have values in all of `columns`."""
    if distinct:
        return f"count(DISTINCT {dialect.distinct_value(*columns[0])})"
    if not columns:
        return "count(*)"
    present = " AND ".join(dialect.is_null(*column, negated=True) for column in columns)
    return f"count(CASE WHEN {present} THEN 1 END)"


def condition_aggregate_to_sql(
    aggregate: GroupAggregate | RelatedAggregate, table: str, dialect: Dialect
) -> str:
    if aggregate.function is None or aggregate.column is None:
        return "count(*)"
    column = f"{table}.{dialect.quote(aggregate.column.name)}"
    distinct = isinstance(aggregate, RelatedAggregate) and aggregate.distinct
    return dialect.aggregate(aggregate.function, column, aggregate.column.type, distinct=distinct)


def _of_related(
    subject: Related | RelatedCount | RelatedAggregate,
    where: Where,
    table: str,
    dialect: Dialect,
    aliases: Aliases,
) -> Sql:
    """Return `SELECT … FROM` the related rows that satisfy `where`."""
    target = aliases.next()
    chosen = "1"
    if isinstance(subject, RelatedCount):
        columns = [(f"{target}.{dialect.quote(c.name)}", c.type) for c in subject.columns]
        chosen = count_to_sql(columns, dialect, distinct=subject.distinct)
    elif isinstance(subject, RelatedAggregate):
        chosen = condition_aggregate_to_sql(subject, target, dialect)
    link = links_to_sql(subject.links, table, target, dialect)
    inner = where_to_sql(where, target, dialect, aliases)
    condition = sql("{} AND {}", link, inner) if inner.text else Sql(link)
    source = source_to_sql(subject.table, dialect)
    return sql("SELECT {} FROM {} {} WHERE {}", chosen, source, target, condition)


def beyond_to_sql(where: Beyond, table: str, dialect: Dialect, aliases: Aliases) -> Sql:
    """Return the condition for rows after the one whose order values a variable holds."""
    condition: Sql | None = None
    for i, term in reversed(list(enumerate(where.order))):
        expression = order_to_sql(term, table, dialect, aliases)
        value = dialect.slot(
            Slot(VariableRef(where.name, (i,)), order_type(term, dialect), Use.RAW)
        )
        condition = _after(term, expression, value, condition, dialect)
    condition = condition or Sql("1 = 1")
    return sql("CASE WHEN {} THEN 0 ELSE 1 END = 1", condition) if where.negated else condition


def _after(term: OrderTerm, expression: Sql, value: Sql, rest: Sql | None, dialect: Dialect) -> Sql:
    """`rest` is the same of the terms that follow, for rows that are equal in this one."""
    symbol = "<" if term.descending else ">"
    sql_type = order_type(term, dialect)
    operator = dialect.operator(symbol, sql_type)
    strictly = sql("{} {} {}", expression, operator, value)
    if not term.nullable:
        if rest is None:
            return strictly
        # The redundant half is what an index can be searched with.
        or_equal = dialect.operator(f"{symbol}=", sql_type)
        return sql("({} {} {} AND ({} OR {}))", expression, or_equal, value, strictly, rest)
    null, given = ("IS NOT NULL", "IS NULL") if term.nulls_first else ("IS NULL", "IS NOT NULL")
    parts = [strictly, sql(f"({{}} {null} AND {{}} {given})", expression, value)]
    if rest is not None:
        equal = "({} {} {} OR ({} IS NULL AND {} IS NULL))"
        equals = dialect.operator("=", sql_type)
        same = sql(equal, expression, equals, value, expression, value)
        parts.append(sql("({} AND {})", same, rest))
    return sql("({})", joined(" OR ", parts))


def _any_of(where: AnyOf, table: str, dialect: Dialect, aliases: Aliases) -> Sql:
    """An empty `_or` matches no row; one part that matches all makes `_or` match all."""
    if not where.parts:
        return Sql("1 = 0")
    parts = [where_to_sql(part, table, dialect, aliases) for part in where.parts]
    if any(not part.text for part in parts):
        return Sql("")
    return sql("({})", joined(" OR ", parts))
