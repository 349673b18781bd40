"""Reads a connection that is a root field: its statement, then the page of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from schema.execution.page_slice import Pager
from schema.execution.round_trips import Request, Row, Rows, request
from schema.orm import OrmReader
from schema.plan.nodes import Connection
from schema.sql.compiled import CompiledConnection


@dataclass(frozen=True)
class ConnectionReader:
    """Reads one connection for one request; `portable` reads nodes that nest too deep."""

    compiled: CompiledConnection
    pager: Pager
    portable: Callable[[], OrmReader]

    def request(self) -> Request:
        """Return the connection's statement. Raises BadUserInput for a foreign or forged cursor."""
        variables = {**self.pager.variables, **self.pager.bounds()}
        return request(self.compiled.statement, variables)

    def answer(self, rows: Rows) -> bytes:
        """Return the JSON of a connection from the rows of its statement."""
        plan = self.compiled.plan
        count = int(plan.wants_total) + int(plan.wants_behind)
        extras = list(rows[0][-count:]) if count else []
        if extras and all(value is None for value in rows[0][: len(plan.order_by)]):
            rows = []  # the row that only carries the extras
        behind = bool(int(extras.pop())) if plan.wants_behind else False
        total = int(extras.pop()) if extras else 0
        found = self.pager.slice(rows, behind=behind)
        values = (row[: len(plan.order_by)] for row in found.rows)
        return self.pager.answer(found, values, self._nodes(found.rows), total)

    def _nodes(self, rows: Sequence[Row]) -> list[Sequence[bytes]]:
        plan = self.compiled.plan
        start, count = len(plan.order_by), len(plan.selections)
        if self.compiled.has_nodes:
            return [row[start : start + count] for row in rows]
        places = _key_places(plan)
        keys = [{name: row[place] for name, place in places.items()} for row in rows]
        reader = self.portable()
        read = [
            reader.by_key(plan.table, selection, keys, plan.visible)
            for selection in plan.selections
        ]
        return [[orjson.dumps(nodes[i]) for nodes in read] for i in range(len(rows))]


def _key_places(plan: Connection) -> dict[str, int]:
    """Return where the key's columns stand among the order values."""
    places = {
        getattr(term.subject, "name", ""): i
        for i, term in enumerate(plan.order_by)
        if not term.hops
    }
    return {name: places[name] for name in plan.table.primary_key}
