"""What a change of schema means for its clients: breaking, dangerous or safe.

The words and what they mean are those of graphql-js's comparison, which GraphQL Inspector uses too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import orjson
from graphql import GraphQLSchema
from graphql.utilities import (
    BreakingChangeType,
    find_breaking_changes,
    find_dangerous_changes,
)

_ADDED = {
    BreakingChangeType.TYPE_REMOVED,
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.ARG_REMOVED,
}


class Level(StrEnum):
    """How bad a change is for a client that knows the schema before it."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


@dataclass(frozen=True)
class SchemaChange:
    """One change as a sentence."""

    level: Level
    message: str


def changes_between(old: GraphQLSchema, new: GraphQLSchema) -> list[SchemaChange]:
    """Return what changes for clients of `old` that are served `new`, the worst first."""
    breaking = [change.description for change in find_breaking_changes(old, new)]
    dangerous = [change.description for change in find_dangerous_changes(old, new)]
    added = [
        change.description.replace("removed", "added")
        for change in find_breaking_changes(new, old)
        if change.type in _ADDED
    ]
    return [
        *(SchemaChange(Level.BREAKING, text) for text in breaking),
        *(SchemaChange(Level.DANGEROUS, text) for text in dangerous),
        *(SchemaChange(Level.SAFE, text) for text in added),
    ]


def changes_json(changes: Iterable[SchemaChange]) -> bytes:
    """Return changes as JSON, for `changes_of`."""
    return orjson.dumps([(change.level, change.message) for change in changes])


def changes_of(body: bytes) -> list[SchemaChange]:
    return [SchemaChange(Level(level), message) for level, message in orjson.loads(body)]
