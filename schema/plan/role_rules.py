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
    """The rows and cells that are seen, and what each role of a union may write.

    A role alone needs no search for one that permits columns: its schema has no others.
    """

    select: Where = EVERYTHING
    cells: tuple[Cells, ...] = ()
    limit: int | None = None
    inserts: tuple[WriteRules, ...] = (WriteRules(),)
    updates: tuple[WriteRules, ...] = (WriteRules(),)
    delete: Where = EVERYTHING
    is_union: bool = False

    def rows_with(self, columns: Collection[str]) -> Where:
        """Return the condition of the rows in which all these columns are seen."""
        where = self.select
        for cells in self.cells:
            if set(cells.columns) & set(columns):
                where = both(where, cells.where)
        return where

    def inserting(self, table: Table, given: Collection[str]) -> tuple[WriteRules, ...]:
        """Return the roles that may insert these columns. Raises BadUserInput for none."""
        return self._permitting(self.inserts, table, given, ())

    def updating(
        self, table: Table, given: Collection[str], seen: Collection[str]
    ) -> tuple[WriteRules, ...]:
        """Return the roles that may update the columns `given` and see those that are compared.

        Raises BadUserInput for none.
        """
        return self._permitting(self.updates, table, given, seen)

    def _permitting(
        self,
        roles: tuple[WriteRules, ...],
        table: Table,
        given: Collection[str],
        seen: Collection[str],
    ) -> tuple[WriteRules, ...]:
        """Return those of `roles` with the presets of the first."""
        if not self.is_union:
            return roles
        found = [one for one in roles if one.given.issuperset(given) and one.seen.issuperset(seen)]
        if not found:
            columns = ", ".join(sorted({*given, *seen}))
            raise BadUserInput(
                f"{table.name}: none of the roles that yours is made of may write and see these "
                f"columns together: {columns}."
            )
        return tuple(one for one in found if one.presets == found[0].presets)


RowLimits = Mapping[TableName, TableRules]


def check_of(rules: tuple[WriteRules, ...]) -> Where:
    """Return what a stored row must satisfy: the check of one of the roles."""
    return either(one.check for one in rules)
