"""What is read inside an action: pages, aggregates and connections, of related rows too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schema.plan.nodes import (
    Connection,
    Nested,
    NestedAggregate,
    NestedConnection,
    Nodes,
    Returning,
    RowField,
)

_NESTED = Nested | NestedAggregate | NestedConnection


def inside(action: Any) -> Iterator[Any]:
    """Yield the parts of an action that read rows, without their own parts."""
    yield from getattr(action, "updates", ())
    for name in ("page", "aggregate", "connection"):
        if (inner := getattr(action, name, None)) is not None:
            yield inner
    yield from (page for _, page in getattr(action, "pages", ()))
    for selection in (getattr(action, "selection", ()), *getattr(action, "selections", ())):
        yield from (part for part in selection if isinstance(part, _NESTED))
    yield from (
        part
        for part in getattr(action, "answer", ())
        if isinstance(part, Nodes | Returning | RowField)
    )


def nested_connections(action: Any) -> Iterator[Connection]:
    """Yield the connections of related rows, at any depth."""
    for part in inside(action):
        if isinstance(part, NestedConnection):
            yield part.connection
        yield from nested_connections(part)
