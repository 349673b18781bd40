"""MySQL and MariaDB: a named lock, and a type that is given with the column's whole definition."""

from __future__ import annotations

import re
from typing import Any

from dynamic_databases.catalog.types import Column, TableName
from dynamic_databases.columns.vendors.standard import (
    LOCK_NAME,
    UNBOUNDED,
    WAIT_SECONDS,
    ColumnVendor,
    Existing,
    TypeNames,
)


class MysqlColumns(ColumnVendor):
    """A type's collation and the rest of its definition are said again."""

    name = "mysql"
    max_name = 64
    types = TypeNames(
        scalars={
            "Int": "int",
            "BigInt": "bigint",
            "Float": "double",
            "Decimal": "decimal{}",
            "String": "varchar{}",
            "Boolean": "tinyint(1)",
            "Date": "date",
            "LocalTime": "time(6)",
            "LocalDateTime": "datetime(6)",
            "DateTime": "timestamp(6)",
            "JSON": "json",
            "Byte": "longblob",
        },
        plain={"String": "longtext", "Decimal": "decimal(38,10)"},
        sql=(
            "int integer bigint smallint mediumint tinyint float double decimal numeric varchar"
            " char text tinytext mediumtext longtext bit boolean date time datetime timestamp year"
            " json binary varbinary blob mediumblob longblob tinyblob uuid inet6"
        ),
        suffixes=frozenset({"unsigned"}),
        fraction=0,
        # Bytes are what they hold, of which a character takes up to four.
        text_sizes={
            "tinytext": 63,
            "text": 16_383,
            "mediumtext": 4_194_303,
            "longtext": UNBOUNDED,
        },
        other_texts=1,
    )
    lock_statements = (
        f"SET SESSION lock_wait_timeout = {WAIT_SECONDS}",
        f"SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 30), '.', '{LOCK_NAME}'), {WAIT_SECONDS})",
    )

    def existing(self, cursor: Any, table: TableName, name: str) -> Existing:
        cursor.execute(f"SHOW CREATE TABLE {self.named(table)}")
        head = f"  {self.quote(name)} "
        lines = [line for line in cursor.fetchone()[1].split("\n") if line.startswith(head)]
        return Existing(definition=lines[0].removeprefix(head).rstrip(","))

    def retype(
        self, table: TableName, column: Column, sql_type: str, existing: Existing
    ) -> list[str]:
        definition = _redefined(existing.definition, sql_type)
        return [f"{self._alter(table)} MODIFY COLUMN {self.quote(column.name)} {definition}"]


def _redefined(definition: str, sql_type: str) -> str:
    """Put another type in front of what MySQL says of a column: collations go with texts."""
    rest = re.sub(r"^[a-z0-9]+(\([^)]*\))?( unsigned)?( zerofill)?", "", definition)
    if "char" not in sql_type and "text" not in sql_type:
        rest = re.sub(r" (CHARACTER SET|COLLATE) \S+", "", rest)
    return sql_type + rest
