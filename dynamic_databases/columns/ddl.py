"""Statements that change a column, one vendor beside the other; names are quoted here.

Django's schema editor isn't used: on SQLite it makes a table anew from what a model knows of it,
which is less than what the table has (checks, triggers, collations).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dynamic_databases.catalog.types import Column, TableName
from dynamic_databases.identifiers import quote, quote_table

_DRAFT = "gateway_draft"  # the column that a wider one is called until it takes the old one's place


@dataclass(frozen=True)
class Existing:
    """What a statement that gives a column another type must say again, as the server tells it."""

    definition: str = ""  # MySQL: the column's line of SHOW CREATE TABLE, without its name
    collation: str = ""  # SQL Server
    indexes: tuple[tuple[str, str], ...] = ()  # SQLite: (name, statement) of those with the column


def add(table: TableName, name: str, sql_type: str, default: str | None, vendor: str) -> list[str]:
    """`default` is a SQL literal, which rows that are there get too; with it the column is NOT NULL."""
    word = "ADD" if vendor == "microsoft" else "ADD COLUMN"
    rest = "NULL" if default is None else f"NOT NULL DEFAULT {_default(default, sql_type, vendor)}"
    return [f"ALTER TABLE {named(table, vendor)} {word} {quote(name, vendor)} {sql_type} {rest}"]


def rename(table: TableName, old: str, new: str, vendor: str) -> list[str]:
    if vendor != "microsoft":
        column = f"RENAME COLUMN {quote(old, vendor)} TO {quote(new, vendor)}"
        return [f"ALTER TABLE {named(table, vendor)} {column}"]
    path = f"{named(table, vendor)}.{quote(old, vendor)}"
    return [f"EXEC sp_rename {text(path)}, {text(new)}, N'COLUMN'"]


def retype(
    table: TableName, column: Column, sql_type: str, existing: Existing, vendor: str
) -> list[str]:
    """Give a column another type, its values converted by the server."""
    alter, name = f"ALTER TABLE {named(table, vendor)}", quote(column.name, vendor)
    null = "NULL" if column.nullable else "NOT NULL"
    if vendor == "postgresql":
        return [f"{alter} ALTER COLUMN {name} TYPE {sql_type} USING {name}::{sql_type}"]
    if vendor == "mysql":
        return [f"{alter} MODIFY COLUMN {name} {_redefined(existing.definition, sql_type)}"]
    if vendor == "microsoft":
        is_text = "char" in sql_type or "text" in sql_type
        collate = f" COLLATE {existing.collation}" if existing.collation and is_text else ""
        return [f"{alter} ALTER COLUMN {name} {sql_type}{collate} {null}"]
    default = f" DEFAULT {column.default}" if column.default is not None else ""
    draft = quote(_DRAFT, vendor)
    rest = default if column.nullable else f" NOT NULL{default}"  # which takes a default
    return [
        f"{alter} ADD COLUMN {draft} {sql_type}{rest}",
        f"UPDATE {named(table, vendor)} SET {draft} = {name}",
        *(f"DROP INDEX {quote(index, vendor)}" for index, _ in existing.indexes),
        f"{alter} DROP COLUMN {name}",
        f"{alter} RENAME COLUMN {draft} TO {name}",
        *(statement for _, statement in existing.indexes),
    ]


def drop(table: TableName, name: str, vendor: str) -> list[str]:
    statement = f"ALTER TABLE {named(table, vendor)} DROP COLUMN {quote(name, vendor)}"
    if vendor != "microsoft":
        return [statement]
    # A default is a constraint of its own there, which keeps its column.
    owner, column = text(named(table, vendor)), text(name)
    return [
        (
            "DECLARE @drop nvarchar(max) = (SELECT N'ALTER TABLE ' + "
            f"{owner} + N' DROP CONSTRAINT ' + QUOTENAME(d.name) FROM sys.default_constraints d"
            " JOIN sys.columns c ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id"
            f" WHERE d.parent_object_id = OBJECT_ID({owner}) AND c.name = {column}"
            " AND OBJECT_ID(QUOTENAME(SCHEMA_NAME(d.schema_id)) + N'.' + QUOTENAME(d.name)) IS NOT NULL);"
            " IF @drop IS NOT NULL EXEC(@drop)"
        ),
        statement,
    ]


def filled(table: TableName, name: str, vendor: str) -> str:
    """Return the query that counts the rows in which a column has a value."""
    return f"SELECT count({quote(name, vendor)}) FROM {named(table, vendor)}"


def named(table: TableName, vendor: str) -> str:
    """Return a table's name, quoted, with its schema where it has one of its own."""
    return quote_table(table.schema, table.name, vendor)


def text(value: str) -> str:
    """Return a text literal of SQL Server."""
    return "N'" + value.replace("'", "''") + "'"


def _default(literal: str, sql_type: str, vendor: str) -> str:
    if vendor == "postgresql" and sql_type.startswith("bool"):
        return "true" if literal == "1" else "false"
    return f"N{literal}" if vendor == "microsoft" and literal.startswith("'") else literal


def _redefined(definition: str, sql_type: str) -> str:
    """Put another type in front of what MySQL says of a column: collations go with texts."""
    rest = re.sub(r"^[a-z0-9]+(\([^)]*\))?( unsigned)?( zerofill)?", "", definition)
    if "char" not in sql_type and "text" not in sql_type:
        rest = re.sub(r" (CHARACTER SET|COLLATE) \S+", "", rest)
    return sql_type + rest
