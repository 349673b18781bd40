"""orderBy → order terms, the key's columns appended, so that every list has one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from dynamic_databases.catalog.types import Column
from schema.errors import BadUserInput
from schema.names.tables import CUSTOM_FIELDS, NamedTable, Names
from schema.plan.aggregate import aggregate_type
from schema.plan.nodes import (
    EVERYTHING,
    Function,
    Hop,
    OrderTerm,
    RelatedAggregate,
    RelatedCount,
    Subject,
)
from schema.plan.nodes.conditions import Link
from schema.plan.where import links_of


class Direction(StrEnum):
    """The values of the GraphQL enum OrderBy."""

    ASC = "ASC"
    ASC_NULLS_FIRST = "ASC_NULLS_FIRST"
    ASC_NULLS_LAST = "ASC_NULLS_LAST"
    DESC = "DESC"
    DESC_NULLS_FIRST = "DESC_NULLS_FIRST"
    DESC_NULLS_LAST = "DESC_NULLS_LAST"


# direction → (descending, nulls first); without a word about nulls they count as the largest.
_DIRECTIONS = {
    Direction.ASC: (False, False),
    Direction.ASC_NULLS_FIRST: (False, True),
    Direction.ASC_NULLS_LAST: (False, False),
    Direction.DESC: (True, True),
    Direction.DESC_NULLS_FIRST: (True, True),
    Direction.DESC_NULLS_LAST: (True, False),
}


def plan_order_by(
    tree: Any, table: NamedTable, names: Names, distinct_on: tuple[Column, ...] = ()
) -> tuple[OrderTerm, ...]:
    """Return the terms of a list of OrderBy trees, and after them the key (or all columns).

    The columns of `distinctOn` come first, as they must where rows that are equal in them are to
    stand side by side.
    """
    terms: list[OrderTerm] = []
    for item in items_of(tree):
        terms += _terms(item, table, names, ())
    terms = _with_distinct_first(terms, distinct_on, table)
    given = {term.subject for term in terms if not term.hops}
    key = table.table.primary_key or _tie_breakers(table)
    rest = (table.table.by_name[column] for column in key)
    return (*terms, *(ascending(column) for column in rest if column not in given))


def items_of(tree: Any) -> list[Any]:
    """Return the items of an orderBy, one alone or a list."""
    return [item for item in (tree if isinstance(tree, list) else [tree]) if item is not None]


def term(subject: Subject, direction: str, hops: tuple[Hop, ...] = ()) -> OrderTerm:
    descending, nulls_first = _DIRECTIONS[Direction(direction)]
    return OrderTerm(hops, subject, descending, nulls_first)


def ascending(column: Column) -> OrderTerm:
    return OrderTerm((), column, descending=False, nulls_first=False)


def given_fields(tree: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the fields of an OrderBy in the order in which they are written; null is left out."""
    return [(name, value) for name, value in tree.items() if value is not None]


def reversed_order(terms: Iterable[OrderTerm]) -> tuple[OrderTerm, ...]:
    """Return the order that gives the same rows from the last to the first."""
    return tuple(
        OrderTerm(t.hops, t.subject, descending=not t.descending, nulls_first=not t.nulls_first)
        for t in terms
    )


def _terms(
    item: Mapping[str, Any], table: NamedTable, names: Names, hops: tuple[Hop, ...]
) -> list[OrderTerm]:
    terms: list[OrderTerm] = []
    for name, value in given_fields(item):
        if table.lacks(name):
            continue  # it is null in every row
        if name in table.columns:
            terms.append(term(table.columns[name], value, hops))
        elif name in table.aggregates:
            relation = table.aggregates[name]
            target = names.tables[relation.target]
            links = links_of(relation, table, names)
            terms += [
                term(subject, direction, hops)
                for subject, direction in _aggregates(value, target, links)
            ]
        elif name == CUSTOM_FIELDS and name not in table.relations:
            terms += [term(table.custom[field], way, hops) for field, way in given_fields(value)]
        elif name not in table.relations:
            raise BadUserInput(f"{table.type} has nothing to order by.")
        else:
            relation = table.relations[name]
            target = names.tables[relation.target]
            hop = Hop(target.table, links_of(relation, table, names))
            terms += _terms(value, target, names, (*hops, hop))
    return terms


def _aggregates(
    value: Mapping[str, Any], target: NamedTable, links: tuple[Link, ...]
) -> list[tuple[Subject, str]]:
    """Return the related aggregates of `{count: ASC, max: {price: DESC}}` with their directions."""
    found: list[tuple[Subject, str]] = []
    for name, inner in given_fields(value):
        if name == "count":
            found.append((RelatedCount(target.table, links, EVERYTHING), inner))
            continue
        for field, direction in given_fields(inner):
            column = target.column(field)
            kind = aggregate_type(Function(name), column)
            if kind is None:
                raise BadUserInput(f"{name} can't be computed of {field}.")
            aggregate = RelatedAggregate(
                target.table, links, EVERYTHING, Function(name), column, kind
            )
            found.append((aggregate, direction))
    return found


def _with_distinct_first(
    terms: list[OrderTerm], distinct_on: tuple[Column, ...], table: NamedTable
) -> list[OrderTerm]:
    """Raises BadUserInput where orderBy begins with something else than distinctOn's columns."""
    leading = terms[: len(distinct_on)]
    if any(t.hops or t.subject not in distinct_on for t in leading):
        fields = ", ".join(table.field_of[column.name] for column in distinct_on)
        raise BadUserInput(f"orderBy must begin with the columns of distinctOn: {fields}.")
    missing = [c for c in distinct_on if c not in {t.subject for t in leading}]
    return [*leading, *(ascending(column) for column in missing), *terms[len(distinct_on) :]]


def _tie_breakers(table: NamedTable) -> tuple[str, ...]:
    """A table without a key is ordered by its columns; first those that every vendor can sort."""
    for key in table.table.unique_keys:
        if not any(table.table.by_name[column].nullable for column in key.columns):
            return key.columns
    ordered = [column for column in table.table.columns if column.type.has_order]
    ordered.sort(key=lambda column: not column.type.kind.is_orderable)
    return tuple(column.name for column in ordered[:16])
