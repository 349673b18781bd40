"""Builds a Relay connection's JSON from rows: cursors, edges, pageInfo, totalCount."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from schema.execution.cursors import Cursors
from schema.execution.round_trips import Request, Row, Rows, Variables, request
from schema.global_ids import SCOPE
from schema.json_values import list_pieces, object_pieces
from schema.limits import Limits
from schema.orm import OrmReader
from schema.plan.nodes import (
    Connection,
    CursorField,
    Edges,
    NodeField,
    OrderTerm,
    PageInfoFields,
    Typename,
)
from schema.sql.binding import rows_binder
from schema.sql.compiled import CompiledConnection
from schema.sql.relay_connection import AFTER, BEFORE, wants_behind, wants_total


@dataclass(frozen=True)
class _Slice:
    """The rows of one page, each with its nodes' JSON, and whether there are others around it."""

    rows: Sequence[Row]
    nodes: Sequence[Sequence[bytes]]
    has_next: bool
    has_previous: bool
    total: int


@dataclass(frozen=True)
class ConnectionReader:
    """Reads one connection for one request; `portable` reads nodes that nest too deep."""

    compiled: CompiledConnection
    variables: Variables
    limits: Limits
    cursors: Cursors
    portable: Callable[[], OrmReader]

    def request(self) -> Request:
        """Return the connection's statement. Raises BadUserInput for a foreign or forged cursor."""
        plan = self.compiled.plan
        place = _place(plan, self.variables)
        variables = dict(self.variables)
        for operand, name in ((plan.after, AFTER), (plan.before, BEFORE)):
            if operand is not None:
                cursor = operand.read(self.variables)
                variables[name] = self.cursors.open(cursor, place, name[1:])
        return request(self.compiled.statement, variables)

    def answer(self, rows: Rows) -> bytes:
        """Return the JSON of a connection from the rows of its statement."""
        plan = self.compiled.plan
        place = _place(plan, self.variables)
        found = self._slice(rows)
        cursors = [self.cursors.seal(row[: len(plan.order_by)], place) for row in found.rows]
        parts: list[tuple[str, Iterable[bytes]]] = []
        for part in plan.answer:
            value: Iterable[bytes]
            match part:
                case Typename():
                    value = [orjson.dumps(part.name)]
                case Edges():
                    value = list_pieces(_edges(part, cursors, found.nodes))
                case PageInfoFields():
                    value = [_page_info(part, cursors, found)]
                case _:
                    value = [str(found.total).encode()]
            parts.append((part.key, value))
        return b"".join(object_pieces(parts))

    def _slice(self, rows: Rows) -> _Slice:
        plan = self.compiled.plan
        extras = list(rows[0][-_extras(plan) :]) if _extras(plan) else []
        if extras and all(value is None for value in rows[0][: len(plan.order_by)]):
            rows = []  # the row that only carries the extras
        behind = bool(int(extras.pop())) if wants_behind(plan) else False
        total = int(extras.pop()) if extras else 0
        kept, ahead = self._cut(plan, rows)
        if plan.is_backward:
            has_next, has_previous = behind, ahead
        else:
            has_next, has_previous = ahead, behind
        last = self._count(plan.last) if plan.last is not None else len(kept)
        if last < len(kept):  # first and last together: the end of the beginning
            kept, has_previous = kept[len(kept) - last :], True
        return _Slice(kept, self._nodes(kept), has_next, has_previous, total)

    def _cut(self, plan: Connection, rows: list[Row]) -> tuple[list[Row], bool]:
        """Take off the row that is one too many; return whether there was one."""
        wanted = self._count(plan.last if plan.is_backward else plan.first)
        if len(rows) <= wanted:
            return rows, False
        return (rows[len(rows) - wanted :] if plan.is_backward else rows[:wanted]), True

    def _count(self, operand: Any) -> int:
        value = operand.read(self.variables) if operand is not None else None
        return int(rows_binder(self.limits)(value))

    def _nodes(self, rows: Sequence[Row]) -> list[Sequence[bytes]]:
        plan = self.compiled.plan
        start, count = len(plan.order_by), len(plan.selections)
        if self.compiled.has_nodes:
            return [row[start : start + count] for row in rows]
        places = _key_places(plan)
        keys = [{name: row[place] for name, place in places.items()} for row in rows]
        reader = self.portable()
        read = [reader.by_key(plan.table, selection, keys) for selection in plan.selections]
        return [[orjson.dumps(nodes[i]) for nodes in read] for i in range(len(rows))]


def _edges(
    part: Edges, cursors: Sequence[str], nodes: Sequence[Sequence[bytes]]
) -> Iterator[Iterable[bytes]]:
    """Yield each edge in pieces."""
    for cursor, own in zip(cursors, nodes, strict=True):
        if any(node == b"null" for node in own):
            continue  # deleted between the statements of ORM execution
        yield object_pieces((field.key, [_of_edge(field, cursor, own)]) for field in part.parts)


def _of_edge(
    field: CursorField | NodeField | Typename, cursor: str, nodes: Sequence[bytes]
) -> bytes:
    """Return the value of one field of an edge."""
    if isinstance(field, NodeField):
        return nodes[field.number]
    return orjson.dumps(cursor if isinstance(field, CursorField) else field.name)


def _page_info(part: PageInfoFields, cursors: Sequence[str], found: _Slice) -> bytes:
    values: Mapping[str, Any] = {
        "__typename": "PageInfo",
        "hasNextPage": found.has_next,
        "hasPreviousPage": found.has_previous,
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
    }
    return orjson.dumps({key: values[name] for key, name in part.parts})


def _extras(plan: Connection) -> int:
    return int(wants_total(plan)) + int(wants_behind(plan))


def _key_places(plan: Connection) -> dict[str, int]:
    """Return where the key's columns stand among the order values."""
    places = {
        getattr(term.subject, "name", ""): i
        for i, term in enumerate(plan.order_by)
        if not term.hops
    }
    return {name: places[name] for name in plan.table.primary_key}


def _place(plan: Connection, variables: Variables) -> str:
    """Return what a cursor belongs to: this database, table and order."""
    terms = "\0".join(_signature(term) for term in plan.order_by)
    return f"{variables[SCOPE]}\0{plan.table.name}\0{terms}"


def _signature(term: OrderTerm) -> str:
    hops = "/".join(str(hop.table.name) for hop in term.hops)
    subject = getattr(term.subject, "name", None) or repr(term.subject)
    return f"{hops}:{subject}:{term.subject.type.name}:{term.descending}:{term.nulls_first}"
