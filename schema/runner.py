"""A prepared operation + a connection → the JSON text of each root field, in response order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.models_factory.factory import ModelSet
from schema.errors import OperationProblem
from schema.execute import answer
from schema.limits import Limits
from schema.mutate import Transaction, in_transaction, run_write
from schema.operations import CompiledOperation, Prepared, PreparedRoot
from schema.plan.nodes import Aggregate, Introspect, Page, Typename
from schema.portable import PortableReader


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
    dry_run: bool = False  # mutations answer as if done, and are rolled back

    def run(
        self, operation: CompiledOperation, prepared: Prepared, variables: Mapping[str, Any]
    ) -> Answer:
        """Return the answer. Raises what makes the whole answer null: a non-null field's error, any write's."""
        steps = [
            partial(self._root, operation, prepared, root, variables) for root in prepared.roots
        ]
        keys = [root.root.key for root in prepared.roots]
        if prepared.plan.writes and prepared.compiler is not None:
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
        if isinstance(action, Typename | Introspect):
            return operation.constant(action, variables)
        if root.read is not None:
            return answer(self.wrapper, root.read, variables)
        if root.write is not None and prepared.compiler is not None:
            return run_write(Transaction(self.wrapper, prepared.compiler, variables), root.write)
        if not isinstance(action, Page | Aggregate):
            raise TypeError(f"{action} has no statement")
        return PortableReader(self.models(), self.wrapper.alias, variables, self.limits).answer(
            action
        )
