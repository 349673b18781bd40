"""SQLite: its catalog in a few queries, its types, its change token.

SQLite's types are affinities of free words (https://sqlite.org/datatype3.html §3.1); the words
that other databases give a meaning keep that meaning here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from dynamic_databases.beside import in_turns
from dynamic_databases.catalog.assemble import ROWS_PER_TURN, TYPES_KEPT, RawCatalog
from dynamic_databases.catalog.remembered import Remembered, TableColumns, key_of
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
SELECT l.name, l.type, coalesce(m.sql, '') FROM pragma_table_list l
LEFT JOIN sqlite_master m ON m.name = l.name AND m.type IN ('table', 'view')
WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
"""
# A pragma tells a table's columns in their order; sorting all would take a tenth longer, at once.
_COLUMNS = """
SELECT l.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
FROM pragma_table_list l JOIN pragma_table_xinfo(l.name) c
WHERE l.schema = 'main' AND l.type {types} AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' {only}
"""
_UNIQUE = """
SELECT l.name, i.name, c.name
FROM pragma_table_list l JOIN pragma_index_list(l.name) i JOIN pragma_index_xinfo(i.name) c
WHERE l.schema = 'main' AND l.type = 'table' AND i."unique" AND NOT i.partial AND i.origin <> 'pk' AND c.key
ORDER BY l.name, i.name, c.seqno
"""
_FOREIGN = """
SELECT l.name, f.id, f."table", f."from", f."to"
FROM pragma_table_list l JOIN pragma_foreign_key_list(l.name) f
WHERE l.schema = 'main' AND l.type = 'table' ORDER BY l.name, f.id, f.seq
"""

_SLICE_ROWS = 100
_ASKED_BY_NAME = 100  # at most: beyond, all are read
# A module makes the columns of such a table, not its text.
_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\b", re.IGNORECASE)
_remembered = Remembered()
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
    for name, kind, sql in in_turns(_rows(cursor, _TABLES)):
        table = TableName("", name)
        raw.tables[table] = Table(table, (), is_view=kind == "view")
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


def _version(cursor: Any) -> int:
    """Return the number that grows with each change of the schema, whoever makes it."""
    (version,) = cursor.execute(CHANGE_QUERY).fetchone()
    return int(version)


def _read_tables(cursor: Any, sql_of: dict[str, str], version: int) -> dict[str, TableColumns]:
    """Return the columns of the tables of these texts; asks for those alone that aren't remembered."""
    keys = {name: key_of(sql) for name, sql in in_turns(sql_of.items())}
    found = {name: own for name, key in keys.items() if (own := _remembered.get(key)) is not None}
    missing = {name: sql for name, sql in sql_of.items() if name not in found}
    if not missing:
        return found
    names = tuple(missing) if len(missing) <= _ASKED_BY_NAME else ()
    only = f"AND l.name IN ({', '.join('?' * len(names))})" if names else ""
    read = _columns_of(_rows(cursor, _COLUMNS.format(types="<> 'view'", only=only), *names), missing)  # fmt: skip
    if version == _version(cursor):  # else a text may be older than its columns
        for name, own in read.items():
            if not _VIRTUAL.match(sql_of[name]):
                _remembered.put(keys[name], own)
    return found | read


def _columns_of(rows: list[Any], sql_of: dict[str, str]) -> dict[str, TableColumns]:
    """Return the rows of `_COLUMNS` as columns, by their table's name; those of other tables are left out."""
    columns: dict[str, list[Column]] = {name: [] for name in sql_of}
    keys: dict[str, list[tuple[int, int]]] = {name: [] for name in sql_of}
    for table_name, name, type_name, not_null, default, pk, hidden in in_turns(rows, ROWS_PER_TURN):
        if table_name not in columns or hidden == 1:
            continue
        own = columns[table_name]
        if pk:
            keys[table_name].append((pk, len(own)))
        own.append(
            Column(name, sql_type(type_name), not not_null, default, generated=hidden in (2, 3))
        )
    tables = in_turns(columns.items())
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
    return [row for rows in in_turns(slices) for row in rows]


def _view_columns(cursor: Any, raw: RawCatalog) -> list[Any]:
    """One query for all views; one by one only when a broken view spoils it, to find which."""
    views = [table for table in raw.tables.values() if table.is_view]
    try:
        return _rows(cursor, _COLUMNS.format(types="= 'view'", only=""))
    except cursor.connection.OperationalError:
        rows: list[Any] = []
        for view in views:
            try:
                one = _COLUMNS.format(types="= 'view'", only="AND l.name = ?")
                rows += _rows(cursor, one, view.name.name)
            except cursor.connection.OperationalError as error:
                raw.skipped.append(Skipped(str(view.name), f"the view can't be read: {error}"))
                del raw.tables[view.name]
        return rows


def _key_column(column: Column, size: int, sql: str) -> Column:
    """A single INTEGER PRIMARY KEY is the rowid: given by SQLite and never NULL."""
    with_rowid = not re.search(r"WITHOUT\s+ROWID", sql, re.IGNORECASE)
    identity = size == 1 and column.type.name.upper() == "INTEGER" and with_rowid
    return Column(column.name, column.type, False, column.default, column.generated, identity)


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
    for (table, _), parts in in_turns(foreign.items()):
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
