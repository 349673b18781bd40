"""Writes of all rows that match: `UpdateRows` and `DeleteRows` plans → their statements."""

from __future__ import annotations

from collections.abc import Sequence

from dynamic_databases.catalog.types import Table
from schema.plan.nodes import (
    EVERYTHING,
    Assignment,
    DeleteRows,
    How,
    Returning,
    Selected,
    UpdateRows,
    Where,
)
from schema.sql.dialect import Dialect
from schema.sql.inserts import key_out
from schema.sql.statement import Sql, joined, sql
from schema.sql.where import Aliases, where_to_sql
from schema.sql.write import (
    answered,
    assigned,
    delete_to_sql,
    held_flags,
    key_columns,
    new_keys,
    raw_key,
    stored_as,
    update_to_sql,
    written_key,
)


def update_rows_to_sql(update: UpdateRows, dialect: Dialect) -> Sql:
    """Return an UPDATE of all rows that match.

    It returns their keys, if they are answered or checked: a rule may forbid it.
    """
    write = sql(
        "UPDATE {} AS t1 SET {}{}",
        dialect.table(update.table.name),
        joined(", ", (_overwritten(a, update.table, dialect) for a in update.values)),
        _matching(update.where, dialect),
    )
    return _returning_keys(write, update, dialect)


def delete_rows_to_sql(
    delete: DeleteRows, dialect: Dialect, selections: Sequence[Sequence[Selected]] = ()
) -> Sql:
    """Return a DELETE of all rows that match, which returns keys as an UPDATE does.

    After the key comes the JSON object of each of the flat `selections`, of the row as it was.
    """
    table = delete.table
    write = sql(
        "DELETE FROM {} AS t1{}", dialect.table(table.name), _matching(delete.where, dialect)
    )
    objects = [one for each in selections for one in answered(table, each, dialect)]
    return joined(", ", [_returning_keys(write, delete, dialect), *objects])


def matching_keys_to_sql(
    write: UpdateRows | DeleteRows, dialect: Dialect, *, locks: bool = True
) -> Sql:
    """Return a SELECT of the keys of all rows that match, and of what they will be.

    After them stand the flags of `held`. With `locks` it locks the rows, for which some servers
    want the right to update them.
    """
    values = write.values if isinstance(write, UpdateRows) else ()
    new = new_keys(written_key(write.table, values), "t1.", dialect)
    aliases = Aliases(1)
    flags = held_flags(write.held, dialect, aliases) if isinstance(write, UpdateRows) else []
    return sql(
        "SELECT {} FROM {} t1{}{}{}",
        joined(", ", [key_out(key_columns(write.table), "t1.", dialect), *new, *flags]),
        dialect.table(write.table.name),
        dialect.lock_hint if locks else "",
        _matching(write.where, dialect, aliases),
        dialect.locked() if locks else "",
    )


def update_raw_to_sql(update: UpdateRows, dialect: Dialect) -> Sql:
    """Return an UPDATE of the row whose key was just read."""
    key = tuple(Assignment(column, slot) for column, slot in raw_key(update.table))
    return update_to_sql(update.table, key, update.values, dialect)


def delete_raw_to_sql(table: Table, dialect: Dialect) -> Sql:
    """Return a DELETE of the row whose key was just read."""
    key = tuple(Assignment(column, slot) for column, slot in raw_key(table))
    return delete_to_sql(table, key, dialect)


def _returning_keys(write: Sql, plan: UpdateRows | DeleteRows, dialect: Dialect) -> Sql:
    is_checked = isinstance(plan, UpdateRows) and plan.check != EVERYTHING
    if not is_checked and not any(isinstance(one, Returning) for one in plan.answer):
        return write
    return sql("{} RETURNING {}", write, key_out(key_columns(plan.table), "", dialect))


def _matching(where: Where, dialect: Dialect, aliases: Aliases | None = None) -> Sql:
    condition = where_to_sql(where, "t1", dialect, aliases or Aliases(1))
    return sql(" WHERE {}", condition) if condition.text else Sql("")


def _overwritten(assignment: Assignment, table: Table, dialect: Dialect) -> Sql:
    """Return `column = value` for rows that weren't probed."""
    if assignment.how is not How.SET:
        return assigned(assignment, table, dialect)
    column = dialect.quote(assignment.column.name)
    value = stored_as(assignment, table, dialect)
    return sql("{} = {}", column, dialect.overwritten(column, assignment.slot, value))
