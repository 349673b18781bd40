"""SQLite: its catalog in a few queries, its types, its change token.

SQLite's types are affinities of free words (https://sqlite.org/datatype3.html §3.1); the words
that other databases give a meaning keep that meaning here.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dynamic_databases.catalog.assemble import TYPES_KEPT, RawCatalog
from dynamic_databases.catalog.remembered import TableColumns, key_of, new_memory
from dynamic_databases.catalog.types import (
    Column,
    ForeignKey,
    Kind,
    Skipped,
    SqlType,
    Table,
    TableName,
    UniqueKey,
)

VENDOR = "sqlite"
CHANGE_QUERY = "PRAGMA schema_version"

_TABLES = """
SELECT l.tbl_name, l.type, coalesce(l.sql, '') FROM sqlite_master l
WHERE l.type IN ('table', 'view', 'trigger') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
"""
# The tables that a virtual table keeps its own data in. SQLite expands all views to answer it.
_SHADOWS = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'"
# A pragma tells a table's columns in their order; sorting all would take a tenth longer, at once.
_COLUMNS = """
SELECT l.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
FROM sqlite_master l JOIN pragma_table_xinfo(l.name) c
WHERE l.type = '{type}' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' {only}
"""
_UNIQUE = """
SELECT l.name, i.name, c.name
FROM sqlite_master l JOIN pragma_index_list(l.name) i JOIN pragma_index_xinfo(i.name) c
WHERE l.type = 'table' AND i."unique" AND NOT i.partial AND i.origin <> 'pk' AND c.key
ORDER BY l.name, i.name, c.seqno
"""
_FOREIGN = """
SELECT l.name, f.id, f."table", f."from", f."to"
FROM sqlite_master l JOIN pragma_foreign_key_list(l.name) f
WHERE l.type = 'table' ORDER BY l.name, f.id, f.seq
"""

_SLICE_ROWS = 100
_VIEWS_SECONDS = 5  # for all views, where they are read one by one
_ASKED_BY_NAME = 100  # at most: beyond, all are read
# A module makes the columns of such a table, not its text.
_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\b", re.IGNORECASE)
# A constraint that drops a write without a word, or removes the row that is in its way
# (https://sqlite.org/lang_conflict.html).
_OTHERWISE = re.compile(r"\bON\s+CONFLICT\s+(?:IGNORE|REPLACE)\b", re.IGNORECASE)
_remembered = new_memory()
_KINDS = (
    (r"BOOL", Kind.BOOLEAN),
    (r"BIGINT|BIG INT|INT8|BIGSERIAL|UNSIGNED BIG", Kind.BIGINT),
    (r"INT|SERIAL", Kind.INTEGER),
    (r"DECIMAL|NUMERIC|MONEY|NUMBER", Kind.DECIMAL),
    (r"REAL|FLOA|DOUB", Kind.FLOAT),
    (r"DATETIMEOFFSET|TIMESTAMPTZ|TIMESTAMP WITH TIME ZONE", Kind.DATETIME),
    (r"DATETIME|TIMESTAMP", Kind.LOCAL_DATETIME),
    (r"DATE", Kind.DATE),
    (r"TIME", Kind.TIME),
    (r"UUID|UNIQUEIDENTIFIER|GUID", Kind.UUID),
    (r"JSON", Kind.JSON),
    (r"CHAR|CLOB|TEXT|STRING", Kind.TEXT),
    (r"BLOB|BINARY|IMAGE", Kind.BINARY),
)


def read(cursor: Any) -> RawCatalog:
    raw = RawCatalog(VENDOR)
    version = _version(cursor)
    sql_of: dict[str, str] = {}
    tables = _tables(cursor)
    # A trigger spells its table as its own text does.
    with_triggers = {name.lower() for name, kind, _ in tables if kind == "trigger"}
    for name, kind, sql in tables:
        if kind == "trigger":
            continue
        table = TableName("", name)
        is_otherwise = name.lower() in with_triggers or bool(_OTHERWISE.search(sql))
        has_triggers = kind != "view" and is_otherwise
        raw.tables[table] = Table(table, (), is_view=kind == "view", has_triggers=has_triggers)
        if kind != "view":
            sql_of[name] = sql
    found = _read_tables(cursor, sql_of, version)
    rows = _view_columns(cursor, raw)
    found |= _columns_of(rows, {t.name.name: "" for t in raw.tables.values() if t.is_view})
    for name, own in found.items():
        raw.columns[TableName("", name)] = list(own.columns)
        raw.primary_keys[TableName("", name)] = own.primary_key
    _read_keys(cursor, raw)
    return raw


def _tables(cursor: Any) -> list[Any]:
    """Return table, type and text of tables, views and triggers; not virtual tables' data."""
    found = _rows(cursor, _TABLES)
    if not any(_VIRTUAL.match(sql) for _, _, sql in found):
        return found
    shadows = {name for (name,) in _rows(cursor, _SHADOWS)}
    return [row for row in found if row[0] not in shadows]


def _version(cursor: Any) -> int:
    """Return the number that grows with each change of the schema by any connection."""
    (version,) = cursor.execute(CHANGE_QUERY).fetchone()
    return int(version)


def _read_tables(cursor: Any, sql_of: dict[str, str], version: int) -> dict[str, TableColumns]:
    """Return the columns of these texts' tables; reads only those that aren't remembered."""
    keys = {name: key_of(sql) for name, sql in sql_of.items()}
    found = {name: own for name, key in keys.items() if (own := _remembered.get(key)) is not None}
    missing = {name: sql for name, sql in sql_of.items() if name not in found}
    if not missing:
        return found
    names = tuple(missing) if len(missing) <= _ASKED_BY_NAME else ()
    only = f"AND l.name IN ({', '.join('?' * len(names))})" if names else ""
    read = _columns_of(_rows(cursor, _COLUMNS.format(type="table", only=only), *names), missing)
    if version == _version(cursor):  # else a text may be older than its columns
        for name, own in read.items():
            if not _VIRTUAL.match(sql_of[name]):
                _remembered.put(keys[name], own)
    return found | read


def _columns_of(rows: list[Any], sql_of: dict[str, str]) -> dict[str, TableColumns]:
    """Return the rows of `_COLUMNS` as columns by table name, without other tables' rows."""
    columns: dict[str, list[Column]] = {name: [] for name in sql_of}
    keys: dict[str, list[tuple[int, int]]] = {name: [] for name in sql_of}
    for table_name, name, type_name, not_null, default, pk, hidden in rows:
        if table_name not in columns or hidden == 1:
            continue
        own = columns[table_name]
        if pk:
            keys[table_name].append((pk, len(own)))
        own.append(
            Column(name, sql_type(type_name), not not_null, default, generated=hidden in (2, 3))
        )
    tables = columns.items()
    return {name: _with_key(own, keys[name], sql_of[name]) for name, own in tables}


def _with_key(columns: list[Column], parts: list[tuple[int, int]], sql: str) -> TableColumns:
    """Return the columns with their primary key, of which `parts` are (number, place)."""
    places = [place for _, place in sorted(parts)]
    for place in places:
        columns[place] = _key_column(columns[place], len(places), sql)
    return TableColumns(tuple(columns), tuple(columns[place].name for place in places))


def _rows(cursor: Any, sql: str, *parameters: str) -> list[Any]:
    """Return a query's rows, read in slices.

    The driver lets go of the interpreter for each row, too shortly for any other thread to get it.
    """
    cursor.execute(sql, parameters)
    slices = iter(lambda: cursor.fetchmany(_SLICE_ROWS), [])
    return [row for rows in slices for row in rows]


def _view_columns(cursor: Any, raw: RawCatalog) -> list[Any]:
    """One query for all views; one by one only when a broken view spoils it, to find which.

    Views that select from views can take SQLite long to expand. What is left after a while is
    skipped.
    """
    views = [table for table in raw.tables.values() if table.is_view]
    try:
        return _rows(cursor, _COLUMNS.format(type="view", only=""))
    except (cursor.connection.Error, MemoryError):
        rows: list[Any] = []
        end = time.monotonic() + _VIEWS_SECONDS
        for view in views:
            found = _columns_of_view(cursor, view.name.name, end)
            if isinstance(found, str):
                raw.skipped.append(Skipped(str(view.name), f"the view can't be read: {found}"))
                del raw.tables[view.name]
            else:
                rows += found
        return rows


def _columns_of_view(cursor: Any, name: str, end: float) -> list[Any] | str:
    """Return the rows of one view's columns, or why there are none."""
    if time.monotonic() > end:
        return f"the views before it took {_VIEWS_SECONDS} s"
    try:
        return _rows(cursor, _COLUMNS.format(type="view", only="AND l.name = ?"), name)
    except cursor.connection.Error as error:
        return str(error)
    except MemoryError:
        return "it takes more memory than SQLite may have"


def _key_column(column: Column, size: int, sql: str) -> Column:
    """A single INTEGER PRIMARY KEY is the rowid: given by SQLite and never NULL.

    Other keys may be NULL, but for those of STRICT tables and those without a rowid
    (https://sqlite.org/lang_createtable.html#the_primary_key).
    """
    with_rowid = not re.search(r"WITHOUT\s+ROWID", sql, re.IGNORECASE)
    identity = size == 1 and column.type.name.upper() == "INTEGER" and with_rowid
    is_strict = re.search(r"\)[^)]*\bSTRICT\b[^)]*$", sql, re.IGNORECASE)
    is_loose = column.nullable and with_rowid and not identity and not is_strict
    return replace(column, nullable=False, identity=identity, is_loose=is_loose)


def _read_keys(cursor: Any, raw: RawCatalog) -> None:
    unique: dict[tuple[str, str], list[str | None]] = {}
    for table, index, column in _rows(cursor, _UNIQUE):
        unique.setdefault((table, index), []).append(column)
    for (table, index), columns in unique.items():
        names = tuple(column for column in columns if column is not None)
        if len(names) == len(columns):  # an expression has no column name
            raw.unique_keys[TableName("", table)].append(UniqueKey(index, names))
    foreign: dict[tuple[str, int], list[tuple[str, str, str | None]]] = {}
    for table, number, target, column, target_column in _rows(cursor, _FOREIGN):
        foreign.setdefault((table, number), []).append((target, column, target_column))
    spelled = {name.name.lower(): name for name in raw.tables}
    for (table, _), parts in foreign.items():
        _add_foreign_key(raw, TableName("", table), parts, spelled)


def _add_foreign_key(
    raw: RawCatalog,
    table: TableName,
    parts: list[tuple[str, str, str | None]],
    spelled: dict[str, TableName],
) -> None:
    """SQLite matches names without case and lets the target's columns be left out."""
    target = spelled.get(parts[0][0].lower())
    if target is None or table not in raw.tables:
        return
    columns = tuple(_spelled(column, raw.columns[table]) for _, column, _ in parts)
    targets = tuple(_spelled(name, raw.columns[target]) for _, _, name in parts if name)
    raw.foreign_keys[table].append(ForeignKey("", columns, target, targets))


def _spelled(name: str, columns: list[Column]) -> str:
    """Return a column's name as its table spells it; SQLite matches it without case."""
    same = (column.name for column in columns if column.name.lower() == name.lower())
    return name if any(column.name == name for column in columns) else next(same, name)


@lru_cache(TYPES_KEPT)
def sql_type(declared: str) -> SqlType:
    """Return the meaning of a declared type such as `VARCHAR(40)` or `decimal(10, 2)`."""
    upper = declared.upper().strip()
    kind = next((kind for pattern, kind in _KINDS if re.search(pattern, upper)), Kind.OTHER)
    if re.search(r"POINT", upper):  # "FLOATING POINT" has the affinity INTEGER by SQLite's rules
        kind = Kind.OTHER
    numbers = re.search(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", upper)
    precision = int(numbers.group(1)) if numbers and kind is Kind.DECIMAL else None
    scale = int(numbers.group(2) or 0) if numbers and kind is Kind.DECIMAL else None
    return SqlType(kind, declared or "any", precision, scale)
