"""What a violated constraint is about, where the server tells its name alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dynamic_databases.catalog.types import Table
from dynamic_databases.errors import ConstraintViolation
from schema.plan.nodes import Action, Insert, InsertRows, UpdateEach


def with_columns(error: ConstraintViolation, actions: Iterable[Action]) -> ConstraintViolation:
    """Return the violation with its constraint's columns, as the tables that are written have them.

    Where several of them have a constraint of this name (`PRIMARY` on MySQL), nothing is guessed.
    """
    if error.columns or error.constraint is None:
        return error
    tables = {table.name: table for action in actions for table in _tables_of(action)}
    found = {_columns_of(error.constraint, table) for table in tables.values()} - {()}
    if len(found) != 1:
        return error
    return ConstraintViolation(str(error), error.constraint, found.pop())


def _tables_of(action: Action) -> Iterator[Table]:
    if isinstance(action, Insert | InsertRows):
        yield from (row.table for row in action.rows)
    elif isinstance(action, UpdateEach):
        yield from (update.table for update in action.updates)
    elif (table := getattr(action, "table", None)) is not None:
        yield table


def _columns_of(constraint: str, table: Table) -> tuple[str, ...]:
    if constraint == "PRIMARY":  # MySQL's name of every primary key
        return table.primary_key
    keys = {key.name: key.columns for key in table.unique_keys}
    keys |= {key.name: key.columns for key in table.foreign_keys if key.name}
    return keys.get(constraint, ())
