"""A prepared operation → the flow that answers it: each root field's JSON, in response order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from django.db.backends.base.base import BaseDatabaseWrapper

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.garbage_collection import release_frames
from dynamic_databases.errors import ConstraintViolation
from dynamic_databases.models_factory.factory import ModelSet
from schema.answer_size import ANSWER_BYTES, DEFAULT_BYTES, AnswerMeter, Attempt, text_bytes_of
from schema.errors import AnswerTooLarge, BadUserInput, OperationProblem, TextTooLarge
from schema.execution.blocking import drive
from schema.execution.constraint_columns import as_shown, tables_of
from schema.execution.cursors import Cursors
from schema.execution.database_session import lent_session, with_local_session
from schema.execution.mutation import checks, constant, in_transaction, reviewed, written
from schema.execution.nested_connections import NestedConnections
from schema.execution.node_reader import NodeReader
from schema.execution.page_slice import Pager
from schema.execution.relay_page import ConnectionReader
from schema.execution.round_trips import (
    Asked,
    End,
    Flow,
    Question,
    RoundTrip,
    Step,
    Variables,
    answered,
    request,
    requests_of,
    together,
)
from schema.execution.sessions.dispatch import session_type
from schema.execution.uncarried_cells import is_marked, propagated
from schema.execution.write_context import WriteContext, first_value, list_value
from schema.global_ids import SCOPE, scope_of
from schema.limits import Limits
from schema.operations import CompiledOperation, Prepared, PreparedRoot
from schema.orm import OrmReader
from schema.plan.nodes import Action, Aggregate, GroupBy, Page
from schema.plan.session_variables import SESSION

Fragments = tuple[tuple[str, bytes], ...]  # each root field's key and JSON text


@dataclass(frozen=True)
class Answer:
    """What an operation answered: each root field's JSON text, and the errors of nullable ones."""

    fragments: Fragments
    errors: tuple[tuple[str, Exception], ...] = ()
    absent: tuple[str, ...] = ()  # columns of the baseline that are answered as null
    asked: bool = True  # whether the database was
    wrote: bool = False
    is_null: bool = False  # an error leaves no field of it

    @property
    def size_bytes(self) -> int:
        return sum([len(text) for _, text in self.fragments])


@dataclass(frozen=True)
class Runner:
    """Answers prepared operations from one database; ORM execution reads by its `models`."""

    alias: Alias
    models: Callable[[], ModelSet]
    limits: Limits
    cursors: Cursors
    dry_run: bool = False  # mutations answer as if done, and are rolled back
    max_bytes: int = DEFAULT_BYTES  # of what is read from the database
    attempt: Attempt = Attempt.ONLY
    # Sees a mutation's answer before COMMIT; what it raises rolls the mutation back.
    review: Callable[[Fragments], object] | None = None
    session: Mapping[str, str] = field(default_factory=dict)  # for the rules of the role
    source: Alias | None = None  # where that isn't the database itself: a copy of it

    def run(
        self,
        wrapper: BaseDatabaseWrapper,
        operation: CompiledOperation,
        prepared: Prepared,
        variables: Variables,
    ) -> Answer:
        """Return the answer over a leased connection, in a thread that may block."""
        if session_type(wrapper.vendor).has_pipeline and not _may_use_orm(prepared):
            return self._run(wrapper, operation, prepared, variables)  # `flow_on` is enough
        with lent_session(wrapper, self.session):
            return self._run(wrapper, operation, prepared, variables)

    def flow_on(
        self,
        wrapper: BaseDatabaseWrapper,
        operation: CompiledOperation,
        prepared: Prepared,
        variables: Variables,
        meter: AnswerMeter,
    ) -> Flow[Answer]:
        """Return `flow` for a connection, whose database may be given the session."""
        flow = self.flow(operation, prepared, variables, meter)
        return with_local_session(wrapper, flow, self.session)

    def _run(
        self,
        wrapper: BaseDatabaseWrapper,
        operation: CompiledOperation,
        prepared: Prepared,
        variables: Variables,
    ) -> Answer:
        *others, (last, text_bytes) = self._ways(prepared, wrapper.vendor)
        for way, its_bytes in others:
            try:
                return self._drive(wrapper, operation, way(), variables, its_bytes)
            except TextTooLarge as error:
                release_frames(error)
        return self._drive(wrapper, operation, last(), variables, text_bytes)

    def _ways(self, prepared: Prepared, vendor: str) -> list[tuple[Callable[[], Prepared], int]]:
        """Return the ways to answer, the fastest first, each with the bytes of a text in it.

        SQLite has several: it copies texts in this process, so that it may make no large ones.
        """
        as_it_is = (lambda: prepared, text_bytes_of(self.max_bytes))
        if not session_type(vendor).copies_texts or self.attempt is Attempt.FIRST:
            return [(lambda: prepared, self.max_bytes)]
        by_orm = (lambda: prepared.by_orm, self.max_bytes)
        if prepared.plan.writes:
            return [as_it_is, by_orm]
        by_rows = (lambda: prepared.by_rows, text_bytes_of(self.max_bytes))
        return [*([as_it_is] if self.attempt is Attempt.ONLY else []), by_rows, by_orm]

    def _drive(
        self,
        wrapper: BaseDatabaseWrapper,
        operation: CompiledOperation,
        prepared: Prepared,
        variables: Variables,
        text_bytes: int,
    ) -> Answer:
        """Run one way of answering to its end."""
        meter = AnswerMeter(self.max_bytes, text_bytes)
        flow = self.flow_on(wrapper, operation, prepared, variables, meter)
        try:
            return drive(wrapper, flow, prepared.compiler.dialect.begin, meter)
        except ConstraintViolation as error:
            raise shown_violation(error, operation, prepared) from error

    def flow(
        self,
        operation: CompiledOperation,
        prepared: Prepared,
        variables: Variables,
        meter: AnswerMeter,
    ) -> Flow[Answer]:
        """Raises what makes the whole answer null: a non-null field's error, any write's."""
        variables = {
            **variables,
            SCOPE: scope_of(self.alias),
            ANSWER_BYTES: meter.max_bytes,
            SESSION: self.session,
        }
        run = self._write if prepared.plan.writes else self._read
        answer = yield from run(operation, prepared, variables, meter)
        if not is_marked(answer.fragments, prepared.marks):
            return answer
        nodes = {root.root.key: root.node.plan for root in prepared.roots if root.node is not None}
        fragments, errors = propagated(operation, answer.fragments, variables, nodes)
        of_cells = tuple((str(error.path[0]) if error.path else "", error) for error in errors)
        return replace(
            answer,
            fragments=fragments or (),
            errors=(*answer.errors, *of_cells),
            is_null=fragments is None,
        )

    def _write(
        self,
        operation: CompiledOperation,
        prepared: Prepared,
        variables: Variables,
        meter: AnswerMeter,
    ) -> Flow[Answer]:
        nested = [self._nested(prepared, root, variables) for root in prepared.roots]
        for one in nested:
            variables = {**variables, **(one.variables if one else {})}
        is_alone = len(prepared.roots) == 1 and not self.dry_run and self.review is None
        writer = WriteContext(prepared.compiler, variables, partial(self._orm, meter), is_alone)
        steps: list[Step[bytes]] = [
            written(writer, root.write)
            if root.write is not None
            else constant(operation.constant(root.root.action, variables))
            for root in prepared.roots
        ]
        finish = partial(self._finished, prepared, nested)
        review = self.review
        end = End.ROLLBACK if self.dry_run else End.COMMIT
        if self.dry_run:  # what COMMIT would refuse is to be known
            _see_that_it_can_be_undone(root.root.action for root in prepared.roots)
            before, after = checks(prepared.compiler.dialect.deferred)
            _, *answers, _ = yield from in_transaction([before, *steps, after], end)
        elif review is not None:
            shown = reviewed(steps, lambda found: review(finish(found)))
            *answers, _ = yield from in_transaction(shown, end)
        else:
            answers = yield from in_transaction(steps, end)
        fragments = finish(answers)
        return Answer(fragments, absent=prepared.plan.absent, wrote=True)

    def _finished(
        self,
        prepared: Prepared,
        nested: list[NestedConnections | None],
        answers: list[bytes],
    ) -> Fragments:
        """Return the root fields of a mutation with their nested connections."""
        return tuple(
            (
                root.root.key,
                answer if own is None else own.finished(root.root.action, answer),
            )
            for own, root, answer in zip(nested, prepared.roots, answers, strict=True)
        )

    def _read(
        self,
        operation: CompiledOperation,
        prepared: Prepared,
        variables: Variables,
        meter: AnswerMeter,
    ) -> Flow[Answer]:
        """All root fields are asked at once."""
        orm = partial(self._orm, meter)
        asked: list[Asked] = []
        errors: list[tuple[str, Exception]] = []
        for root in prepared.roots:
            try:
                asked.append(self._ask(operation, prepared, root, variables, orm))
            except OperationProblem as error:
                if not root.root.nullable or isinstance(error, AnswerTooLarge):
                    raise
                asked.append(b"null")
                # Its frames, this one among them, would hold what is read for the other fields.
                errors.append((root.root.key, error.with_traceback(None)))
        while requests := requests_of(asked):
            asked = answered(asked, (yield RoundTrip(requests)))
        answers = [one for one in asked if isinstance(one, bytes)]
        keys = [root.root.key for root in prepared.roots]
        fragments = tuple(zip(keys, answers, strict=True))
        return Answer(fragments, tuple(errors), prepared.plan.absent)

    def _ask(
        self,
        operation: CompiledOperation,
        prepared: Prepared,
        root: PreparedRoot,
        variables: Variables,
        orm: Callable[[Variables], OrmReader],
    ) -> Asked:
        nested = self._nested(prepared, root, variables)
        if nested is not None:
            variables = nested.variables
        if root.node is not None:
            reader = NodeReader(
                operation.built, prepared.compiler, root.node, variables, self.limits, orm, nested
            )
            return reader.ask()
        asked = self._asked(operation, root, variables, orm)
        if nested is None:
            return asked
        return together([asked], lambda texts: nested.finished(root.root.action, texts[0]))

    def _asked(
        self,
        operation: CompiledOperation,
        root: PreparedRoot,
        variables: Variables,
        orm: Callable[[Variables], OrmReader],
    ) -> Asked:
        action = root.root.action
        if root.read is not None:
            finish = list_value if root.read.is_list else first_value
            return Question((request(root.read, variables),), lambda found: finish(found[0]))
        if root.connection is not None:
            pager = Pager(root.connection.plan, variables, self.limits, self.cursors)
            reader = ConnectionReader(root.connection, pager, partial(orm, variables))
            return Question((reader.request(),), lambda found: reader.answer(found[0]))
        if isinstance(action, Page | Aggregate | GroupBy):
            return orm(variables).answer(action)
        return operation.constant(action, variables)

    def _nested(
        self, prepared: Prepared, root: PreparedRoot, variables: Variables
    ) -> NestedConnections | None:
        """Return what makes the connections inside a root field, its cursors in its variables."""
        if not root.nested:
            return None
        nested = NestedConnections(prepared.compiler.dialect, variables, self.limits, self.cursors)
        return replace(nested, variables={**variables, **nested.bounds(root.nested)})

    def _orm(self, meter: AnswerMeter, variables: Variables) -> OrmReader:
        return OrmReader(self.models(), self.source or self.alias, variables, self.limits, meter)


def shown_violation(
    error: ConstraintViolation, operation: CompiledOperation, prepared: Prepared
) -> ConstraintViolation:
    """Return a violation with its constraint's columns, as the operation's role may read it."""
    built = operation.built
    actions = (root.root.action for root in prepared.roots)
    return as_shown(error, actions, built.catalog, built.names)


def _may_use_orm(prepared: Prepared) -> bool:
    """Return whether statements may be sent outside of the flow; nodes show it when read."""
    return prepared.is_portable or any(root.node is not None for root in prepared.roots)


def _see_that_it_can_be_undone(actions: Iterable[Action]) -> None:
    """Raises BadUserInput for a dry run of writes that no ROLLBACK takes back."""
    for action in actions:
        for table in tables_of(action):
            if not table.in_transactions:
                raise BadUserInput(
                    f"{table.name}: tables of this storage engine have no transactions, so that "
                    "a dry run would write; nothing was done."
                )
