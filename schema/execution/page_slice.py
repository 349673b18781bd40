"""A page of a connection: which of the rows that were read are its own, and its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from schema.execution.cursors import Cursors
from schema.execution.round_trips import Variables
from schema.global_ids import SCOPE
from schema.json_values import is_null, list_pieces, object_pieces
from schema.limits import Limits
from schema.plan.nodes import (
    Connection,
    CursorField,
    Edges,
    NodeField,
    OrderTerm,
    PageInfoFields,
    Typename,
)
from schema.plan.operands import Operand
from schema.sql.binding import rows_binder

_T = TypeVar("_T")
# Of a row: the JSON of each node. `null`: it was deleted between two statements.
Nodes = Sequence[bytes]


@dataclass(frozen=True)
class Slice(Generic[_T]):
    """The rows of one page, and whether there are others around it."""

    rows: Sequence[_T]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True)
class Pager:
    """Makes the pages of one connection for one request."""

    plan: Connection
    variables: Variables
    limits: Limits
    cursors: Cursors

    def bounds(self) -> dict[str, list[Any]]:
        """Return the order values of `after` and `before` by variable.

        Raises BadUserInput for a foreign or forged cursor.
        """
        plan = self.plan
        found = {}
        for operand, name, argument in (
            (plan.after, plan.after_name, "after"),
            (plan.before, plan.before_name, "before"),
        ):
            if operand is not None:
                cursor = operand.read(self.variables)
                found[name] = self.cursors.open(cursor, self._place(), argument)
        return found

    def slice(self, rows: Sequence[_T], *, behind: bool) -> Slice[_T]:
        """Take the page out of the rows in their order, of which one may be too many.

        `behind` says whether there are rows on the side where the page begins.
        """
        plan = self.plan
        kept, ahead = self._cut(rows)
        has_next, has_previous = (behind, ahead) if plan.is_backward else (ahead, behind)
        last = self._count(plan.last) if plan.last is not None else len(kept)
        if last < len(kept):  # first and last together: the end of the beginning
            kept, has_previous = kept[len(kept) - last :], True
        return Slice(kept, has_next, has_previous)

    def answer(
        self, found: Slice[_T], values: Iterable[Sequence[Any]], nodes: Sequence[Nodes], total: int
    ) -> bytes:
        """Return the JSON of a page from its rows' order values and nodes."""
        place = self._place()
        cursors = [self.cursors.seal(one, place) for one in values]
        parts: list[tuple[str, Iterable[bytes]]] = []
        for part in self.plan.answer:
            value: Iterable[bytes]
            match part:
                case Typename():
                    value = [orjson.dumps(part.name)]
                case Edges():
                    value = list_pieces(_edges(part, cursors, nodes))
                case PageInfoFields():
                    value = [_page_info(part, cursors, found)]
                case _:
                    value = [str(total).encode()]
            parts.append((part.key, value))
        return b"".join(object_pieces(parts))

    def _cut(self, rows: Sequence[_T]) -> tuple[Sequence[_T], bool]:
        """Take off the row that is one too many; return whether there was one."""
        plan = self.plan
        wanted = self._count(plan.last if plan.is_backward else plan.first)
        if len(rows) <= wanted:
            return rows, False
        return (rows[len(rows) - wanted :] if plan.is_backward else rows[:wanted]), True

    def _count(self, operand: Operand | None) -> int:
        value = operand.read(self.variables) if operand is not None else None
        return int(rows_binder(self.limits)(value))

    def _place(self) -> str:
        """Return what a cursor belongs to: this database, table and order."""
        terms = "\0".join(_signature(term) for term in self.plan.order_by)
        return f"{self.variables[SCOPE]}\0{self.plan.table.name}\0{terms}"


def _edges(
    part: Edges, cursors: Sequence[str], nodes: Sequence[Nodes]
) -> Iterator[Iterable[bytes]]:
    """Yield each edge in pieces."""
    for cursor, own in zip(cursors, nodes, strict=True):
        if any(map(is_null, own)):
            continue
        yield object_pieces((field.key, [_of_edge(field, cursor, own)]) for field in part.parts)


def _of_edge(field: CursorField | NodeField | Typename, cursor: str, nodes: Nodes) -> bytes:
    """Return the value of one field of an edge."""
    if isinstance(field, NodeField):
        return nodes[field.number]
    return orjson.dumps(cursor if isinstance(field, CursorField) else field.name)


def _page_info(part: PageInfoFields, cursors: Sequence[str], found: Slice[Any]) -> bytes:
    values: Mapping[str, Any] = {
        "__typename": "PageInfo",
        "hasNextPage": found.has_next,
        "hasPreviousPage": found.has_previous,
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
    }
    return orjson.dumps({key: values[name] for key, name in part.parts})


def _signature(term: OrderTerm) -> str:
    hops = "/".join(str(hop.table.name) for hop in term.hops)
    subject = getattr(term.subject, "name", None) or repr(term.subject)
    return f"{hops}:{subject}:{term.subject.type.name}:{term.descending}:{term.nulls_first}"
