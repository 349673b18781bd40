"""A table that holds values of one type, asked through the gateway and by plain SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLNamedType, GraphQLSchema

from dynamic_databases.models import Database
from schema import exact_numbers
from schema.built_schema import BuiltSchema
from tests.fixtures.databases import execute
from tests.fixtures.doors import Reply
from tests.fixtures.vendors import MARIADB, SQLITE
from tests.schema.round_trips.columns import ColumnType

_SPATIAL = ("POINT", "GEOMETRY")
_IF_NEW = {
    "sqlite": ("INSERT OR IGNORE INTO", ""),
    "postgresql": ("INSERT INTO", " ON CONFLICT DO NOTHING"),
    "mariadb": ("INSERT IGNORE INTO", ""),
}
Send = Callable[[bytes, dict[str, str]], Reply]


def letters_of(column: ColumnType) -> str:
    """Return an expression of `x` that differs wherever the cell does, in any letter."""
    if column.vendor is SQLITE:
        return "typeof(x) || quote(x)"
    if column.vendor is not MARIADB:
        return "format('%s', x)"
    if column.type in _SPATIAL:
        return "ST_AsText(x)"
    is_float = column.type.startswith(("FLOAT", "DOUBLE", "REAL"))
    return "HEX(x + 0)" if column.type.startswith("BIT") else "x + 0e0" if is_float else _BYTES


_BYTES = "HEX(CAST(x AS BINARY))"


def run(url: str, statements: Sequence[str]) -> None:
    """Run statements in order on one connection."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            for statement in statements:
                with suppress(sqlite3.IntegrityError):  # a rowid is a number
                    connection.execute(statement)
            connection.commit()
    else:
        execute(url, ";".join(statements))


@dataclass
class Held:
    """The tables of one column type, and what was asked last."""

    column: ColumnType
    url: str
    ddl: str
    send: Send
    database: Database
    built: BuiltSchema
    inserts: list[str] = field(default_factory=list)
    asked: str = ""

    @property
    def schema(self) -> GraphQLSchema:
        schema: GraphQLSchema = self.built.schema.graphql_schema
        return schema

    def fill(
        self,
        table: str,
        values: Sequence[str],
        *,
        number: str = "id",
        with_null: bool = False,
        unique: bool = False,
    ) -> None:
        """Put values into an emptied table, numbered from 1 on; NULL comes after them.

        A value that a `unique` table holds already is left out.
        """
        stored = [*values, *(["NULL"] if with_null else [])]
        self.inserts = [f"DELETE FROM {table}"]
        if self.column.vendor is MARIADB:  # what strict mode refuses is in old databases
            self.inserts.insert(0, "SET SESSION sql_mode = ''")
        insert, end = _IF_NEW[self.column.vendor.name] if unique else ("INSERT INTO", "")
        self.inserts += [
            f"{insert} {table} ({number}, x, g) VALUES ({i}, {value}, {i % 2}){end}"
            for i, value in enumerate(stored, 1)
        ]
        run(self.url, self.inserts)

    def input_type(self, *path: str) -> GraphQLNamedType | None:
        """Return the type of an input's field, such as ("HeldBoolExp", "x", "_eq")."""
        found: Any = self.schema.type_map.get(path[0])
        for name in path[1:]:
            inner = getattr(found, "of_type", found)
            found = inner.fields[name].type if inner and name in inner.fields else None
        return found

    def data(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        reply = self.reply(query, variables)
        assert "errors" not in reply.json, self.told(str(reply.json["errors"]))
        return exact_numbers.loads(reply.body)["data"]

    def reply(self, query: str, variables: Mapping[str, Any] | None = None) -> Reply:
        """Return an answer, which never is the gateway's own failure."""
        self.asked = f"{query}\n{exact_numbers.dumps(variables)}"
        body = exact_numbers.dumps({"query": query, "variables": variables})
        reply = self.send(body.encode(), {"content-type": "application/json"})
        assert reply.status < 500, self.told(str(reply.json))
        return reply

    def letters(self, table: str = "held") -> dict[int, str]:
        """Return each cell by its row's id, in an unmistakable spelling."""
        sql = f"SELECT id, {letters_of(self.column)} FROM {table}"
        found = {number: str(letter) for number, letter in execute(self.url, sql)}
        if str(self.input_type("HeldSetInput", "x")) != "JSON":
            return found
        return {number: self._compact(letter) for number, letter in found.items()}

    def _compact(self, letter: str) -> str:
        """Return a document without its white space, in which servers differ."""
        try:
            text = bytes.fromhex(letter).decode() if self.column.vendor is MARIADB else letter
            text = text[5:-1] if text.startswith("text'") else text
            return exact_numbers.dumps(exact_numbers.loads(text))
        except ValueError:  # NULL, or no document
            return letter

    def check(self, is_right: object, what: str, *facts: object) -> None:
        if not is_right:
            raise AssertionError(self.told(" ".join([what, *map(repr, facts)])))

    def told(self, what: str) -> str:
        """Return what is wrong with all that repeats it by hand."""
        rows = ";\n".join(self.inserts)
        return f"{what}\n\n{self.column}\n{self.ddl}\n{rows};\n\n{self.asked}"


def ids(rows: Iterable[Mapping[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]
