"""Reads the rows that global ids name: `node` and `nodes`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from schema.built_schema import BuiltSchema
from schema.errors import TooComplex
from schema.execution.nested_connections import NestedConnections
from schema.execution.round_trips import Asked, Question, Variables, request, together
from schema.execution.write_context import NULL, first_value, list_value
from schema.global_ids import SCOPE, decode_id
from schema.json_values import list_pieces
from schema.limits import Limits
from schema.orm import OrmReader
from schema.plan.node_lookup import NODE_COUNT, NODE_KEY, NODE_KEYS, node_page, node_rows
from schema.plan.nodes import NodeLookup, Page
from schema.plan.permissions import visible_rows
from schema.sql.compile import Compiler
from schema.sql.compiled import CompiledNode
from schema.types.reading import TYPE_KEY

_NodeId = tuple[str, tuple[str, ...]]  # the type, and the key's texts
_Keys = Mapping[_NodeId, tuple[Any, ...]]
_COMPOSITE_KEYS = 64  # in one statement: its text grows with their number


class _Row(msgspec.Struct):
    """A row with the id that names it, as `node_rows` answers it."""

    id: str
    row: msgspec.Raw


_ROWS = msgspec.json.Decoder(list[_Row])


@dataclass(frozen=True)
class NodeReader:
    """Reads one root field for one request; `portable` reads what the server can't answer."""

    built: BuiltSchema
    compiler: Compiler
    node: CompiledNode
    variables: Variables
    limits: Limits
    portable: Callable[[Variables], OrmReader]
    nested: NestedConnections | None

    def ask(self) -> Asked:
        """Return what is asked of the database: one statement for the rows of each table.

        A row that is missing, or not to be seen, is `null`. Raises BadUserInput for what is no id
        of this database, TooComplex for too many ids.
        """
        ids = self._ids()
        if not self.node.plan.many:
            return self._row(ids[0])
        keys = {one: key for one in dict.fromkeys(ids) if (key := self._key(one)) is not None}
        batches = list(_batches(keys))

        def finish(texts: list[bytes]) -> Asked:
            found: dict[_NodeId, bytes] = {}
            for batch, text in zip(batches, texts, strict=True):
                found |= self._rows_by_id(batch[0][0], text)
            return self._completed(ids, keys, found)

        asked = [self._rows({one: keys[one] for one in batch}) for batch in batches]
        return together(asked, finish)

    def _ids(self) -> list[_NodeId]:
        given = self.node.plan.id.read(self.variables)
        given = given if self.node.plan.many else [given]
        if len(given) > self.limits.max_rows:
            raise TooComplex(
                f"nodeIds: {len(given)} ids are above the maximum of {self.limits.max_rows} "
                "rows per list (GATEWAY_MAX_ROWS)."
            )
        return [decode_id(str(one), self.variables[SCOPE]) for one in given]

    def _key(self, node_id: _NodeId) -> tuple[Any, ...] | None:
        """Return the key of an id; None where it is the key of no table."""
        type_name, texts = node_id
        table = self.built.names.by_type.get(type_name)
        return self.built.key_of(table, texts) if table is not None else None

    def _completed(self, ids: Sequence[_NodeId], keys: _Keys, found: dict[_NodeId, bytes]) -> Asked:
        """Return the rows in the order of their ids.

        A server may find a row by another spelling of its key, so that its own id isn't among
        those that were asked for. Then the ids of its table that found nothing are asked alone.
        """
        respelled = {type_name for type_name, _ in found.keys() - keys.keys()}
        alone = [one for one in keys if one[0] in respelled and one not in found]

        def finish(texts: list[bytes]) -> bytes:
            known = found | dict(zip(alone, texts, strict=True))
            return b"".join(list_pieces([known.get(one, NULL)] for one in ids))

        return together([self._row(one) for one in alone], finish)

    def _row(self, node_id: _NodeId) -> Asked:
        """Return the row of one id: its JSON."""
        key = self._key(node_id)
        if key is None:
            return NULL
        table = self.built.names.by_type[node_id[0]]
        page = node_page(self.node.plan, table)
        if table.type not in dict(self.node.plan.pages):  # which have the role's rules already
            page = visible_rows(page, self.built.rules)
        asked = self._page(page, (table.type, 0), {NODE_KEY: key})
        return together([asked], lambda texts: self._finished(page, texts[0]))

    def _rows(self, batch: _Keys) -> Asked:
        """Return the rows of several ids of a table: `[{"id": …, "row": …}]`."""
        table = self.built.names.by_type[next(iter(batch))[0]]
        keys: list[Any] = list(batch.values())
        size = 1
        if len(table.key) == 1:
            keys = [key for (key,) in keys]
        else:  # few statements serve all numbers of keys: the last key fills up
            size = 1 << (len(batch) - 1).bit_length()
            keys += [keys[-1]] * (size - len(batch))
        page = visible_rows(node_rows(self.node.plan, table, size), self.built.rules)
        return self._page(page, (table.type, size), {NODE_KEYS: keys, NODE_COUNT: len(batch)})

    def _rows_by_id(self, type_name: str, text: bytes) -> dict[_NodeId, bytes]:
        page = node_page(self.node.plan, self.built.names.by_type[type_name])
        return {
            decode_id(item.id, self.variables[SCOPE]): self._finished(page, item.row)
            for item in _ROWS.decode(text)
        }

    def _page(self, page: Page, kind: tuple[str, int], given: Variables) -> Asked:
        """Return the JSON of a page, whose statement is kept by its `kind`."""
        variables = {**self.variables, **given}
        if kind not in self.node.pages:
            self.node.pages[kind] = self.compiler.read(page)
        statement = self.node.pages[kind]
        if statement is None:
            return self.portable(variables).answer(page)
        finish = list_value if statement.is_list else first_value
        return Question((request(statement, variables),), lambda found: finish(found[0]))

    def _finished(self, page: Page, text: bytes) -> bytes:
        return text if self.nested is None else self.nested.finished(page, text)


def _batches(ids: Iterable[_NodeId]) -> Iterator[list[_NodeId]]:
    """Yield the ids whose rows one statement reads, those of each table together."""
    by_type: dict[str, list[_NodeId]] = {}
    for one in ids:
        by_type.setdefault(one[0], []).append(one)
    for same in by_type.values():
        size = len(same) if len(same[0][1]) == 1 else _COMPOSITE_KEYS
        yield from (same[start : start + size] for start in range(0, len(same), size))


def give_types(lookup: NodeLookup, tree: Any, variables: Variables) -> None:
    """Give each row that a global id found the type that the id names."""
    given = lookup.id.read(variables)
    pairs = zip(given, tree, strict=True) if lookup.many else [(given, tree)]
    for node_id, row in pairs:
        if row is not None:
            row[TYPE_KEY] = decode_id(str(node_id), variables[SCOPE])[0]
