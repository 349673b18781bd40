"""SQL Server: its catalog in four queries of `sys.*`, its types, its change token.

mssql-django's own introspection crosses the columns of composite foreign keys and guesses at types;
the views here say both (Microsoft's manual, "System Catalog Views").
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from dynamic_databases.catalog.assemble import TYPES_KEPT, RawCatalog
from dynamic_databases.catalog.types import (
    Column,
    ForeignKey,
    Kind,
    Skipped,
    SqlType,
    Support,
    Table,
    TableName,
    UniqueKey,
)

VENDOR = "microsoft"
# Five bytes of each column's digest: their sum has room for a million columns, in any order.
CHANGE_QUERY = """
SELECT CONCAT(
  (SELECT CONCAT(COUNT(*), ',', CONVERT(varchar(30), MAX(modify_date), 126)) FROM sys.objects
    WHERE is_ms_shipped = 0), ':',
  (SELECT CONCAT(COUNT(*), ',', SUM(CAST(SUBSTRING(HASHBYTES('SHA2_256', CONCAT(c.object_id, ',',
    c.column_id, ',', c.user_type_id, ',', c.max_length, ',', c.precision, ',', c.scale, ',',
    c.is_nullable, ',', c.collation_name, ',', c.name)), 1, 5) AS bigint)))
   FROM sys.columns c JOIN sys.objects o ON o.object_id = c.object_id WHERE o.is_ms_shipped = 0))
"""

_TABLES = """
SELECT o.object_id, CASE WHEN s.name = SCHEMA_NAME() THEN '' ELSE s.name END, o.name,
  CASE WHEN o.type = 'V' THEN 1 ELSE 0 END,
       CAST(p.value AS nvarchar(4000)),
       CASE WHEN EXISTS (SELECT 1 FROM sys.triggers g WHERE g.parent_id = o.object_id
         AND g.is_disabled = 0) THEN 1 ELSE 0 END
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
LEFT JOIN sys.extended_properties p ON p.class = 1 AND p.major_id = o.object_id
  AND p.minor_id = 0 AND p.name = 'MS_Description'
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND s.name NOT IN ('sys', 'INFORMATION_SCHEMA')
  AND (HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT') = 1
    OR EXISTS (SELECT 1 FROM sys.database_permissions r WHERE r.class = 1
      AND r.major_id = o.object_id AND r.minor_id > 0))
  AND NOT EXISTS (SELECT 1 FROM sys.extended_properties d WHERE d.class = 1
    AND d.major_id = o.object_id AND d.minor_id = 0
                  AND d.name = 'microsoft_database_tools_support')
"""
# A type made from another counts as that one; CLR types have no other. Two columns exist since
# 2016: there their names mean sys.columns' own, before it the NULLs of `before_2016`. Permissions
# of columns are asked for where a table has some.
COLUMNS = """
SELECT c.object_id, c.name, COALESCE(b.name, t.name), c.max_length, c.precision, c.scale,
  CASE WHEN c.collation_name <> CONVERT(sysname, DATABASEPROPERTYEX(DB_NAME(), 'Collation'))
    THEN c.collation_name END,
  CASE WHEN COALESCE(b.name, t.name) IN ('char', 'varchar', 'text')
    THEN CONVERT(int, COLLATIONPROPERTY(c.collation_name, 'CodePage')) END,
  c.is_nullable, c.is_identity, c.is_computed, c.is_column_set, f.generated, f.encryption,
       d.definition, CAST(p.value AS nvarchar(4000))
FROM sys.columns c JOIN sys.objects o ON o.object_id = c.object_id
JOIN sys.schemas s ON s.schema_id = o.schema_id
CROSS JOIN (SELECT CAST(NULL AS int) AS generated_always_type,
  CAST(NULL AS int) AS encryption_type) before_2016
CROSS APPLY (SELECT CAST(generated_always_type AS int) AS generated,
  CAST(encryption_type AS int) AS encryption
  FROM sys.columns own WHERE own.object_id = c.object_id AND own.column_id = c.column_id) f
JOIN sys.types t ON t.user_type_id = c.user_type_id
LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id
LEFT JOIN sys.default_constraints d ON d.object_id = c.default_object_id
LEFT JOIN sys.extended_properties p ON p.class = 1 AND p.major_id = c.object_id
  AND p.minor_id = c.column_id AND p.name = 'MS_Description'
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
  AND (NOT EXISTS (SELECT 1 FROM sys.database_permissions r WHERE r.class = 1
      AND r.major_id = o.object_id AND r.minor_id > 0)
    OR HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT',
      c.name, 'COLUMN') = 1)
ORDER BY c.object_id, c.column_id
"""
_UNIQUE = """
SELECT i.object_id, i.name, i.is_primary_key, c.name
FROM sys.indexes i JOIN sys.index_columns x ON x.object_id = i.object_id AND x.index_id = i.index_id
JOIN sys.columns c ON c.object_id = x.object_id AND c.column_id = x.column_id
JOIN sys.objects o ON o.object_id = i.object_id
WHERE i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND x.is_included_column = 0
  AND x.key_ordinal > 0
  AND o.type = 'U' AND o.is_ms_shipped = 0
ORDER BY i.object_id, i.index_id, x.key_ordinal
"""
_FOREIGN = """
SELECT k.object_id, k.name, k.parent_object_id, own.name, k.referenced_object_id, their.name
FROM sys.foreign_keys k JOIN sys.foreign_key_columns x ON x.constraint_object_id = k.object_id
JOIN sys.columns own ON own.object_id = x.parent_object_id AND own.column_id = x.parent_column_id
JOIN sys.columns their ON their.object_id = x.referenced_object_id
  AND their.column_id = x.referenced_column_id
ORDER BY k.object_id, x.constraint_column_id
"""
QUERIES = (_TABLES, COLUMNS, _UNIQUE, _FOREIGN)

_KINDS = {
    "bit": Kind.BOOLEAN,
    "tinyint": Kind.INTEGER,
    "smallint": Kind.INTEGER,
    "int": Kind.INTEGER,
    "bigint": Kind.BIGINT,
    "decimal": Kind.DECIMAL,
    "numeric": Kind.DECIMAL,
    "money": Kind.DECIMAL,
    "smallmoney": Kind.DECIMAL,
    "float": Kind.FLOAT,
    "real": Kind.FLOAT,
    "char": Kind.TEXT,
    "varchar": Kind.TEXT,
    "text": Kind.TEXT,
    "nchar": Kind.TEXT,
    "nvarchar": Kind.TEXT,
    "ntext": Kind.TEXT,
    "sysname": Kind.TEXT,
    "binary": Kind.BINARY,
    "varbinary": Kind.BINARY,
    "image": Kind.BINARY,
    "timestamp": Kind.BINARY,  # rowversion
    "date": Kind.DATE,
    "time": Kind.TIME,
    "datetime": Kind.LOCAL_DATETIME,
    "datetime2": Kind.LOCAL_DATETIME,
    "smalldatetime": Kind.LOCAL_DATETIME,
    "datetimeoffset": Kind.DATETIME,
    "uniqueidentifier": Kind.UUID,
    "json": Kind.JSON,
}
_LENGTHS = {"char": 1, "varchar": 1, "binary": 1, "varbinary": 1, "nchar": 2, "nvarchar": 2}
_SCALED = ("time", "datetime2", "datetimeoffset")
_UNSORTED = ("text", "ntext")  # the server neither sorts nor groups them, and has no MIN of them
_ENCRYPTED = "Always Encrypted: its key isn't the gateway's"
_WITHOUT_ORDER = (Support.EQUALITY.value, Support.PATTERNS.value)


def read(cursor: Any) -> RawCatalog:
    raw = RawCatalog(VENDOR)
    table_of: dict[int, TableName] = {}
    for oid, schema, name, is_view, comment, triggers in _rows(cursor, _TABLES):
        table = table_of[oid] = TableName(schema, name)
        raw.tables[table] = Table(
            table,
            (),
            is_view=bool(is_view),
            comment=comment or "",
            has_triggers=bool(triggers and not is_view),
        )
    for oid, *row in _rows(cursor, COLUMNS):
        if oid in table_of:
            _add_column(raw, table_of[oid], row)
    _read_unique_keys(cursor, raw, table_of)
    _read_foreign_keys(cursor, raw, table_of)
    return raw


def _rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    return [tuple(row) for row in cursor.fetchall()]


class ColumnRow(NamedTuple):
    """What is read of a column."""

    name: str
    type_name: str
    length: int
    precision: int
    scale: int
    collation: str | None = None
    code_page: int | None = None
    nullable: bool = True
    identity: bool = False
    computed: bool = False
    column_set: bool = False
    generated: int | None = (
        None  # always: periods of temporal tables, transactions of ledger tables
    )
    encryption: int | None = None
    default: str | None = None
    comment: str | None = None


def _add_column(raw: RawCatalog, table: TableName, row: list[Any]) -> None:
    found = ColumnRow(*row)
    if found.encryption:
        raw.skipped.append(Skipped(f"{table}.{found.name}", _ENCRYPTED))
        return
    is_version = found.type_name == "timestamp"
    is_given = found.computed or found.column_set or found.generated or is_version
    column = Column(
        found.name,
        sql_type(*row[1:7]),
        nullable=bool(found.nullable),
        default=found.default,
        generated=bool(is_given),
        identity=bool(found.identity),
        is_fixed=bool(found.identity),  # UPDATE refuses it: error 8102
        comment=found.comment or "",
        is_version=is_version,
    )
    raw.columns[table].append(column)


@lru_cache(TYPES_KEPT)
def sql_type(
    name: str,
    length: int = 0,
    precision: int = 0,
    scale: int = 0,
    collation: str | None = None,
    code_page: int | None = None,
) -> SqlType:
    """Return the meaning of a type; lengths are in bytes, -1 is `max`.

    `collation` is one that isn't the database's, `code_page` that of a text that isn't Unicode.
    """
    found = _plain_type(name, length, precision, scale)
    if name in _UNSORTED:
        found = replace(found, supports=_WITHOUT_ORDER)
    return replace(found, collation=collation or "", code_page=code_page or 0)


def _plain_type(name: str, length: int, precision: int, scale: int) -> SqlType:
    kind = _KINDS.get(name, Kind.OTHER)
    if name in ("decimal", "numeric"):
        return SqlType(kind, f"{name}({precision},{scale})", precision, scale)
    if name in ("money", "smallmoney"):
        return SqlType(kind, name, precision or (19 if name == "money" else 10), 4)
    if name in _LENGTHS:
        size = "max" if length == -1 else str(length // _LENGTHS[name])
        return SqlType(kind, f"{name}({size})")
    return SqlType(kind, f"{name}({scale})" if name in _SCALED else name)


def _read_unique_keys(cursor: Any, raw: RawCatalog, table_of: dict[int, TableName]) -> None:
    keys: dict[tuple[int, str, bool], list[str]] = {}
    for oid, index, is_primary, column in _rows(cursor, _UNIQUE):
        keys.setdefault((oid, index, bool(is_primary)), []).append(column)
    for (oid, index, is_primary), columns in keys.items():
        table = table_of.get(oid)
        if table is None:
            continue
        if is_primary:
            raw.primary_keys[table] = tuple(columns)
        else:
            raw.unique_keys[table].append(UniqueKey(index, tuple(columns)))


def _read_foreign_keys(cursor: Any, raw: RawCatalog, table_of: dict[int, TableName]) -> None:
    parts: dict[tuple[int, str, int, int], list[tuple[str, str]]] = {}
    for oid, name, own, column, target, target_column in _rows(cursor, _FOREIGN):
        parts.setdefault((oid, name, own, target), []).append((column, target_column))
    for (_, name, own, target), pairs in parts.items():
        if own in table_of and target in table_of:
            columns, targets = tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)
            key = ForeignKey(name, columns, table_of[target], targets)
            raw.foreign_keys[table_of[own]].append(key)
