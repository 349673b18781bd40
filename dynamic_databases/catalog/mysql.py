"""MySQL's and MariaDB's catalog in six queries of information_schema; types; change token.

A schema is a database there, so the catalog is that of the one database that is connected to.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dynamic_databases.catalog.assemble import TYPES_KEPT, RawCatalog
from dynamic_databases.catalog.types import (
    Column,
    ForeignKey,
    Kind,
    SqlType,
    Table,
    TableName,
    UniqueKey,
    labels_of,
)

VENDOR = "mysql"
CHANGE_QUERY = """
SELECT concat_ws(':',
  (SELECT concat_ws(',', count(*), sum(crc32(concat_ws('\\0', table_name, column_name,
    ordinal_position, column_type, is_nullable,
     column_default, extra, column_comment)))) FROM information_schema.columns
       WHERE table_schema = database()),
  (SELECT concat_ws(',', count(*), sum(crc32(concat_ws('\\0', table_name, index_name,
    seq_in_index, column_name, non_unique))))
     FROM information_schema.statistics WHERE table_schema = database()),
  (SELECT concat_ws(',', count(*), sum(crc32(concat_ws('\\0', table_name, constraint_name,
    column_name, referenced_table_name,
     referenced_column_name)))) FROM information_schema.key_column_usage
       WHERE table_schema = database()),
  (SELECT concat_ws(',', count(*), sum(crc32(concat_ws('\\0', table_name, view_definition,
    is_updatable)))) FROM information_schema.views WHERE table_schema = database()))
"""

_TABLES = """
SELECT t.table_name, t.table_type = 'VIEW', t.table_comment, coalesce(e.transactions, 'YES')
FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
WHERE table_schema = database() AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
"""
_VIEWS = """
SELECT table_name, view_definition FROM information_schema.views
WHERE table_schema = database() AND is_updatable = 'YES'
"""
_NAME = "`(?:[^`]|``)+`"
# A view of one table, as the server writes it down, and its columns that are the table's own.
_OF_ONE_TABLE = re.compile(
    rf"select (.*?) from (?:({_NAME})\.)?({_NAME})(?: {_NAME})?(?: where .*)?",  # noqa: S608
    re.DOTALL,
)
_OWN_COLUMN = re.compile(rf"(?:^|,)(?:{_NAME}\.)*({_NAME}) AS ({_NAME})(?=,|$)")
_COLUMNS = """
SELECT table_name, column_name, data_type, column_type, is_nullable, column_default, extra,
  column_comment,
       numeric_precision, numeric_scale, coalesce(generation_expression, ''), character_set_name
FROM information_schema.columns WHERE table_schema = database() ORDER BY table_name,
  ordinal_position
"""
# MariaDB's JSON is a text with this check; MySQL's is a type.
_JSON_CHECKS = """
SELECT table_name, check_clause FROM information_schema.check_constraints
WHERE constraint_schema = database() AND check_clause LIKE 'json\\_valid(`%`)'
"""
_UNIQUE = """
SELECT table_name, index_name, column_name, sub_part FROM information_schema.statistics
WHERE table_schema = database() AND non_unique = 0 ORDER BY table_name, index_name, seq_in_index
"""
_FOREIGN = """
SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage
WHERE table_schema = database() AND referenced_table_schema = database()
ORDER BY table_name, constraint_name, ordinal_position
"""

_ROW_END = "ROW END"  # until when a version of a row was the current one
_KINDS = {
    "tinyint": Kind.INTEGER,
    "smallint": Kind.INTEGER,
    "mediumint": Kind.INTEGER,
    "int": Kind.INTEGER,
    "year": Kind.INTEGER,
    "bigint": Kind.BIGINT,
    "decimal": Kind.DECIMAL,
    "float": Kind.FLOAT,
    "double": Kind.FLOAT,
    "char": Kind.TEXT,
    "varchar": Kind.TEXT,
    "tinytext": Kind.TEXT,
    "text": Kind.TEXT,
    "mediumtext": Kind.TEXT,
    "longtext": Kind.TEXT,
    "binary": Kind.BINARY,
    "varbinary": Kind.BINARY,
    "tinyblob": Kind.BINARY,
    "blob": Kind.BINARY,
    "mediumblob": Kind.BINARY,
    "longblob": Kind.BINARY,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "datetime": Kind.LOCAL_DATETIME,
    "timestamp": Kind.DATETIME,  # stored as UTC, and shown in the session's zone, which is UTC here
    "uuid": Kind.UUID,
    "json": Kind.JSON,
    "enum": Kind.ENUM,
}
_UNSIGNED = {"int": Kind.BIGINT, "bigint": Kind.DECIMAL}
_DIGITS_OF = {"bigint": (20, 0)}


def read(cursor: Any) -> RawCatalog:
    raw = RawCatalog(VENDOR)
    version, database = _rows(cursor, "SELECT version(), database()")[0]
    is_mariadb = "MariaDB" in str(version)
    for name, is_view, comment, transactions in _rows(cursor, _TABLES):
        table = TableName("", name)
        raw.tables[table] = Table(
            table,
            (),
            is_view=bool(is_view),
            comment="" if is_view else comment,
            in_transactions=transactions != "NO",
        )
    documents = (
        {(table, clause[12:-2].replace("``", "`")) for table, clause in _rows(cursor, _JSON_CHECKS)}
        if is_mariadb
        else set()
    )
    ends: set[tuple[str, str]] = set()
    for row in _rows(cursor, _COLUMNS):
        table = TableName("", row[0])
        if table in raw.tables:
            column = _column(row, is_mariadb=is_mariadb, is_json=(row[0], row[1]) in documents)
            raw.columns[table].append(column)
            if row[10].upper() == _ROW_END:
                ends.add((row[0], row[1]))
    views = {
        TableName("", name): found
        for name, definition in _rows(cursor, _VIEWS)
        if (found := _OF_ONE_TABLE.fullmatch(str(definition)))
    }
    for name, found in views.items():
        _tell_writes(raw, name, found)
    _read_unique_keys(cursor, raw, ends)
    _tell_keys(raw, views, database)
    _read_foreign_keys(cursor, raw)
    return raw


def _tell_writes(raw: RawCatalog, view: TableName, found: re.Match[str]) -> None:
    """Say what a view takes: one of one table; only its own columns can be written.

    Rows are inserted where all columns are such (MySQL manual, "Updatable and Insertable Views").
    """
    if view not in raw.tables:
        return
    own = {_unquoted(name) for _, name in _OWN_COLUMN.findall(found[1])}
    columns = raw.columns[view]
    writes = ("update", "delete") + ("insert",) * all(c.name in own for c in columns)
    raw.tables[view] = replace(raw.tables[view], has_triggers=True, view_writes=writes)
    raw.columns[view] = [c if c.name in own else replace(c, generated=True) for c in columns]


def _tell_keys(raw: RawCatalog, views: dict[TableName, re.Match[str]], database: str) -> None:
    """Give the views that select a whole primary key that key; a view may stand on a view."""
    left = dict(views)
    while left:
        ready = {
            view: found
            for view, found in left.items()
            if TableName("", _unquoted(found[3])) not in left
        }
        for view, found in dict(ready or left).items():
            del left[view]
            key = _key_of_view(raw, found, database)
            if key and view in raw.tables:
                raw.primary_keys[view] = key


def _key_of_view(raw: RawCatalog, found: re.Match[str], database: str) -> tuple[str, ...]:
    """Return what the key of the view's table is called in the view; empty if it isn't whole."""
    if found[2] is not None and _unquoted(found[2]) != database:
        return ()
    key = raw.primary_keys.get(TableName("", _unquoted(found[3])), ())
    columns = _OWN_COLUMN.findall(found[1])
    names = {_unquoted(own): _unquoted(name) for own, name in reversed(columns)}
    return tuple(names[one] for one in key) if names.keys() >= set(key) else ()


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`")


def _rows(cursor: Any, sql: str) -> list[Any]:
    cursor.execute(sql)
    return list(cursor.fetchall())


def _column(row: tuple[Any, ...], *, is_mariadb: bool, is_json: bool) -> Column:
    (
        table,
        name,
        data_type,
        column_type,
        nullable,
        default,
        extra,
        comment,
        *numbers,
        computed,
        charset,
    ) = row
    extra = extra.lower()
    if charset not in (None, "utf8mb4"):
        column_type = f"{column_type} character set {charset}"  # its texts are converted
    enum = f"{table}_{name}" if data_type.lower() == "enum" else ""
    return Column(
        name,
        sql_type(data_type, column_type, enum, *numbers, is_json=is_json),
        nullable=nullable == "YES",
        default=None if computed else _default(default, extra, is_mariadb=is_mariadb),
        generated=bool(computed),
        identity="auto_increment" in extra,
        comment=comment,
    )


def _default(value: str | None, extra: str, *, is_mariadb: bool) -> str | None:
    """MariaDB tells an expression, MySQL a bare value unless it says that it is an expression."""
    if value is None or (is_mariadb and value == "NULL"):
        return None
    if is_mariadb or "default_generated" in extra:
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


@lru_cache(TYPES_KEPT)
def sql_type(
    data_type: str,
    column_type: str,
    name: str,
    precision: int | None = None,
    scale: int | None = None,
    *,
    is_json: bool = False,
) -> SqlType:
    """Return the meaning of a type; `name` is what an enum of this column is called.

    `tinyint(1)` and `bit(1)` are how people write booleans there (MySQL manual, §11.1.1). Unsigned
    numbers take the next larger kind.
    """
    data_type, spelled = data_type.lower(), column_type.lower()
    if spelled in ("tinyint(1)", "bit(1)"):
        return SqlType(Kind.BOOLEAN, spelled)
    if is_json:
        return SqlType(Kind.JSON, "json")
    if data_type == "enum":
        return SqlType(Kind.ENUM, column_type, labels=labels_of(column_type), enum=name)
    if "unsigned" in spelled and data_type in _UNSIGNED:
        return SqlType(_UNSIGNED[data_type], spelled, *_DIGITS_OF.get(data_type, ()))
    kind = _KINDS.get(data_type, Kind.OTHER)
    return SqlType(kind, column_type, *((precision, scale) if kind is Kind.DECIMAL else ()))


def _read_unique_keys(cursor: Any, raw: RawCatalog, ends: set[tuple[str, str]]) -> None:
    """`ends` are the columns that a system-versioned table's keys have besides their own."""
    unique: dict[tuple[str, str], list[str]] = {}
    partial: set[tuple[str, str]] = set()
    for table, index, column, sub_part in _rows(cursor, _UNIQUE):
        if (table, column) in ends:
            continue
        unique.setdefault((table, index), []).append(column)
        if column is None or sub_part is not None:  # an expression, or a column's beginning
            partial.add((table, index))
    for (table, index), columns in unique.items():
        if (table, index) in partial:
            continue
        if index == "PRIMARY":
            raw.primary_keys[TableName("", table)] = tuple(columns)
        else:
            raw.unique_keys[TableName("", table)].append(UniqueKey(index, tuple(columns)))


def _read_foreign_keys(cursor: Any, raw: RawCatalog) -> None:
    parts: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for table, name, *pair in _rows(cursor, _FOREIGN):
        parts.setdefault((table, name), []).append(tuple(pair))
    spelled = {name.name.lower(): name for name in raw.tables}
    for (table, name), columns in parts.items():
        # Servers on file systems without case tell the target in lower case.
        target = TableName("", columns[0][1])
        target = target if target in raw.tables else spelled.get(target.name.lower(), target)
        own, theirs = tuple(c[0] for c in columns), tuple(c[2] for c in columns)
        raw.foreign_keys[TableName("", table)].append(ForeignKey(name, own, target, theirs))
