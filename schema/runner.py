"""A prepared operation + a connection → the JSON text of each root field, in response order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.models_factory.factory import ModelSet
from schema.cursors import Cursors
from schema.errors import OperationProblem
from schema.execute import answer
from schema.global_ids import SCOPE, decode, scope_of
from schema.limits import Limits
from schema.mutate import Transaction, in_transaction, run_write
from schema.operations import CompiledOperation, Prepared, PreparedRoot
from schema.paging import ConnectionReader
from schema.plan.node import NODE_KEY, node_page
from schema.plan.nodes import Aggregate, GroupBy, Page
from schema.portable import PortableReader
from schema.sql.compiled import CompiledNode


@dataclass(frozen=True)
class Answer:
    """What an operation answered: each root field's JSON text, and the errors of nullable ones."""

    fragments: tuple[tuple[str, bytes], ...]
    errors: tuple[tuple[str, Exception], ...] = ()


@dataclass(frozen=True)
class Runner:
    """Runs prepared operations on one leased connection; `models` are asked for on the portable way."""

    wrapper: BaseDatabaseWrapper
    models: Callable[[], ModelSet]
    limits: Limits
    cursors: Cursors
    dry_run: bool = False  # mutations answer as if done, and are rolled back

    def run(
        self, operation: CompiledOperation, prepared: Prepared, variables: Mapping[str, Any]
    ) -> Answer:
        """Return the answer. Raises what makes the whole answer null: a non-null field's error, any write's."""
        variables = {**variables, SCOPE: scope_of(self.wrapper.alias)}
        steps = [
            partial(self._root, operation, prepared, root, variables) for root in prepared.roots
        ]
        keys = [root.root.key for root in prepared.roots]
        if prepared.plan.writes:
            transaction = Transaction(self.wrapper, prepared.compiler, variables, self.dry_run)
            return Answer(tuple(zip(keys, in_transaction(transaction, steps), strict=True)))
        fragments: list[tuple[str, bytes]] = []
        errors: list[tuple[str, Exception]] = []
        for root, step in zip(prepared.roots, steps, strict=True):
            try:
                fragments.append((root.root.key, step()))
            except OperationProblem as error:
                if not root.root.nullable:
                    raise
                fragments.append((root.root.key, b"null"))
                errors.append((root.root.key, error))
        return Answer(tuple(fragments), tuple(errors))

    def _root(
        self,
        operation: CompiledOperation,
        prepared: Prepared,
        root: PreparedRoot,
        variables: Mapping[str, Any],
    ) -> bytes:
        action = root.root.action
        if root.read is not None:
            return answer(self.wrapper, root.read, variables)
        if root.write is not None:
            return run_write(Transaction(self.wrapper, prepared.compiler, variables), root.write)
        if root.connection is not None:
            portable = partial(self._portable, variables)
            reader = ConnectionReader(self.wrapper, portable, variables, self.limits, self.cursors)
            return reader.answer(root.connection)
        if root.node is not None:
            return self._node(operation, prepared, root.node, variables)
        if isinstance(action, Page | Aggregate | GroupBy):
            return self._portable(variables).answer(action)
        return operation.constant(action, variables)

    def _node(
        self,
        operation: CompiledOperation,
        prepared: Prepared,
        node: CompiledNode,
        variables: Mapping[str, Any],
    ) -> bytes:
        """Read the one row that a global id names; `null` where it isn't there, or not to be seen."""
        given = str(node.plan.id.read(variables))
        type_name, texts = decode(given, variables[SCOPE])
        table = operation.built.names.by_type.get(type_name)
        key = operation.built.key_of(table, texts) if table is not None else None
        if table is None or key is None:
            return b"null"
        page = node_page(node.plan, table)
        if type_name not in node.pages:
            node.pages[type_name] = prepared.compiler.read(page) if prepared.exact else None
        statement = node.pages[type_name]
        variables = {**variables, NODE_KEY: key}
        if statement is None:
            return self._portable(variables).answer(page)
        return answer(self.wrapper, statement, variables)

    def _portable(self, variables: Mapping[str, Any]) -> PortableReader:
        return PortableReader(self.models(), self.wrapper.alias, variables, self.limits)
