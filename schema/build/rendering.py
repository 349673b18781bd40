"""What is written of a whole schema, here or in another process: it takes seconds of a large one.

The other process is given the names alone. They are pickled table by table: one call for all would
hold the interpreter's lock for a tenth of a second.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson
from graphql import (
    BREAK,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    Visitor,
    VisitorAction,
    get_operation_ast,
    parse,
    visit,
)

from schema.build.graphql_schema import graphql_schema_of, root_fields
from schema.build.printing import introspection_json, sdl
from schema.build.schema_diff import changes_between, changes_json
from schema.built_schema import BuiltSchema
from schema.names.tables import Names
from schema.types.introspection import introspect


class Document(StrEnum):
    """A whole schema as a file for tools."""

    SDL = "sdl"
    JSON = "json"


@dataclass(frozen=True)
class Introspection:
    """One introspection root field of an operation that is valid, by its response key."""

    query: str
    operation_name: str | None
    key: str
    variables: dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What changes for clients of the first of two schemas once they are served the second."""


Task = Document | Introspection | Comparison


class _WholeFields(Visitor):
    """Looks for the fields of introspection that all types are made for."""

    are_there = False

    def enter_field(self, node: FieldNode, *_: Any) -> VisitorAction:
        if node.name.value not in ("types", "possibleTypes"):
            return None
        self.are_there = True
        return BREAK


def render(task: Task, schema: GraphQLSchema, *others: GraphQLSchema) -> bytes:
    """Return a document, or the JSON of an introspection field or of changes. Raises TooComplex."""
    match task:
        case Document.SDL:
            return sdl(schema)
        case Document.JSON:
            return introspection_json(schema)
        case Introspection():
            return _introspected(schema, task)
        case Comparison():
            (after,) = others
            return changes_json(changes_between(schema, after))


def column_count(names: Names) -> int:
    return sum(len(table.columns) for table in names.tables.values())


def needs_all_types(document: DocumentNode) -> bool:
    """Return whether an introspection document goes through all types, not a few that it names."""
    found = _WholeFields()
    visit(document, found)
    return found.are_there


def pack_task(task: Task, schemas: Sequence[BuiltSchema]) -> bytes:
    """Return a task with the versions of its schemas, for `unpack_task`."""
    return pickle.dumps((task, [built.version for built in schemas]))


def unpack_task(piece: bytes) -> tuple[Task, list[str]]:
    task, versions = pickle.loads(piece)  # noqa: S301 - `pack_task` wrote it
    return task, versions


def pack_schema(built: BuiltSchema) -> Iterator[bytes]:
    """Yield the names of a schema in small pieces, for `unpack_schema`."""
    names = built.shown
    yield pickle.dumps((built.key.capabilities.vendor, names.enums))
    for name, table in names.tables.items():
        yield pickle.dumps((name, replace(table, made_of=())))  # without what it keeps for later


def unpack_schema(pieces: Iterator[bytes]) -> GraphQLSchema:
    """Return the schema that was packed."""
    vendor, enums = pickle.loads(next(pieces))  # noqa: S301 - `pack_schema` wrote it
    tables = dict(pickle.loads(piece) for piece in pieces)  # noqa: S301 - as above
    names = Names(tables, enums)
    return graphql_schema_of(names, root_fields(names), vendor)


def _introspected(schema: GraphQLSchema, task: Introspection) -> bytes:
    document = parse(task.query)
    operation = get_operation_ast(document, task.operation_name)
    if operation is None:
        raise ValueError("the document has no such operation")
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    return orjson.dumps(introspect(schema, operation, fragments, task.variables, task.key))
