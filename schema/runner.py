"""A prepared operation → the talk that answers it: the JSON text of each root field, in response order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.errors import ConstraintViolation
from dynamic_databases.models_factory.factory import ModelSet
from schema.cursors import Cursors
from schema.errors import OperationProblem
from schema.exchange import End, Exchange, Request, Rows, Step, Talk, Variables, request
from schema.execute import drive
from schema.global_ids import SCOPE, decode, scope_of
from schema.limits import Limits
from schema.mutate import constant, in_transaction, written
from schema.operations import CompiledOperation, Prepared, PreparedRoot
from schema.paging import ConnectionReader
from schema.plan.node import NODE_KEY, node_page
from schema.plan.nodes import Aggregate, GroupBy, Page
from schema.portable import PortableReader
from schema.sql.compiled import CompiledNode
from schema.sql.statement import Statement
from schema.violations import with_columns
from schema.writer import Writer, first_value


@dataclass(frozen=True)
class Answer:
    """What an operation answered: each root field's JSON text, and the errors of nullable ones."""

    fragments: tuple[tuple[str, bytes], ...]
    errors: tuple[tuple[str, Exception], ...] = ()
    absent: tuple[str, ...] = ()  # columns of the baseline that are answered as null
    asked: bool = True  # whether the database was


# How a root field is answered: it is known, or a statement is asked and its rows made something of.
Finish = Callable[[Rows], bytes]
Asked = bytes | tuple[Request, Finish]


@dataclass(frozen=True)
class Runner:
    """Answers prepared operations from one database; `models` are asked for on the portable way."""

    alias: str
    models: Callable[[], ModelSet]
    limits: Limits
    cursors: Cursors
    dry_run: bool = False  # mutations answer as if done, and are rolled back

    def run(
        self,
        wrapper: BaseDatabaseWrapper,
        operation: CompiledOperation,
        prepared: Prepared,
        variables: Variables,
    ) -> Answer:
        """Return the answer over a leased connection, in a thread that may block."""
        talk = self.talk(operation, prepared, variables)
        try:
            return drive(wrapper, talk, prepared.compiler.dialect.begin)
        except ConstraintViolation as error:
            actions = (root.root.action for root in prepared.roots)
            raise with_columns(error, actions) from error

    def talk(
        self, operation: CompiledOperation, prepared: Prepared, variables: Variables
    ) -> Talk[Answer]:
        """Raises what makes the whole answer null: a non-null field's error, any write's."""
        variables = {**variables, SCOPE: scope_of(self.alias)}
        if prepared.plan.writes:
            return self._write(operation, prepared, variables)
        return self._read(operation, prepared, variables)

    def _write(
        self, operation: CompiledOperation, prepared: Prepared, variables: Variables
    ) -> Talk[Answer]:
        writer = Writer(prepared.compiler, variables, self._portable)
        steps: list[Step[bytes]] = [
            written(writer, root.write)
            if root.write is not None
            else constant(operation.constant(root.root.action, variables))
            for root in prepared.roots
        ]
        keys = [root.root.key for root in prepared.roots]
        end = End.ROLLBACK if self.dry_run else End.COMMIT
        answers = yield from in_transaction(steps, end)
        return Answer(tuple(zip(keys, answers, strict=True)), absent=prepared.plan.absent)

    def _read(
        self, operation: CompiledOperation, prepared: Prepared, variables: Variables
    ) -> Talk[Answer]:
        """All root fields are asked at once."""
        asked: list[Asked] = []
        errors: list[tuple[str, Exception]] = []
        for root in prepared.roots:
            try:
                asked.append(self._ask(operation, prepared, root, variables))
            except OperationProblem as error:
                if not root.root.nullable:
                    raise
                asked.append(b"null")
                errors.append((root.root.key, error))
        requests = tuple(one[0] for one in asked if isinstance(one, tuple))
        found = iter((yield Exchange(requests)) if requests else ())
        answers = [one if isinstance(one, bytes) else one[1](next(found)) for one in asked]
        keys = [root.root.key for root in prepared.roots]
        fragments = tuple(zip(keys, answers, strict=True))
        return Answer(fragments, tuple(errors), prepared.plan.absent)

    def _ask(
        self,
        operation: CompiledOperation,
        prepared: Prepared,
        root: PreparedRoot,
        variables: Variables,
    ) -> Asked:
        action = root.root.action
        if root.read is not None:
            return request(root.read, variables), first_value
        if root.connection is not None:
            portable = partial(self._portable, variables)
            reader = ConnectionReader(
                root.connection, variables, self.limits, self.cursors, portable
            )
            return reader.request(), reader.answer
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
    ) -> Asked:
        """Read the one row that a global id names; `null` where it isn't there, or not to be seen."""
        type_name, texts = decode(str(node.plan.id.read(variables)), variables[SCOPE])
        table = operation.built.names.by_type.get(type_name)
        key = operation.built.key_of(table, texts) if table is not None else None
        if table is None or key is None:
            return b"null"
        page = node_page(node.plan, table)
        if type_name not in node.pages:
            node.pages[type_name] = prepared.compiler.read(page)
        statement: Statement | None = node.pages[type_name]
        variables = {**variables, NODE_KEY: key}
        if statement is None:
            return self._portable(variables).answer(page)
        return request(statement, variables), first_value

    def _portable(self, variables: Variables) -> PortableReader:
        return PortableReader(self.models(), self.alias, variables, self.limits)
