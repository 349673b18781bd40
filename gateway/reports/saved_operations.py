"""Saved GraphQL documents against the schemas of tenants: which would break, where and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphql import FragmentDefinitionNode, GraphQLError, GraphQLSchema, parse, validate
from graphql.language import (
    DocumentNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    visit,
)

_SUFFIXES = (".graphql", ".gql")


@dataclass(frozen=True)
class SavedDocument:
    """One file: its operations, with the fragments that they use from whatever file."""

    path: str
    document: DocumentNode | None  # None where it can't be parsed
    error: str = ""


@dataclass(frozen=True)
class Broken:
    """A document that a schema refuses."""

    path: str
    messages: tuple[str, ...]


def read_documents(folder: Path) -> list[SavedDocument]:
    """Return the documents below a folder; files of fragments go with those that use them."""
    parsed: dict[str, DocumentNode] = {}
    found: list[SavedDocument] = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _SUFFIXES and p.is_file()):
        name = str(path.relative_to(folder))
        try:
            parsed[name] = parse(path.read_text())
        except (GraphQLError, UnicodeDecodeError) as error:
            found.append(SavedDocument(name, None, str(error).split("\n")[0]))
    fragments = {
        node.name.value: node
        for document in parsed.values()
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    for name, document in parsed.items():
        operations = [n for n in document.definitions if isinstance(n, OperationDefinitionNode)]
        if operations:
            used = _used(operations, fragments)
            found.append(SavedDocument(name, DocumentNode(definitions=(*operations, *used))))
    return sorted(found, key=lambda one: one.path)


def broken_by(schema: GraphQLSchema, documents: Iterable[SavedDocument]) -> list[Broken]:
    """Return the documents that `schema` refuses, with its reasons."""
    found: list[Broken] = []
    for one in documents:
        if one.document is None:
            found.append(Broken(one.path, (one.error,)))
        elif errors := validate(schema, one.document):
            found.append(Broken(one.path, tuple(error.message for error in errors)))
    return found


def _used(
    operations: Sequence[OperationDefinitionNode], fragments: dict[str, FragmentDefinitionNode]
) -> list[FragmentDefinitionNode]:
    finder = _SpreadFinder()
    used: dict[str, FragmentDefinitionNode] = {}
    for operation in operations:
        visit(operation, finder)
    while finder.names:
        name = finder.names.pop()
        if name in fragments and name not in used:
            used[name] = fragments[name]
            visit(fragments[name], finder)
    return list(used.values())


class _SpreadFinder(Visitor):
    """Collects the names of fragments."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.append(node.name.value)
