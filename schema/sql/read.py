"""`Page` and `Aggregate` → one SQL expression that is their JSON.

The rows come first; nested pages are outside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dynamic_databases.catalog.types import Column, Kind, SqlType, Table
from schema.errors import TooComplex
from schema.global_ids import SCOPE
from schema.plan.nodes import (
    Absent,
    Aggregate,
    AggregateColumn,
    AggregateColumns,
    AggregateFields,
    Compare,
    Count,
    CustomFields,
    GlobalId,
    Nested,
    NestedAggregate,
    NestedConnection,
    NodeObject,
    Op,
    OrderValue,
    Page,
    Selected,
    Slot,
    Typename,
    Use,
    Value,
)
from schema.plan.operands import VariableRef
from schema.plan.select import columns_of, order_values
from schema.sql.aggregates import aggregate_fields_to_sql
from schema.sql.dialect import Dialect, InPlace
from schema.sql.statement import Sql, joined, sql, value_of
from schema.sql.where import (
    Aliases,
    count_to_sql,
    order_to_sql,
    order_type,
    ordered_to_sql,
    source_to_sql,
    where_to_sql,
)

_TEXT = SqlType(Kind.TEXT, "text")
_ANY_ORDER = "(SELECT NULL)"
_AGGREGATES = "f"  # the derived table of aggregates that are computed apart
# (an expression of the enclosing page, the column of this one that equals it)
Links = tuple[tuple[str, Column], ...]
# (pairs of a row's object, the SELECT of its rows, their alias) → an expression or a SELECT
PageMaker = Callable[[Sequence[tuple[str, Sql]], Sql, str], Sql]


@dataclass
class Counters:
    """Counters for one statement, so that equal plans give equal texts."""

    tables: Aliases = field(default_factory=Aliases)
    pages: Aliases = field(default_factory=lambda: Aliases(prefix="p"))


def aggregate_to_sql(aggregate: Aggregate, dialect: Dialect) -> Sql:
    """Return a scalar expression: the JSON object of an aggregate field: values and nodes."""
    return _aggregate(aggregate, (), dialect, Counters())


def page_to_sql(page: Page, dialect: Dialect) -> Sql:
    """Return a scalar expression: a JSON array of the page's rows, or one object or null."""
    return _page(page, (), dialect, Counters())


def page_rows_to_sql(page: Page, dialect: Dialect, make: PageMaker) -> Sql:
    """Return what `make` puts together of the page's rows."""
    return _page(page, (), dialect, Counters(), make)


def row_condition(key: Iterable[tuple[Column, Slot]], alias: str, dialect: Dialect) -> Sql:
    """Return `alias.column = value AND …`."""
    parts = (
        dialect.compare(Sql(f"{alias}.{dialect.quote(c.name)}"), Compare(c, Op.EQ, s))
        for c, s in key
    )
    return joined(" AND ", parts)


def column_aliases(columns: Sequence[Column]) -> dict[str, str]:
    """Return what columns are called in a derived table: names of ours, whatever theirs are."""
    return {column.name: f"c{i}" for i, column in enumerate(columns)}


def pairs_to_sql(
    selection: Sequence[Selected],
    outer: str,
    columns: Mapping[str, str],
    dialect: Dialect,
    counters: Counters,
) -> list[tuple[str, Sql]]:
    """Return each response key with the expression of its JSON value.

    `columns` says what the columns are called in the derived table `outer`; without one, in the
    table.
    """
    pairs: list[tuple[str, Sql]] = []
    dotted = f"{outer}." if outer else ""
    for item in selection:
        if isinstance(item, Value):
            value = f"{dotted}{columns[item.column.name]}"
            pairs.append((item.key, _value(item, value, dialect)))
        elif isinstance(item, Typename):
            pairs.append((item.key, Sql(dialect.text(item.name))))
        elif isinstance(item, GlobalId):
            pairs.append((item.key, _global_id(item, dotted, columns, dialect)))
        elif isinstance(item, CustomFields):
            pairs.append((item.key, _custom_fields(item, dotted, columns, dialect)))
        elif isinstance(item, Absent):
            pairs.append((item.key, Sql("NULL")))
        elif isinstance(item, NodeObject | NestedConnection):
            own = item.selection if isinstance(item, NodeObject) else item.parts
            inner = pairs_to_sql(own, outer, columns, dialect, counters)
            pairs.append((item.key, dialect.json_object(inner)))
        elif isinstance(item, OrderValue):
            pairs.append((item.key, _order_value(item, outer, columns, dialect, counters)))
        elif isinstance(item, Nested):
            links = _links(item, outer, columns)
            pairs.append((item.key, _page(item.page, links, dialect, counters)))
        else:
            links = _links(item, outer, columns)
            pairs.append((item.key, _aggregate(item.aggregate, links, dialect, counters)))
    return pairs


def _value(item: Value, column: str, dialect: Dialect) -> Sql:
    if item.path is not None:
        return dialect.json_part(column, item.path)
    if item.column.answers_null:
        return Sql(dialect.json_value(column, item.column.type))
    return Sql(dialect.required_value(column, item.column.type))


def _custom_fields(
    item: CustomFields, dotted: str, columns: Mapping[str, str], dialect: Dialect
) -> Sql:
    """Return an object of values, each of which may be null."""
    values = [(one.key, f"{dotted}{columns[one.column.name]}", one.column) for one in item.values]
    return dialect.json_object(
        [(key, Sql(dialect.json_value(value, column.type))) for key, value, column in values]
    )


def condition_to_sql(table: str, conditions: Sequence[Sql], dialect: Dialect, source: Table) -> Sql:
    """Return `FROM … WHERE …` of one table."""
    found = sql("FROM {} {}", source_to_sql(source, dialect), table)
    kept = [condition for condition in conditions if condition.text]
    return sql("{} WHERE {}", found, joined(" AND ", kept)) if kept else found


def _page(
    page: Page,
    links: Links,
    dialect: Dialect,
    counters: Counters,
    make: PageMaker | None = None,
) -> Sql:
    """`links` are (an expression of the enclosing page, the column of this page that equals it).

    `make` puts the page together instead of the dialect's list or object.
    """
    if links and dialect.in_place is not None:
        return _page_in_place(page, links, dialect.in_place, dialect, counters)
    outer = counters.pages.next()
    columns = column_aliases(columns_of(page.selection))
    values = {_order_name(item): f"v{item.number}" for item in order_values(page.selection)}
    rows = _rows(page, links, columns, dialect, counters)
    columns |= values
    pairs = pairs_to_sql(page.selection, outer, columns, dialect, counters)
    make = make or (dialect.json_one if page.single else dialect.json_list)
    return make(pairs, rows, outer)


def _page_in_place(
    page: Page, links: Links, in_place: InPlace, dialect: Dialect, counters: Counters
) -> Sql:
    """The same without a derived table, which couldn't name the columns of the enclosing page."""
    if page.distinct_on:
        raise TooComplex("This database can't keep distinct rows of a nested list by itself.")
    table = counters.tables.next()
    source, order, limit = _source(page, links, table, dialect, counters)
    columns = {column.name: dialect.quote(column.name) for column in page.table.columns}
    pairs = pairs_to_sql(page.selection, table, columns, dialect, counters)
    make = in_place.json_one if page.single else in_place.json_list
    return make(pairs, source, order, limit)


def _source(
    page: Page | Aggregate, links: Links, table: str, dialect: Dialect, counters: Counters
) -> tuple[Sql, Sql, Sql]:
    """Return `FROM … WHERE …`, the order's terms, and the limit."""
    conditions = [
        Sql(f"{table}.{dialect.quote(c.name)} {dialect.operator('=', c.type)} {outer}")
        for outer, c in links
    ]
    conditions.append(where_to_sql(page.where, table, dialect, counters.tables))
    source = condition_to_sql(table, conditions, dialect, page.table)
    order = ordered_to_sql(page.order_by, table, dialect, counters.tables)
    limit = dialect.limited(page.limit, page.offset) if page.limit or page.offset else Sql("")
    return source, order, limit


def _rows(
    page: Page | Aggregate,
    links: Links,
    columns: Mapping[str, str],
    dialect: Dialect,
    counters: Counters,
) -> Sql:
    """The inner query: filters, order and limit over base columns and keys alone."""
    table = counters.tables.next()
    values = order_values(page.selection) if isinstance(page, Page) else ()
    parts = [Sql(f"{table}.{dialect.quote(name)} AS {alias}") for name, alias in columns.items()]
    parts += [
        sql("{} AS v{}", order_to_sql(one.term, table, dialect, counters.tables), str(one.number))
        for one in values
    ]
    chosen = joined(", ", parts or [Sql("1 AS c0")])
    source, order, limit = _source(page, links, table, dialect, counters)
    if page.distinct_on:
        equal = ", ".join(
            dialect.distinct_value(f"{table}.{dialect.quote(column.name)}", column.type)
            for column in page.distinct_on
        )
        numbered = _numbered(chosen, equal, order, source)
        kept = ", ".join([*(columns.values() or ["c0"]), *(["o"] if dialect.numbers_rows else [])])
        found = sql("SELECT {} FROM ({}) d WHERE r = 1", kept, numbered)
        return found + ordered_and_limited(Sql("o"), limit, dialect)
    wanted = chosen + place_of_row(order, dialect)
    return sql("SELECT {} {}", wanted, source) + ordered_and_limited(order, limit, dialect)


def place_of_row(order: Sql, dialect: Dialect) -> Sql:
    """Return one more column, `o`, where a row has to carry its place."""
    if not dialect.numbers_rows:
        return Sql("")
    return sql(", ROW_NUMBER() OVER (ORDER BY {}) AS o", order if order.text else _ANY_ORDER)


def ordered_and_limited(order: Sql, limit: Sql, dialect: Dialect) -> Sql:
    """Return the end of a derived table; with its rows numbered it is ordered for a limit alone."""
    if dialect.numbers_rows and not limit.text:
        return Sql("")
    if dialect.numbers_rows and not order.text:
        order = Sql(_ANY_ORDER)
    parts = [sql("ORDER BY {}", order)] if order.text else []
    return joined("", (sql(" {}", part) for part in (*parts, limit) if part.text))


def _numbered(chosen: Sql, equal: str, order: Sql, source: Sql) -> Sql:
    """Number the rows within those that are equal (`r`), and all of them (`o`)."""
    within = "row_number() OVER (PARTITION BY {} ORDER BY {}) AS r"
    numbers = sql(f"{within}, row_number() OVER (ORDER BY {{}}) AS o", equal, order, order)
    return sql("SELECT {}, {} {}", chosen, numbers, source)


def _links(item: Nested | NestedAggregate, outer: str, columns: Mapping[str, str]) -> Links:
    return tuple((f"{outer}.{columns[own.name]}", their) for own, their in item.links)


def _order_name(item: OrderValue) -> str:
    return f"\0{item.number}"  # no column can be called so


def _order_value(
    item: OrderValue,
    outer: str,
    columns: Mapping[str, str],
    dialect: Dialect,
    counters: Counters,
) -> Sql:
    """Return an order value as JSON, of a derived table or, without one, of the table itself."""
    alias = columns.get(_order_name(item))
    sql_type = order_type(item.term, dialect)
    if alias is not None:
        return Sql(dialect.key_in_json(f"{outer}.{alias}", sql_type))
    own = order_to_sql(item.term, outer, dialect, counters.tables)
    return sql(dialect.key_in_json("{}", sql_type), own)


def _global_id(item: GlobalId, dotted: str, columns: Mapping[str, str], dialect: Dialect) -> Sql:
    scope = value_of(Slot(VariableRef(SCOPE), _TEXT, Use.RAW))
    keys = [
        dialect.id_text(f"{dotted}{columns[column.name]}", column.type) for column in item.columns
    ]
    return dialect.global_id(scope, item.type, keys)


def _aggregate(aggregate: Aggregate, links: Links, dialect: Dialect, counters: Counters) -> Sql:
    """The rows that count are an inner query, the aggregates an object over them."""
    if links and dialect.in_place is not None:
        return _aggregate_in_place(aggregate, links, dialect.in_place, dialect, counters)
    outer = counters.pages.next()
    columns = {name: f"c{i}" for i, name in enumerate(_aggregated_columns(aggregate))}
    rows = _rows(aggregate, links, columns, dialect, counters)
    apart: dict[str, str] | None = {} if dialect.aggregates_apart else None
    names = {name: f"{outer}.{alias}" for name, alias in columns.items()}
    pairs = _aggregate_pairs(aggregate, links, names, apart, dialect, counters)
    if not any(isinstance(part, AggregateFields) for part in aggregate.answer):
        return dialect.json_object(pairs)  # over the rows it would be one object for each
    if apart is not None:
        aggregates = ", ".join(f"{text} AS {alias}" for text, alias in apart.items()) or "1 AS f0"
        rows = sql("SELECT {} FROM ({}) {}", aggregates, rows, outer)
        outer = _AGGREGATES
    return sql("(SELECT {} FROM ({}) {})", dialect.json_object(pairs), rows, outer)


def _aggregate_in_place(
    aggregate: Aggregate, links: Links, in_place: InPlace, dialect: Dialect, counters: Counters
) -> Sql:
    if aggregate.distinct_on or aggregate.limit or aggregate.offset:
        raise TooComplex("This database can't limit what a nested aggregate is made of by itself.")
    table = counters.tables.next()
    source, _, _ = _source(aggregate, links, table, dialect, counters)
    names = {c.name: f"{table}.{dialect.quote(c.name)}" for c in aggregate.table.columns}
    pairs = _aggregate_pairs(aggregate, links, names, None, dialect, counters)
    if any(isinstance(part, AggregateFields) for part in aggregate.answer):
        return in_place.json_one(pairs, source, Sql(""), Sql(""))
    return dialect.json_object(pairs)


def _aggregate_pairs(
    aggregate: Aggregate,
    links: Links,
    names: Mapping[str, str],
    apart: dict[str, str] | None,
    dialect: Dialect,
    counters: Counters,
) -> list[tuple[str, Sql]]:
    """Return the values of an aggregate's answer.

    `names` says how the columns are called, `apart` collects aggregates with their aliases.
    """

    def kept(expression: str) -> str:
        if apart is None:
            return expression
        return f"{_AGGREGATES}.{apart.setdefault(expression, f'f{len(apart)}')}"

    def count(part: Count) -> str:
        counted = [(names[column.name], column.type) for column in part.columns]
        return kept(count_to_sql(counted, dialect, distinct=part.distinct))

    def expression(part: AggregateColumns, one: AggregateColumn) -> str:
        return kept(dialect.aggregate(part.function, names[one.column.name], one.column.type))

    pairs: list[tuple[str, Sql]] = []
    for part in aggregate.answer:
        if isinstance(part, Typename):
            pairs.append((part.key, Sql(dialect.text(part.name))))
        elif isinstance(part, AggregateFields):
            pairs.append((part.key, aggregate_fields_to_sql(part, count, expression, dialect)))
        else:
            pairs.append((part.key, _page(part.page, links, dialect, counters)))
    return pairs


def _aggregated_columns(aggregate: Aggregate) -> list[str]:
    found: dict[str, None] = {}
    for aggregates in (part for part in aggregate.answer if isinstance(part, AggregateFields)):
        for part in aggregates.parts:
            if isinstance(part, Count):
                found |= dict.fromkeys(column.name for column in part.columns)
            elif isinstance(part, AggregateColumns):
                found |= dict.fromkeys(
                    f.column.name for f in part.parts if isinstance(f, AggregateColumn)
                )
    return list(found)
