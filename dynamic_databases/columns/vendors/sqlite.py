"""SQLite: a column gets another type by a new column in its place."""

from __future__ import annotations

from typing import Any

from dynamic_databases.catalog.types import Column, TableName
from dynamic_databases.columns.vendors.standard import ColumnVendor, Existing, TypeNames
from dynamic_databases.errors import ColumnRefused

_DRAFT = "gateway_draft"  # the column that a wider one is called until it takes the old one's place


class SqliteColumns(ColumnVendor):
    """The lock is the one for writing, which a transaction takes at its beginning from here on."""

    name = "sqlite"
    max_name = 128
    types = TypeNames(
        scalars={
            "Int": "INTEGER",
            "BigInt": "BIGINT",
            "Float": "REAL",
            "Decimal": "DECIMAL{}",
            "String": "VARCHAR{}",
            "Boolean": "BOOLEAN",
            "Date": "DATE",
            "LocalTime": "TIME",
            "LocalDateTime": "DATETIME",
            "DateTime": "TIMESTAMPTZ",
            "UUID": "UUID",
            "JSON": "JSON",
            "Byte": "BLOB",
        },
        plain={"String": "TEXT", "Decimal": "DECIMAL"},
        sql=(
            "integer int bigint smallint tinyint real float double decimal numeric varchar char"
            " nvarchar text clob boolean date time datetime timestamp timestamptz uuid json blob"
        ),
    )

    def lock(self, wrapper: Any) -> None:
        wrapper.transaction_mode = "IMMEDIATE"

    def check_retype(self, table: TableName, column: Column) -> None:
        if not column.nullable and column.default is None:
            raise ColumnRefused(
                f"{table}.{column.name} is NOT NULL without a default;"
                " SQLite can't recreate such a column."
            )

    def existing(self, cursor: Any, table: TableName, name: str) -> Existing:
        cursor.execute(
            "SELECT i.name, i.sql FROM sqlite_master i"
            " WHERE i.type = 'index' AND i.sql IS NOT NULL AND i.tbl_name = %s"
            " AND EXISTS (SELECT 1 FROM pragma_index_info(i.name) c WHERE c.name = %s)",
            [table.name, name],
        )
        return Existing(indexes=tuple(cursor.fetchall()))

    def retype(
        self, table: TableName, column: Column, sql_type: str, existing: Existing
    ) -> list[str]:
        alter, name, draft = self._alter(table), self.quote(column.name), self.quote(_DRAFT)
        default = f" DEFAULT {column.default}" if column.default is not None else ""
        rest = default if column.nullable else f" NOT NULL{default}"  # which takes a default
        return [
            f"{alter} ADD COLUMN {draft} {sql_type}{rest}",
            f"UPDATE {self.named(table)} SET {draft} = {name}",
            *(f"DROP INDEX {self.quote(index)}" for index, _ in existing.indexes),
            f"{alter} DROP COLUMN {name}",
            f"{alter} RENAME COLUMN {draft} TO {name}",
            *(statement for _, statement in existing.indexes),
        ]
