"""Changes of columns: checked against catalog and baseline, then executed and logged.

One change per database at a time, whatever process makes it: the server itself holds the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from dynamic_databases import outcomes
from dynamic_databases.catalog.type_parser import parse_sql_type
from dynamic_databases.catalog.types import Column, Table
from dynamic_databases.change_log import CATALOG, record_change
from dynamic_databases.columns.types import holds_all_of, literal_of, sql_type_of
from dynamic_databases.columns.vendors.dispatch import columns_of
from dynamic_databases.columns.vendors.standard import ColumnVendor, run
from dynamic_databases.errors import ColumnRefused, DatabaseProblem
from dynamic_databases.models import ColumnChange, Database
from dynamic_databases.process import process_registry

Facts = dict[str, Any]


def add_column(
    database: Database,
    table: str,
    name: str,
    type_name: str,
    *,
    who: str,
    default: str | None = None,
) -> ColumnChange:
    """Add a column. With `default` it is NOT NULL, and the rows that are there get it too.

    `type_name` is a GraphQL scalar (`Int`, `String(120)`) or a SQL type. Raises ColumnRefused, or
    the errors of `outcomes` where the server refuses.
    """
    found = _table(database, table)
    vendor = _vendor(database)
    _check_name(found, name, vendor)
    sql_type = sql_type_of(type_name, vendor.name)

    def make(cursor: Any) -> None:
        literal = (
            None
            if default is None
            else literal_of(default, parse_sql_type(sql_type, vendor.name).kind)
        )
        run(cursor, vendor.add(found.name, name, sql_type, literal))

    after = {"name": name, "type": sql_type, "default": default}
    return _Change(database, "add", found, name, who).make(make, None, after)


def rename_column(
    database: Database, table: str, name: str, new_name: str, *, who: str
) -> ColumnChange:
    """Rename a column of the tenant's own; no row is touched. Raises ColumnRefused."""
    found, column = _own_column(database, table, name)
    vendor = _vendor(database)
    _check_name(found, new_name, vendor, but=name)

    def make(cursor: Any) -> None:
        run(cursor, vendor.rename(found.name, name, new_name))

    before = _facts(column)
    change = _Change(database, "rename", found, name, who)
    return change.make(make, before, before | {"name": new_name})


def widen_column(
    database: Database, table: str, name: str, type_name: str, *, who: str, force: bool = False
) -> ColumnChange:
    """Give a column another type. Raises ColumnRefused.

    Where the new type may not hold what is there, that takes `force`, unless nothing is there.
    """
    found, column = _own_column(database, table, name)
    vendor = _vendor(database)
    sql_type = sql_type_of(type_name, vendor.name)
    vendor.check_retype(found.name, column)

    def make(cursor: Any) -> None:
        new_type = parse_sql_type(sql_type, vendor.name)
        if not force and not holds_all_of(new_type, column.type, vendor.name):
            reason = f"{sql_type} may not hold all that {column.type.name} does"
            _refuse_with_data(cursor, found, name, reason, vendor)
        existing = vendor.existing(cursor, found.name, name)
        run(cursor, vendor.retype(found.name, column, sql_type, existing))

    change = _Change(database, "widen", found, name, who)
    return change.make(make, _facts(column), _facts(column) | {"type": sql_type})


def drop_column(
    database: Database, table: str, name: str, *, who: str, force: bool = False
) -> ColumnChange:
    """Drop a column of the tenant's own; where rows have values in it that takes `force`."""
    found, column = _own_column(database, table, name)
    vendor = _vendor(database)

    def make(cursor: Any) -> None:
        if not force:
            _refuse_with_data(cursor, found, name, "dropping it loses them", vendor)
        run(cursor, vendor.drop(found.name, name))

    return _Change(database, "drop", found, name, who).make(make, _facts(column), None)


def read_everywhere(database: Database) -> None:
    """Read this database's catalog again: here now, in the other processes within a second."""
    change = record_change(CATALOG, database.pk)
    process_registry().refresh(database.label, change.revision)


class _Change:
    """One change under way: its line in the log, the lock, and what follows it."""

    def __init__(
        self, database: Database, action: str, table: Table, column: str, who: str
    ) -> None:
        self._database = database
        self._line = ColumnChange(
            database=database,
            database_name=database.name,
            action=action,
            table=str(table.name),
            column=column,
            who=who,
        )

    def make(
        self, make: Callable[[Any], None], before: Facts | None, after: Facts | None
    ) -> ColumnChange:
        line = self._line
        line.before, line.after = before, after
        line.save()  # before anything happens, so that nothing happens unseen
        try:
            with _changing(self._database) as cursor:
                make(cursor)
        except DatabaseProblem as error:
            line.state, line.error = ColumnChange.State.FAILED, str(error)
            line.save()
            raise
        line.state = ColumnChange.State.DONE
        with transaction.atomic():
            line.save()
            change = record_change(CATALOG, self._database.pk)
        process_registry().refresh(self._database.label, change.revision)
        return line


@contextmanager
def _changing(database: Database) -> Iterator[Any]:
    """Give a cursor inside a transaction, with this database's lock for changes of columns held."""
    alias = database.label
    with (
        process_registry().connections.dedicated(alias) as wrapper,
        outcomes.translated(wrapper.vendor, writing=True),
    ):
        columns_of(wrapper.vendor).lock(wrapper)
        with transaction.atomic(using=alias), wrapper.cursor() as cursor:
            yield cursor


def _vendor(database: Database) -> ColumnVendor:
    return columns_of(process_registry().entry(database.label).catalog.vendor)


def _table(database: Database, name: str) -> Table:
    """Return a table as it is now. Raises ColumnRefused."""
    catalog = process_registry().current(database.label).catalog
    table = catalog.find(name)
    if table is None or table.is_view:
        known = ", ".join(str(t.name) for t in catalog.tables if not t.is_view) or "none"
        raise ColumnRefused(f"{database.name} has no table {name!r}; it has: {known}.")
    return table


def _own_column(database: Database, table_name: str, name: str) -> tuple[Table, Column]:
    """Return a column that may be changed: none of the baseline's, none of a key's."""
    table = _table(database, table_name)
    column = table.by_name.get(name)
    if column is None:
        known = ", ".join(table.by_name)
        raise ColumnRefused(f"{table.name} has no column {name!r}; it has: {known}.")
    _refuse_base(database, table, name)
    keys = [table.primary_key, *(key.columns for key in table.unique_keys)]
    keys += [key.columns for key in table.foreign_keys]
    if any(name in columns for columns in keys):
        raise ColumnRefused(f"{table.name}.{name} is part of a key; the gateway leaves keys alone.")
    return table, column


def _refuse_base(database: Database, table: Table, name: str) -> None:
    """With no baseline only columns that were added here are known to be the tenant's own."""
    if database.baseline is None:
        if not _was_added_here(database, table, name):
            raise ColumnRefused(
                f"{database.name} has no baseline, "
                f"so nothing tells that {table.name}.{name} is its own column; "
                f"assign one: manage.py baseline assign BASELINE {database.name}"
            )
        return
    base = database.baseline.catalog.by_name.get(table.name)
    if base is not None and name in base.by_name:
        raise ColumnRefused(
            f"{table.name}.{name} is a column of the baseline {database.baseline}; "
            "only columns beyond it are changed."
        )


def _was_added_here(database: Database, table: Table, name: str) -> bool:
    """Return whether the last change that made or took away a column of this name made it."""
    done = ColumnChange.objects.filter(
        database=database, table=str(table.name), state=ColumnChange.State.DONE
    )
    lines = done.order_by("-pk").values_list("action", "column", "after")
    for action, column, after in lines.iterator():
        if action in ("add", "rename") and after["name"] == name:
            return True
        if action in ("drop", "rename") and column == name:
            return False
    return False


def _check_name(table: Table, name: str, vendor: ColumnVendor, but: str | None = None) -> None:
    """Raises ColumnRefused for an invalid name, or one that the table has in any case."""
    limit = vendor.max_name
    is_long = vendor.name_size(name) > limit
    if not name.strip() or name != name.strip() or any(ord(c) < 32 for c in name) or is_long:
        raise ColumnRefused(
            f"{name!r} can't be the name of a column: 1 to {limit} characters, "
            "no control characters, no space around it."
        )
    if name.startswith("__"):
        raise ColumnRefused(f"{name!r} can't be the name of a column: GraphQL keeps __ for itself.")
    taken = {other.lower(): other for other in table.by_name if other != but}
    if name.lower() in taken:
        raise ColumnRefused(f"{table.name} has a column {taken[name.lower()]!r} already.")


def _refuse_with_data(
    cursor: Any, table: Table, name: str, reason: str, vendor: ColumnVendor
) -> None:
    cursor.execute(vendor.filled(table.name, name))
    (count,) = cursor.fetchone()
    if count:
        raise ColumnRefused(
            f"{count} rows of {table.name} have a value in {name}: {reason}. "
            "Say --force (force: true) if you mean it."
        )


def _facts(column: Column) -> Facts:
    return {
        "name": column.name,
        "type": column.type.name,
        "nullable": column.nullable,
        "default": column.default,
    }
