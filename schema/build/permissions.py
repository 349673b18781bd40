"""A role's row rules, which are JSON in the API's names → conditions of plans.

They are read by the names of everything that the database has: a rule may look at what its role
can't see. What names nothing there closes its table to the role, and is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from dynamic_databases.catalog.types import Catalog
from schema import exact_numbers
from schema.access import FULL_ACCESS, NO_RULES, Access, TableAccess, permitted
from schema.build.rule_inputs import RuleInputs, RuleProblem, check_unambiguous
from schema.errors import OperationProblem
from schema.names.catalog_names import names_of
from schema.names.permissions import given_columns, permissions_of
from schema.names.tables import NamedTable, Names
from schema.plan.nodes import EVERYTHING, Assignment, Cells, Slot, Where, both, either
from schema.plan.role_rules import RowLimits, TableRules, WriteRules
from schema.plan.where import plan_where
from schema.types.tables import TableTypes


@dataclass(frozen=True)
class PlannedAccess:
    """What is left of an access, its rules for plans, and what is wrong with the others.

    `problems` are (table, what is wrong).
    """

    access: Access
    rules: RowLimits
    problems: tuple[tuple[str, str], ...] = ()


def plan_access(catalog: Catalog, access: Access, overrides: Mapping[str, str]) -> PlannedAccess:
    """Return an access with its rules planned; a table whose rules can't be is not permitted."""
    if not access.has_rules:
        return PlannedAccess(access, {})
    names = names_of(catalog, FULL_ACCESS, overrides)
    planner = _Planner(names, catalog.vendor)
    rules = {}
    problems = []
    permissions = permissions_of(
        access,
        {name: named.field for name, named in names.tables.items()},
        {name: named.field_of for name, named in names.tables.items()},
    )
    for named in names.tables.values():
        own = permissions[named.table.name]
        if own.rules == NO_RULES and not own.roles:
            continue
        try:
            rules[named.table.name] = planner.plan(own, named)
        except OperationProblem as error:
            problems.append((str(named.table.name), error.message))
    refused = [name for name, _ in problems]
    return PlannedAccess(access.without(refused) if refused else access, rules, tuple(problems))


@dataclass(frozen=True)
class _Role:
    """The rules of one role of a union, and what it permits at all."""

    rules: TableRules
    reads: bool
    inserts: bool
    updates: bool
    deletes: bool


class _Planner:
    """Plans rules with the names and the input types of a whole catalog."""

    def __init__(self, names: Names, vendor: str) -> None:
        self._names = names
        self._types = TableTypes(names, vendor)
        self._inputs = RuleInputs(names)

    def plan(self, access: TableAccess, table: NamedTable) -> TableRules:
        """Raises OperationProblem for what names nothing, or doesn't fit its column."""
        roles = [self._role(one, table) for one in access.each_role]
        if not access.roles:
            (role,) = roles
            return replace(role.rules, limit=access.rules.limit)
        cells = access.cell_rules(table.field_of.keys() - set(table.table.primary_key))
        if cells and not table.table.primary_key:
            text = "without a key no cell can be hidden; give the roles' rows the same columns."
            raise RuleProblem("inherits", text)
        readers = [one.rules for one in roles if one.reads]
        return TableRules(
            select=either(one.select for one in readers),
            cells=self._cells(cells, table),
            limit=access.rules.limit,
            inserts=tuple(one.rules.inserts[0] for one in roles if one.inserts),
            updates=tuple(one.rules.updates[0] for one in roles if one.updates),
            delete=either(one.rules.delete for one in roles if one.deletes),
            is_union=True,
        )

    def _role(self, access: TableAccess, table: NamedTable) -> _Role:
        """Return the rules of a role alone."""
        rules = access.rules
        if (rules.insert_check or rules.update_check) and not table.table.in_transactions:
            text = "tables of this storage engine have no transactions: nothing could be undone."
            raise RuleProblem("check", text)
        where = partial(self._where, table)
        select = where(rules.select_rows, "select.rows")
        columns = frozenset(table.field_of)
        seen = permitted(access.select, columns)
        write = partial(WriteRules, seen=seen)
        insert = write(
            given=given_columns(access, "insert", columns, table.field_of),
            check=where(rules.insert_check, "insert.check"),
            presets=self._presets(table, rules.insert_presets, "insert.presets"),
        )
        update = write(
            given=given_columns(access, "update", columns, table.field_of),
            where=both(select, where(rules.update_rows, "update.rows")),
            check=where(rules.update_check, "update.check"),
            presets=self._presets(table, rules.update_presets, "update.presets"),
        )
        delete = both(select, where(rules.delete_rows, "delete.rows"))
        reads = access.select is not None
        return _Role(
            TableRules(select, inserts=(insert,), updates=(update,), delete=delete),
            reads=reads,
            inserts=reads and access.insert is not None,
            updates=reads and access.update is not None,
            deletes=reads and access.delete,
        )

    def _cells(
        self, cells: Mapping[str, frozenset[str]], table: NamedTable
    ) -> tuple[Cells, ...]:
        """Return the columns that are hidden in some rows, those of one rule together."""
        of_rules: dict[frozenset[str], list[str]] = {}
        for column, rules in cells.items():
            of_rules.setdefault(rules, []).append(column)
        return tuple(
            Cells(
                tuple(sorted(columns)),
                either(self._where(table, text, "select.rows") for text in sorted(rules)),
            )
            for rules, columns in of_rules.items()
        )

    def _where(self, table: NamedTable, text: str, place: str) -> Where:
        if not text:
            return EVERYTHING
        declared = self._types.filters.bool_exp(table)
        tree = self._inputs.tree(exact_numbers.loads(text), declared, place)
        return plan_where(tree, table, self._names)

    def _presets(self, table: NamedTable, text: str, place: str) -> tuple[Assignment, ...]:
        found = []
        for name, value in (exact_numbers.loads(text) if text else {}).items():
            check_unambiguous(name, table, place)
            field = name if name in table.columns else table.field_of.get(name)
            if field is None:
                raise RuleProblem(place, f"{table.table.name} has no column {name!r}.")
            column = table.columns[field]
            if column.generated:
                raise RuleProblem(place, f"{name} is generated by the database.")
            declared = self._types.leaves.input(column)
            operand = self._inputs.operand(value, declared, f"{place}.{name}")
            found.append(Assignment(column, Slot(operand, column.type)))
        return tuple(found)
