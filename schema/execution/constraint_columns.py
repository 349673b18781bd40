"""What a client learns of a violated constraint: its columns, if the role may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dynamic_databases.catalog.types import Catalog, ForeignKey, Table, TableName, UniqueKey
from dynamic_databases.errors import ConstraintViolation
from schema.names.tables import Names
from schema.plan.nodes import Action, Insert, InsertRows, UpdateEach

_HIDDEN = "A constraint of the database refuses this; your role may not see which."
_PRIMARY = "PRIMARY"  # MySQL's name of every primary key
_Seen = Mapping[TableName, frozenset[str]]
_NOTHING: frozenset[str] = frozenset()


def as_shown(
    error: ConstraintViolation, actions: Iterable[Action], catalog: Catalog, names: Names
) -> ConstraintViolation:
    """Return the violation as a role may read it; a general one if it names what is hidden."""
    actions = tuple(actions)
    named = with_columns(error, actions)
    seen = {
        t.name: frozenset(names.tables[t.name].field_of) if t.name in names.tables else _NOTHING
        for t in catalog.tables
    }
    if all(len(seen[table.name]) == len(table.columns) for table in catalog.tables):
        return named
    written = {table.name: table for action in actions for table in tables_of(action)}
    if _may_see(named, catalog, tuple(written.values()), seen):
        return named
    return ConstraintViolation(_HIDDEN)


def _may_see(
    error: ConstraintViolation, catalog: Catalog, written: tuple[Table, ...], seen: _Seen
) -> bool:
    # A trigger may write any table, and a violation doesn't say which one it was.
    reached = catalog.tables if any(table.has_triggers for table in written) else written
    if error.constraint not in (None, _PRIMARY):
        keys = [
            _shows(key, table, seen)
            for table in catalog.tables
            for key in _keys_of(table)
            if key.name == error.constraint
        ]
        if keys:
            return all(keys)
        # A catalog has no names of primary keys and checks.
        owners = [table for table in reached if set(error.columns) == set(table.primary_key)]
    else:
        owners = [table for table in reached if set(error.columns) <= set(table.by_name)]
    named = set(error.columns)
    return bool(named and owners) and all(named <= seen[table.name] for table in owners)


def _keys_of(table: Table) -> tuple[UniqueKey | ForeignKey, ...]:
    return (*table.unique_keys, *table.foreign_keys)


def _shows(key: UniqueKey | ForeignKey, table: Table, seen: _Seen) -> bool:
    """Return whether the columns of a key may be seen, those that it refers to as well."""
    own = set(key.columns) <= seen[table.name]
    if isinstance(key, ForeignKey):
        return own and set(key.target_columns) <= seen.get(key.target, frozenset())
    return own


def with_columns(error: ConstraintViolation, actions: Iterable[Action]) -> ConstraintViolation:
    """Return the violation with its constraint's columns, as the tables that are written have them.

    Where several of them have a constraint of this name (`PRIMARY` on MySQL), nothing is guessed.
    """
    if error.columns or error.constraint is None:
        return error
    tables = {table.name: table for action in actions for table in tables_of(action)}
    found = {_columns_of(error.constraint, table) for table in tables.values()} - {()}
    if len(found) != 1:
        return error
    return ConstraintViolation(str(error), error.constraint, found.pop())


def tables_of(action: Action) -> Iterator[Table]:
    """Return the tables that a field of a mutation writes."""
    if isinstance(action, Insert | InsertRows):
        yield from (row.table for row in action.rows)
    elif isinstance(action, UpdateEach):
        yield from (update.table for update in action.updates)
    elif (table := getattr(action, "table", None)) is not None:
        yield table


def _columns_of(constraint: str, table: Table) -> tuple[str, ...]:
    if constraint == _PRIMARY:
        return table.primary_key
    keys = {key.name: key.columns for key in table.unique_keys}
    keys |= {key.name: key.columns for key in table.foreign_keys if key.name}
    return keys.get(constraint, ())
