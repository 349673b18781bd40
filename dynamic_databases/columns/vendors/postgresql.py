"""PostgreSQL: an advisory lock, and a type that is given with the conversion."""

from __future__ import annotations

from dynamic_databases.catalog.types import Column, TableName
from dynamic_databases.columns.vendors.standard import (
    WAIT_SECONDS,
    ColumnVendor,
    Existing,
    TypeNames,
)

_KEY = 7205770641  # of the advisory lock, within the database


class PostgresqlColumns(ColumnVendor):
    """Names are counted in bytes."""

    name = "postgresql"
    max_name = 63
    types = TypeNames(
        scalars={
            "Int": "integer",
            "BigInt": "bigint",
            "Float": "double precision",
            "Decimal": "numeric{}",
            "String": "varchar{}",
            "Boolean": "boolean",
            "Date": "date",
            "LocalTime": "time",
            "LocalDateTime": "timestamp",
            "DateTime": "timestamptz",
            "Duration": "interval",
            "UUID": "uuid",
            "JSON": "jsonb",
            "Byte": "bytea",
        },
        plain={"String": "text", "Decimal": "numeric"},
        sql=(
            "integer int int2 int4 int8 bigint smallint real float4 float8 numeric decimal varchar"
            " char text boolean bool date time timetz timestamp timestamptz interval uuid json"
            " jsonb bytea inet cidr citext money xml"
        ),
    )
    lock_statements = (
        f"SET lock_timeout = '{WAIT_SECONDS}s'",
        f"SELECT pg_try_advisory_lock({_KEY})",
    )

    def name_size(self, name: str) -> int:
        return len(name.encode())

    def retype(
        self,
        table: TableName,
        column: Column,
        sql_type: str,
        existing: Existing,  # noqa: ARG002 - the server keeps all of it
    ) -> list[str]:
        name = self.quote(column.name)
        conversion = f"USING {name}::{sql_type}"
        return [f"{self._alter(table)} ALTER COLUMN {name} TYPE {sql_type} {conversion}"]

    def literal(self, literal: str, sql_type: str) -> str:
        if sql_type.startswith("bool"):
            return "true" if literal == "1" else "false"
        return literal
