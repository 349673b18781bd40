"""orderBy → order terms, the key's columns appended, so that every list has one order."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from schema.errors import BadUserInput
from schema.naming import NamedTable, Names
from schema.plan.nodes import Hop, OrderTerm
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


def plan_order_by(tree: Any, table: NamedTable, names: Names) -> tuple[OrderTerm, ...]:
    """Return the terms of a list of OrderBy trees, and after them the key (or all columns)."""
    terms: list[OrderTerm] = []
    for item in (tree if isinstance(tree, list) else [tree]) if tree is not None else []:
        if item is not None:
            terms += _terms(item, table, names, ())
    given = {term.column.name for term in terms if not term.hops}
    key = table.table.primary_key or _tie_breakers(table)
    rest = (table.table.by_name[column] for column in key if column not in given)
    return (
        *terms,
        *(OrderTerm((), column, descending=False, nulls_first=False) for column in rest),
    )


def _terms(
    item: dict[str, Any], table: NamedTable, names: Names, hops: tuple[Hop, ...]
) -> list[OrderTerm]:
    terms: list[OrderTerm] = []
    for name, value in item.items():
        if value is None:
            raise BadUserInput(f"orderBy.{name} must not be null; leave it out.")
        if name in table.columns:
            descending, nulls_first = _DIRECTIONS[value]
            terms.append(OrderTerm(hops, table.columns[name], descending, nulls_first))
        elif name not in table.relations:
            raise BadUserInput(f"{table.type} has nothing to order by.")
        else:
            relation = table.relations[name]
            target = names.tables[relation.target]
            hop = Hop(target.table, links_of(relation, table, names))
            terms += _terms(value, target, names, (*hops, hop))
    return terms


def _tie_breakers(table: NamedTable) -> tuple[str, ...]:
    """A table without a key is ordered by the columns that every vendor can order by."""
    for key in table.table.unique_keys:
        if not any(table.table.by_name[column].nullable for column in key.columns):
            return key.columns
    orderable = [c.name for c in table.table.columns if c.type.kind.is_orderable]
    return tuple(orderable[:16])
