"""Reads the rows that global ids name: `node` and `nodes`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from schema.built_schema import BuiltSchema
from schema.errors import TooComplex
from schema.execution.nested_connections import NestedConnections
from schema.execution.round_trips import Asked, Question, Request, Rows, Variables, request
from schema.execution.write_context import NULL, first_value
from schema.global_ids import SCOPE, decode_id
from schema.json_values import list_pieces
from schema.limits import Limits
from schema.orm import OrmReader
from schema.plan.node_lookup import NODE_KEY, node_page
from schema.plan.nodes import NodeLookup, Page
from schema.sql.compile import Compiler
from schema.sql.compiled import CompiledNode
from schema.types.reading import TYPE_KEY


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
        """Return what is asked of the database, each row once.

        A row that is missing, or not to be seen, is `null`. Raises BadUserInput for what is no id
        of this database, TooComplex for too many ids.
        """
        ids = self._ids()
        asked = {one: self._asked(one) for one in dict.fromkeys(ids)}
        requests = [one.requests[0] for one in asked.values() if isinstance(one, Question)]

        def finish(found: Sequence[Rows]) -> bytes:
            rows = iter(found)
            answers = {
                one: own.finish([next(rows)]) if isinstance(own, Question) else own
                for one, own in asked.items()
            }
            return self._together([answers[one] for one in ids])

        return Question(tuple(requests), finish) if requests else finish(())

    def _ids(self) -> list[str]:
        given = self.node.plan.id.read(self.variables)
        if not self.node.plan.many:
            return [str(given)]
        if len(given) > self.limits.max_rows:
            raise TooComplex(
                f"nodeIds: {len(given)} ids are above the maximum of {self.limits.max_rows} "
                "rows per list (GATEWAY_MAX_ROWS)."
            )
        return [str(one) for one in given]

    def _together(self, answers: Sequence[bytes]) -> bytes:
        if not self.node.plan.many:
            return answers[0]
        return b"".join(list_pieces([answer] for answer in answers))

    def _asked(self, node_id: str) -> Asked:
        type_name, texts = decode_id(node_id, self.variables[SCOPE])
        table = self.built.names.by_type.get(type_name)
        key = self.built.key_of(table, texts) if table is not None else None
        if table is None or key is None:
            return NULL
        page = node_page(self.node.plan, table)
        variables = {**self.variables, NODE_KEY: key}
        if type_name not in self.node.pages:
            self.node.pages[type_name] = self.compiler.read(page)
        statement = self.node.pages[type_name]
        if statement is None:
            return self._finished(page, self.portable(variables).answer(page))
        asked: Request = request(statement, variables)
        return Question((asked,), lambda found: self._finished(page, first_value(found[0])))

    def _finished(self, page: Page, text: bytes) -> bytes:
        return text if self.nested is None else self.nested.finished(page, text)


def give_types(lookup: NodeLookup, tree: Any, variables: Variables) -> None:
    """Give each row that a global id found the type that the id names."""
    given = lookup.id.read(variables)
    pairs = zip(given, tree, strict=True) if lookup.many else [(given, tree)]
    for node_id, row in pairs:
        if row is not None:
            row[TYPE_KEY] = decode_id(str(node_id), variables[SCOPE])[0]
