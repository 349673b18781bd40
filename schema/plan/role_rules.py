"""What a role's rules of one table mean for plans; of a role that inherits, those of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dynamic_databases.catalog.types import Table, TableName
from schema.errors import BadUserInput
from schema.plan.nodes import EVERYTHING, Assignment, Cells, Where, both, either


@dataclass(frozen=True)
class WriteRules:
    """What one role may insert or update: rows that satisfy `where`, if `check` holds afterwards.

    `given` are the columns that a client may give, `seen` those that the role sees.
    """

    given: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    where: Where = EVERYTHING
    check: Where = EVERYTHING
    presets: tuple[Assignment, ...] = ()


@dataclass(frozen=True)
class TableRules:
    """The rows and cells that are seen, and what each role of a union may write."""

    select: Where = EVERYTHING
    cells: tuple[Cells, ...] = ()
    limit: int | None = None
    inserts: tuple[WriteRules, ...] = (WriteRules(),)
    updates: tuple[WriteRules, ...] = (WriteRules(),)
    delete: Where = EVERYTHING

    def rows_with(self, columns: Collection[str]) -> Where:
        """Return the condition of the rows in which all these columns are seen."""
        where = self.select
        for cells in self.cells:
            if set(cells.columns) & set(columns):
                where = both(where, cells.where)
        return where


RowLimits = Mapping[TableName, TableRules]


def permitting(
    rules: tuple[WriteRules, ...], table: Table, given: Collection[str], seen: Collection[str] = ()
) -> tuple[WriteRules, ...]:
    """Return the roles that may write columns together, of those with the presets of the first.

    One role alone needs no search: its schema has no other column. `seen` are columns that a client
    compares. Raises BadUserInput where it takes two roles to write or compare the columns.
    """
    if len(rules) == 1:
        return rules
    found = [one for one in rules if one.given.issuperset(given) and one.seen.issuperset(seen)]
    if not found:
        columns = ", ".join(sorted({*given, *seen}))
        raise BadUserInput(
            f"{table.name}: none of the roles that yours is made of may write and see these "
            f"columns together: {columns}."
        )
    return tuple(one for one in found if one.presets == found[0].presets)


def check_of(rules: tuple[WriteRules, ...]) -> Where:
    """Return what a stored row must satisfy: the check of one of the roles."""
    return either(one.check for one in rules)
