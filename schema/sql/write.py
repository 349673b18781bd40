"""`Write` plans → the statements that they run, one after the other, in a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dynamic_databases.catalog.types import Column, Table
from schema.plan.nodes import (
    EVERYTHING,
    RETURNED_KEY,
    AllOf,
    Assignment,
    Compare,
    How,
    InsertedRow,
    Nested,
    NestedAggregate,
    NestedConnection,
    Op,
    Page,
    Selected,
    Slot,
    Update,
    Use,
    Where,
    both,
)
from schema.plan.operands import VariableRef
from schema.sql.dialect import Dialect
from schema.sql.inserts import key_out
from schema.sql.read import Counters, pairs_to_sql, row_condition
from schema.sql.statement import Sql, joined, sql
from schema.sql.where import Aliases, where_to_sql


@dataclass(frozen=True)
class Probe:
    """What a look at the current row asks: whether it holds something else than each value."""

    values: tuple[Assignment, ...]
    expected: tuple[Assignment, ...] = ()  # what a client read: a number counts by its value
    shown: tuple[Column, ...] = ()  # columns whose JSON is wanted besides
    key: tuple[Column, ...] = ()  # columns that are wanted as a slot of use RAW takes them
    new_key: tuple[Assignment, ...] = ()  # what becomes of some of them, likewise
    held: tuple[Where, ...] = ()  # conditions of which it is asked whether the row satisfies them


def insert_to_sql(
    row: InsertedRow, dialect: Dialect, selection: Sequence[Selected] = ()
) -> tuple[Sql, Sql | None]:
    """Return an INSERT of one row that returns its key, and a SELECT where it can't.

    No row is returned where a conflict does nothing; where the dialect `tells_conflict`, a flag is
    the last value. After the key comes the JSON object of a flat `selection`, where there is one.
    """
    keys = key_out(row.returned, "", dialect)
    returned = joined(", ", [keys, *answered(row.table, selection, dialect)])
    condition = Sql("")
    if row.on_conflict is not None:
        alias = dialect.conflict_alias(row)
        condition = where_to_sql(row.on_conflict.where, alias, dialect, Aliases(1))
    return dialect.insert(row, returned, condition), dialect.inserted(row, returned)


def existing_to_sql(row: InsertedRow, dialect: Dialect) -> Sql | None:
    """Return a SELECT of the row that a conflict left; None if the key wasn't given.

    It finds no row that may not be seen.
    """
    if row.on_conflict is None:
        return None
    given = {a.column.name: a.slot for a in row.values}
    key = [(row.table.by_name[name], given.get(name)) for name in row.on_conflict.key]
    known = [(column, slot) for column, slot in key if slot is not None]
    if len(known) < len(key):
        return None
    returned = key_out(row.returned, "t1.", dialect)
    name, condition = dialect.table(row.table.name), row_condition(known, "t1", dialect)
    seen = _and_where(row.visible, dialect, Aliases(1))
    return sql("SELECT {} FROM {} t1 WHERE {}{}", returned, name, condition, seen)


def is_flat(selection: Sequence[Selected]) -> bool:
    """Return whether a row's own columns are all that is selected."""
    nested = Nested | NestedAggregate | NestedConnection
    return bool(selection) and not any(isinstance(item, nested) for item in selection)


def answered(table: Table, selection: Sequence[Selected], dialect: Dialect) -> list[Sql]:
    """Return the JSON object of a flat selection as RETURNING has it; nothing for none."""
    if not selection:
        return []
    columns = {column.name: dialect.quote(column.name) for column in table.columns}
    pairs = pairs_to_sql(selection, "", columns, dialect, Counters())
    return [dialect.json_text(dialect.json_object(pairs))]


def _and_where(where: Where, dialect: Dialect, aliases: Aliases) -> Sql:
    """Return ` AND …` for the alias t1, or nothing where everything matches."""
    condition = where_to_sql(where, "t1", dialect, aliases)
    return sql(" AND {}", condition) if condition.text else condition


def probe_to_sql(
    table: Table,
    key: Sequence[Assignment],
    probe: Probe,
    dialect: Dialect,
    where: Where = EVERYTHING,
) -> Sql:
    """Return a locking SELECT: flags, the key, then a JSON object of columns.

    There is a flag per condition of `held`, then one per value.

    It finds the row with this key if it satisfies `where`.
    """
    aliases = Aliases(1)
    flags = [
        *held_flags(probe.held, dialect, aliases),
        *(flag(_changes(a, "t1.", dialect)) for a in probe.values),
    ]
    pairs = [
        (column.name, Sql(dialect.json_value(f"t1.{dialect.quote(column.name)}", column.type)))
        for column in probe.shown
    ]
    flags += [
        flag(dialect.moved(f"t1.{dialect.quote(a.column.name)}", a.slot)) for a in probe.expected
    ]
    chosen = [*flags, key_out(probe.key, "t1.", dialect)] if probe.key else flags
    chosen += new_keys(probe.new_key, "t1.", dialect)
    chosen += [dialect.json_text(dialect.json_object(pairs))] if pairs else []
    chosen = chosen or [Sql("1")]  # that the row is there
    source = dialect.table(table.name)
    return sql(
        "SELECT {} FROM {} t1{} WHERE {}{}{}",
        joined(", ", chosen),
        source,
        dialect.lock_hint,
        _key(key, dialect),
        _and_where(where, dialect, aliases),
        dialect.locked(),
    )


def flag(condition: Sql) -> Sql:
    """Return 1 where a condition holds, else 0."""
    return sql("CASE WHEN {} THEN 1 ELSE 0 END", condition)


def held_flags(held: Sequence[Where], dialect: Dialect, aliases: Aliases) -> list[Sql]:
    """Return a flag for each of conditions on the alias t1."""
    conditions = (where_to_sql(where, "t1", dialect, aliases) for where in held)
    return [flag(condition) if condition.text else Sql("1") for condition in conditions]


def update_to_sql(
    table: Table,
    key: Sequence[Assignment],
    values: Sequence[Assignment],
    dialect: Dialect,
    *,
    returns_key: bool = False,
) -> Sql:
    """Return an UPDATE of `values` alone, of the row with this key.

    With `returns_key` it returns the key that the row has then.
    """
    pairs = joined(", ", (assigned(a, table, dialect) for a in values))
    name = dialect.table(table.name)
    update = sql("UPDATE {} SET {} WHERE {}", name, pairs, _plain_key(key, dialect))
    if returns_key:
        return sql("{} RETURNING {}", update, key_out(key_columns(table), "", dialect))
    return dialect.counted(update, table)


def returns_key(table: Table, values: Sequence[Assignment], dialect: Dialect) -> bool:
    """Return whether a row is found by the key that UPDATE returns.

    Triggers may change the key, and a server rounds what is written to one.
    """
    may_change = table.has_triggers or bool(written_key(table, values))
    return may_change and dialect.writes_return_keys


def written_key(table: Table, values: Sequence[Assignment]) -> tuple[Assignment, ...]:
    """Return the assignments to columns of the key."""
    return tuple(a for a in values if a.column.name in table.primary_key)


def new_keys(written: Sequence[Assignment], prefix: str, dialect: Dialect) -> list[Sql]:
    """Return what assignments make of a key's columns, as a slot of use RAW takes them."""
    return [
        sql(
            dialect.key_out("{}", a.column.type),
            dialect.stored(
                dialect.changed(f"{prefix}{dialect.quote(a.column.name)}", a), a.column.type
            ),
        )
        for a in written
    ]


def new_raw_key(table: Table, values: Sequence[Assignment]) -> tuple[tuple[Column, Slot], ...]:
    """Return the key's columns with slots of a row of the key and of `new_keys` after it."""
    columns = key_columns(table)
    places = {column.name: i for i, column in enumerate(columns)}
    places |= {a.column.name: len(columns) + i for i, a in enumerate(written_key(table, values))}
    return tuple((column, _raw_slot(column, places[column.name])) for column in columns)


def direct_update_to_sql(update: Update, dialect: Dialect) -> Sql:
    """Return an UPDATE of the row with this key, if its lone value differs."""
    (value,) = update.values
    changed = sql(
        "UPDATE {} SET {} WHERE {} AND {}",
        dialect.table(update.table.name),
        assigned(value, update.table, dialect),
        _plain_key(update.key, dialect),
        _changes(value, "", dialect),
    )
    return dialect.counted(changed, update.table)


def key_columns(table: Table) -> tuple[Column, ...]:
    return tuple(table.by_name[name] for name in table.primary_key)


def combined_update_to_sql(update: Update, chosen: Sequence[int], dialect: Dialect) -> Sql:
    """Return a statement that locks and probes a row, and writes the values at `chosen`.

    It writes them if those and no others differ. After the probe's flags stands how many rows were
    written.
    """
    probe = probe_to_sql(update.table, update.key, Probe(update.values), dialect, update.where)
    flags = [f"c{i}" for i in range(len(update.values))]
    as_chosen = " AND ".join(f"{flag} = {int(i in chosen)}" for i, flag in enumerate(flags))
    write = sql(
        'UPDATE {} SET {} WHERE {} AND (SELECT count(*) = 1 AND bool_and({}) FROM "#probed")',
        dialect.table(update.table.name),
        joined(", ", (assigned(update.values[i], update.table, dialect) for i in chosen)),
        _plain_key(update.key, dialect),
        Sql(as_chosen),
    )
    return sql(
        'WITH "#probed" ({}) AS MATERIALIZED ({}), "#written" AS ({} RETURNING 1) '
        'SELECT *, (SELECT count(*) FROM "#written") FROM "#probed"',
        Sql(", ".join(flags)),
        probe,
        write,
    )


def delete_to_sql(table: Table, key: Sequence[Assignment], dialect: Dialect) -> Sql:
    delete = sql("DELETE FROM {} WHERE {}", dialect.table(table.name), _plain_key(key, dialect))
    return dialect.counted(delete, table)


def raw_key(table: Table) -> tuple[tuple[Column, Slot], ...]:
    """Return the key's columns with slots that take what `INSERT … RETURNING` gave."""
    return tuple((column, _raw_slot(column, i)) for i, column in enumerate(key_columns(table)))


def _raw_slot(column: Column, place: int) -> Slot:
    return Slot(VariableRef(RETURNED_KEY, (place,)), column.type, Use.RAW)


def keyed(page: Page, key: Sequence[tuple[Column, Slot]]) -> Page:
    """Return `page` for the row with this key, if it satisfies the page's own condition."""
    from_key = tuple(Compare(column, Op.EQ, slot) for column, slot in key)
    return replace(page, where=both(page.where, AllOf(from_key)))


def _changes(assignment: Assignment, table: str, dialect: Dialect) -> Sql:
    """Return whether this write would change the row; `table` is an alias with a dot, or empty."""
    column = f"{table}{dialect.quote(assignment.column.name)}"
    if assignment.how is How.SET:
        return dialect.differs(column, assignment.slot)
    if assignment.how is How.ADD:
        return sql("{} <> 0", dialect.slot(assignment.slot))
    return sql("{} IS DISTINCT FROM {}", column, dialect.changed(column, assignment))


def assigned(assignment: Assignment, table: Table, dialect: Dialect) -> Sql:
    """Return `column = value` of an UPDATE."""
    column = dialect.quote(assignment.column.name)
    return sql("{} = {}", column, stored_as(assignment, table, dialect))


def stored_as(assignment: Assignment, table: Table, dialect: Dialect) -> Sql:
    """Return what an assignment writes into its column."""
    own = dialect.reference(table, assignment) if assignment.how is How.SET else None
    return own or dialect.changed(dialect.quote(assignment.column.name), assignment)


def _key(key: Sequence[Assignment], dialect: Dialect) -> Sql:
    return row_condition(((a.column, a.slot) for a in key), "t1", dialect)


def _plain_key(key: Sequence[Assignment], dialect: Dialect) -> Sql:
    parts = (
        dialect.compare(Sql(dialect.quote(a.column.name)), Compare(a.column, Op.EQ, a.slot))
        for a in key
    )
    return joined(" AND ", parts)
