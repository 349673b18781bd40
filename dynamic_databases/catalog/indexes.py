"""A database's indexes, one query per vendor: no schema depends on them, drift lists them."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from typing import Any

from dynamic_databases import outcomes
from dynamic_databases.catalog.types import TableName

# Each gives: schema ('' for the default one), table, index, column or NULL for an expression,
# unique; in the order of the index's columns.
_QUERIES = {
    "sqlite": """
SELECT '', t.name, i.name, c.name, i."unique" FROM sqlite_master t,
  pragma_index_list(t.name) i, pragma_index_info(i.name) c
WHERE t.type = 'table' AND i.origin = 'c' ORDER BY t.name, i.name, c.seqno""",
    "postgresql": """
SELECT CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname END, t.relname, i.relname,
  (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = k.number),
    x.indisunique
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace, unnest(x.indkey) WITH ORDINALITY AS k(number, place)
WHERE NOT x.indisprimary AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid
    AND c.contype IN ('p', 'u', 'x'))
ORDER BY n.nspname, t.relname, i.relname, k.place""",
    "mysql": """
SELECT '', table_name, index_name, column_name, non_unique = 0 FROM information_schema.statistics
WHERE table_schema = DATABASE() AND index_name <> 'PRIMARY' ORDER BY table_name, index_name,
  seq_in_index""",
    "microsoft": """
SELECT CASE WHEN s.name = SCHEMA_NAME() THEN '' ELSE s.name END, t.name, i.name, c.name, i.is_unique
FROM sys.indexes i JOIN sys.tables t ON t.object_id = i.object_id
  JOIN sys.schemas s ON s.schema_id = t.schema_id
JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id
JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
WHERE i.is_primary_key = 0 AND i.is_unique_constraint = 0 AND i.name IS NOT NULL
  ORDER BY s.name, t.name, i.name, k.index_column_id""",
}


def read_indexes(wrapper: Any) -> dict[TableName, dict[str, str]]:
    """Return table → index → its columns, over an open connection, without keys' own indexes."""
    found: dict[TableName, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    unique: set[tuple[TableName, str]] = set()
    with (
        outcomes.translated(wrapper.vendor, writing=False),
        wrapper.wrap_database_errors,
        closing(wrapper.connection.cursor()) as cursor,
    ):
        cursor.execute(_QUERIES[wrapper.vendor])
        rows = cursor.fetchall()
    for schema, table, index, column, is_unique in rows:
        name = TableName(schema, table)
        found[name][index].append(column if column is not None else "an expression")
        if is_unique:
            unique.add((name, index))
    return {
        name: {
            index: f"{'unique ' if (name, index) in unique else ''}({', '.join(columns)})"
            for index, columns in indexes.items()
        }
        for name, indexes in found.items()
    }
