"""Makes the answers of connections of related rows out of what either execution read of them.

The gateway alone seals cursors. So these answers don't go through untouched: of the JSON around a
nested connection the keys are read, and all other values stay the bytes that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from schema.errors import TooComplex
from schema.execution.cursors import Cursors
from schema.execution.page_slice import Pager
from schema.execution.round_trips import Variables
from schema.json_values import is_null, list_pieces, object_pieces
from schema.limits import Limits
from schema.plan.connection import (
    BEHIND_PART,
    COUNT,
    NODE,
    ORDER_VALUE,
    ROWS_PART,
    TOTAL_PART,
)
from schema.plan.nodes import (
    Action,
    Aggregate,
    Connection,
    Delete,
    DeleteRows,
    Edges,
    Insert,
    InsertRows,
    Nested,
    NestedAggregate,
    NestedConnection,
    NodeField,
    Nodes,
    Page,
    Returning,
    RowField,
    Save,
    Selected,
    Update,
    UpdateEach,
    UpdateRows,
)
from schema.plan.walk import nested_connections
from schema.sql.dialect import Dialect
from schema.sql.where import order_type

# Their values are views of the JSON that is read: what stays as it is isn't copied.
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_Change = Callable[[bytes], bytes]


@dataclass(frozen=True)
class NestedConnections:
    """Makes the nested connections of one request."""

    dialect: Dialect
    variables: Variables
    limits: Limits
    cursors: Cursors
    _changes: dict[int, Mapping[str, _Change]] = field(default_factory=dict)  # by selection

    def bounds(self, connections: Iterable[Connection]) -> dict[str, list[Any]]:
        """Return the order values of all cursors that are given, by variable.

        Raises BadUserInput for a foreign or forged cursor.
        """
        return {
            name: values
            for connection in connections
            for name, values in self._pager(connection).bounds().items()
        }

    def finished(self, action: Action, text: bytes) -> bytes:
        """Return an action's JSON with its nested connections made.

        Raises TooComplex for JSON that nests too deep to be read.
        """
        try:
            return self._action(action, text)
        except RecursionError:
            raise TooComplex("A value nests too deep for a connection of related rows.") from None

    def _action(self, action: Action, text: bytes) -> bytes:
        match action:
            case Page():
                return self._page(action, text)
            case Insert() | Update() | Delete():
                return self._row(action.page.selection, text)
            case UpdateEach():
                return _list(
                    self._action(update, item)
                    for update, item in zip(action.updates, _LIST.decode(text), strict=True)
                )
            case Aggregate() | Connection() | Save() | InsertRows() | UpdateRows() | DeleteRows():
                changes = {part.key: self._part(action, part) for part in action.answer}
                return _changed(text, changes)
            case _:
                return text

    def _part(self, action: Any, part: Any) -> _Change:
        """Return what makes one field of an action's answer."""
        match part:
            case Nodes():
                return lambda raw: self._page(part.page, raw)
            case RowField():
                return lambda raw: self._row(part.page.selection, raw)
            case Returning():
                return lambda raw: self._rows(part.page.selection, raw)
            case Edges():
                edge = {
                    one.key: self._node(action.selections[one.number])
                    for one in part.parts
                    if isinstance(one, NodeField)
                }
                return lambda raw: _list(_changed(item, edge) for item in _LIST.decode(raw))
            case _:
                return _as_it_is

    def _node(self, selection: Sequence[Selected]) -> _Change:
        return lambda raw: self._row(selection, raw)

    def _page(self, page: Page, raw: bytes) -> bytes:
        return (self._row if page.single else self._rows)(page.selection, raw)

    def _rows(self, selection: Sequence[Selected], raw: bytes) -> bytes:
        if not self._changes_of(selection):
            return raw
        return _list(self._row(selection, row) for row in _LIST.decode(raw))

    def _row(self, selection: Sequence[Selected], raw: bytes) -> bytes:
        changes = self._changes_of(selection)
        return _changed(raw, changes) if changes else raw

    def _changes_of(self, selection: Sequence[Selected]) -> Mapping[str, _Change]:
        """Return what makes the fields of a row that hold connections."""
        known = self._changes.get(id(selection))
        if known is None:
            changes = {item.key: self._change(item) for item in selection}
            known = {key: change for key, change in changes.items() if change is not None}
            self._changes[id(selection)] = known
        return known

    def _change(self, item: Selected) -> _Change | None:
        match item:
            case NestedConnection():
                return lambda raw: self._connection(item, raw)
            case Nested() if any(nested_connections(item)):
                return lambda raw: self._page(item.page, raw)
            case NestedAggregate() if any(nested_connections(item)):
                return lambda raw: self._action(item.aggregate, raw)
            case _:
                return None

    def _connection(self, item: NestedConnection, raw: bytes) -> bytes:
        plan = item.connection
        parts = _OBJECT.decode(raw)
        rows = [_OBJECT.decode(row) for row in _LIST.decode(parts[ROWS_PART])]
        if plan.is_backward:
            rows.reverse()  # they were read from the end
        behind = plan.wants_behind and bool(_LIST.decode(parts[BEHIND_PART]))
        total = orjson.loads(bytes(parts[TOTAL_PART]))[COUNT][COUNT] if plan.wants_total else 0
        pager = self._pager(plan)
        found = pager.slice(rows, behind=behind)
        values = (self._order_values(plan, row) for row in found.rows)
        nodes = [
            [
                self._row(selection, row[NODE.format(i)])
                for i, selection in enumerate(plan.selections)
            ]
            for row in found.rows
        ]
        return pager.answer(found, values, nodes, total)

    def _order_values(self, plan: Connection, row: Mapping[str, msgspec.Raw]) -> list[Any]:
        return [
            self.dialect.key_from_json(
                orjson.loads(bytes(row[ORDER_VALUE.format(i)])), order_type(term, self.dialect)
            )
            for i, term in enumerate(plan.order_by)
        ]

    def _pager(self, plan: Connection) -> Pager:
        return Pager(plan, self.variables, self.limits, self.cursors)


def _changed(raw: bytes, changes: Mapping[str, _Change]) -> bytes:
    """Return an object with some of its values changed; null stays null."""
    if is_null(raw):
        return raw
    values = _OBJECT.decode(raw)
    return b"".join(
        object_pieces(
            (key, [changes[key](value) if key in changes else value])
            for key, value in values.items()
        )
    )


def _list(items: Iterable[bytes]) -> bytes:
    return b"".join(list_pieces([item] for item in items))


def _as_it_is(raw: bytes) -> bytes:
    return raw
