"""SQL Server: an application lock, and defaults that are constraints of their own."""

from __future__ import annotations

from typing import Any

from dynamic_databases.catalog.types import Column, TableName
from dynamic_databases.columns.vendors.standard import (
    LOCK_NAME,
    WAIT_SECONDS,
    ColumnVendor,
    Existing,
    TypeNames,
)


class MssqlColumns(ColumnVendor):
    """Columns are renamed by a procedure, and a text keeps the collation that it has."""

    name = "microsoft"
    max_name = 128
    add_clause = "ADD"
    types = TypeNames(
        scalars={
            "Int": "int",
            "BigInt": "bigint",
            "Float": "float",
            "Decimal": "decimal{}",
            "String": "nvarchar{}",
            "Boolean": "bit",
            "Date": "date",
            "LocalTime": "time",
            "LocalDateTime": "datetime2",
            "DateTime": "datetimeoffset",
            "UUID": "uniqueidentifier",
            "JSON": "nvarchar(max)",
            "Byte": "varbinary(max)",
        },
        plain={"String": "nvarchar(max)", "Decimal": "decimal(38,10)"},
        sql=(
            "int bigint smallint tinyint bit real float decimal numeric money smallmoney varchar"
            " nvarchar char nchar text ntext date time datetime datetime2 smalldatetime"
            " datetimeoffset uniqueidentifier xml varbinary binary"
        ),
        fraction=7,
    )
    lock_statements = (
        f"SET LOCK_TIMEOUT {WAIT_SECONDS * 1000}",
        (
            f"DECLARE @taken int; EXEC @taken = sp_getapplock @Resource = N'{LOCK_NAME}',"
            " @LockMode = 'Exclusive', @LockOwner = 'Session',"
            f" @LockTimeout = {WAIT_SECONDS * 1000};"
            " SELECT CASE WHEN @taken >= 0 THEN 1 ELSE 0 END"
        ),
    )

    def existing(self, cursor: Any, table: TableName, name: str) -> Existing:
        cursor.execute(
            "SELECT collation_name FROM sys.columns"
            f" WHERE object_id = OBJECT_ID({_text(self.named(table))}) AND name = {_text(name)}"
            " AND collation_name <>"
            " CONVERT(sysname, DATABASEPROPERTYEX(DB_NAME(), 'Collation'))"
        )
        found = cursor.fetchone()
        return Existing(collation=found[0] if found else "")

    def rename(self, table: TableName, old: str, new: str) -> list[str]:
        path = f"{self.named(table)}.{self.quote(old)}"
        return [f"EXEC sp_rename {_text(path)}, {_text(new)}, N'COLUMN'"]

    def retype(
        self, table: TableName, column: Column, sql_type: str, existing: Existing
    ) -> list[str]:
        null = "NULL" if column.nullable else "NOT NULL"
        is_text = "char" in sql_type or "text" in sql_type
        collate = f" COLLATE {existing.collation}" if existing.collation and is_text else ""
        name = self.quote(column.name)
        return [f"{self._alter(table)} ALTER COLUMN {name} {sql_type}{collate} {null}"]

    def drop(self, table: TableName, name: str) -> list[str]:
        """A default is a constraint that keeps its column: it is dropped first."""
        owner = _text(self.named(table))
        return [
            (
                "DECLARE @drop nvarchar(max) = (SELECT N'ALTER TABLE ' + "
                f"{owner} + N' DROP CONSTRAINT ' + QUOTENAME(d.name)"
                " FROM sys.default_constraints d JOIN sys.columns c"
                " ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id"
                f" WHERE d.parent_object_id = OBJECT_ID({owner}) AND c.name = {_text(name)}"
                " AND OBJECT_ID(QUOTENAME(SCHEMA_NAME(d.schema_id)) + N'.' + QUOTENAME(d.name))"
                " IS NOT NULL); IF @drop IS NOT NULL EXEC(@drop)"
            ),
            *super().drop(table, name),
        ]

    def literal(self, literal: str, sql_type: str) -> str:  # noqa: ARG002 - it is the value's
        return f"N{literal}" if literal.startswith("'") else literal


def _text(value: str) -> str:
    """Return a literal of a text."""
    return "N'" + value.replace("'", "''") + "'"
