"""What a request asks of a database: the way from a document to its answer's bytes.

Small reads of PostgreSQL are asked in the event loop itself, the others in a worker's thread. A
database whose breaker is open is asked nothing; what needs none is answered all the same. Reads
are asked of a replica where one may answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NoReturn

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.garbage_collection import release_frames
from dynamic_databases.errors import (
    CannotConnect,
    ConstraintViolation,
    SchemaChanged,
    Unavailable,
)
from dynamic_databases.registry import Registry
from dynamic_databases.router import others_answer_first
from gateway.errors import HttpProblem, graphql_error
from gateway.execution.answer_budget import SMALL_BYTES, AnswerBudget, Reservation
from gateway.execution.catalog_refresh import CatalogRefresher
from gateway.execution.circuit_breaker import CircuitBreakers, TenantDown
from gateway.execution.event_loop import EventLoopExecutor, NoConnection
from gateway.execution.jobs import Lease
from gateway.execution.replica_reads import NeedsPrimary, ReplicaReads
from gateway.execution.request import ExecutionRequest
from gateway.execution.workers import Workers
from gateway.http.response import data_body
from gateway.metrics import Metrics
from gateway.rendering.schema_process import SchemaProcess
from schema.answer_size import AnswerMeter, Attempt, text_bytes_of
from schema.build.rendering import Introspection, needs_all_types
from schema.errors import AnswerTooLarge
from schema.execution.cursors import Cursors
from schema.execution.routing import routed_alias
from schema.execution.runner import Answer, Runner, shown_violation
from schema.execution.sessions.dispatch import session_type
from schema.names.changes import what_is_gone
from schema.operations import CompiledOperation, Prepared
from schema.plan.nodes import Introspect, Root

_LANE_BYTES = 64_000  # of a request whose values are coerced and bound in the event loop
Ready = tuple[CompiledOperation, Prepared, Mapping[str, object]]


@dataclass(frozen=True)
class OperationExecutor:
    """Answers calls."""

    registry: Registry
    workers: Workers
    breakers: CircuitBreakers
    refresher: CatalogRefresher
    cursors: Cursors
    metrics: Metrics
    budget: AnswerBudget
    rendering: SchemaProcess
    replicas: ReplicaReads

    @cached_property
    def _event_loop(self) -> EventLoopExecutor:
        return EventLoopExecutor(self.workers, self.registry.connections)

    async def answer(self, call: ExecutionRequest) -> tuple[bytes, Reservation | None]:
        """Return the body of the answer, and what is reserved for it until the client has it.

        Raises what `gateway.errors.problem_of` tells the client.
        """
        try:
            if others_answer_first():
                await self._route(call)
            found = None if call.read_after is None else await self._from_replica(call)
            if found is None:
                with self.breakers.guard(call.source) as guard:
                    found = await self._measured(call)
                    guard.asked = found[0].asked
        except TenantDown as down:
            found = await self._without_database(call, down), None
        finally:
            self.refresher.schedule(call.alias)  # now: the connection that was used is free again
        answer, held = found
        size_bytes = answer.size_bytes
        # What was written is acknowledged by now, and a schema is as large as it is.
        if size_bytes > call.limits.answer_bytes and answer.asked and not answer.wrote:
            raise AnswerTooLarge(call.limits.answer_bytes)
        if held is None and size_bytes > SMALL_BYTES and not answer.wrote:
            held = await self.budget.reserve(size_bytes, call.deadline)
        return self._body(call, answer), held

    async def _route(self, call: ExecutionRequest) -> None:
        """Have the project's routers name the database, in a thread: they may ask others."""

        def named(_lease: Lease) -> Alias:
            operation = call.compile()
            plan = operation.prepare(operation.variables(call.request.variables)).plan
            return routed_alias(self.registry, call.alias, plan)

        call.source = await self.workers.run(call.alias, call.deadline, named)
        if call.source != call.alias:
            call.read_after = None  # they have chosen

    async def _from_replica(
        self, call: ExecutionRequest
    ) -> tuple[Answer, Reservation | None] | None:
        """Return a replica's answer, None where the database itself is to be asked."""
        self.replicas.schedule_checks(call.alias)
        if call.operation is not None and call.operation.is_mutation:
            return None
        return await self.replicas.run(call, partial(self._measured, call))

    async def _measured(self, call: ExecutionRequest) -> tuple[Answer, Reservation | None]:
        """Return an answer, and the bytes that are reserved for it.

        How large it is shows only when it is read. So a small one is tried first; what is larger
        was undone, and is read again with its bytes reserved. An operation that answered so much
        before reserves them at once.
        """
        limit = call.limits.answer_bytes
        small = text_bytes_of(limit)
        if limit <= small:
            return await self._run(call, limit, Attempt.ONLY), None
        if call.operation is None or not call.operation.is_large:
            try:
                return await self._run(call, small, Attempt.FIRST), None
            except AnswerTooLarge as error:
                release_frames(error)
        held = await self.budget.reserve(limit, call.deadline)
        answer = await self._run(call, limit, Attempt.AGAIN)
        held.shrink(answer.size_bytes)
        if call.operation is not None:
            call.operation.is_large = answer.size_bytes > small
        return answer, held

    async def _without_database(self, call: ExecutionRequest, down: TenantDown) -> Answer:
        """Return the answer that the schema alone gives. Raises `down` if it needs the database."""
        operation = call.operation
        if operation is not None:
            prepared = operation.peek(operation.variables(call.request.variables))
            if prepared is not None and not prepared.is_constant:
                raise down

        def no_lease() -> NoReturn:
            raise down

        return await self.workers.run(
            call.alias,
            call.deadline,
            lambda _: self._execute(call, SMALL_BYTES, Attempt.ONLY, no_lease),
        )

    async def _run(self, call: ExecutionRequest, max_bytes: int, attempt: Attempt) -> Answer:
        """A read whose connection was lost is asked once more, on a fresh one; a write never is."""
        if call.is_on_replica:
            return await self._ask(call, max_bytes, attempt)
        try:
            return await self._ask(call, max_bytes, attempt)
        except SchemaChanged as error:
            changed = await self.refresher.refresh_now(
                call.alias, call.deadline, call.cached.built.names
            )
            is_mutation = call.operation is not None and call.operation.is_mutation
            raise what_is_gone(error, changed, is_mutation=is_mutation) from error
        except CannotConnect:
            raise
        except Unavailable:
            if call.operation is None or call.operation.is_mutation:
                raise
            return await self._ask(call, max_bytes, attempt)

    async def _ask(self, call: ExecutionRequest, max_bytes: int, attempt: Attempt) -> Answer:
        ready = self._ready(call)
        if ready is not None:
            with suppress(NoConnection):
                meter = AnswerMeter(max_bytes)
                runner = self._runner(call, max_bytes, attempt)
                try:
                    return await self._event_loop.run(
                        call.source,
                        call.deadline,
                        lambda wrapper: runner.flow_on(wrapper, *ready, meter),
                        meter,
                    )
                except ConstraintViolation as error:
                    raise shown_violation(error, *ready[:2]) from error
        execute = partial(self._execute, call, max_bytes, attempt)
        return await self.workers.run(call.source, call.deadline, execute)

    def _ready(self, call: ExecutionRequest) -> Ready | None:
        """Return what the event loop may run: prepared operations of PostgreSQL that are small."""
        request = call.request
        vendor = call.cached.built.key.capabilities.vendor
        if not session_type(vendor).has_pipeline or request.size > _LANE_BYTES:
            return None
        operation = call.operation
        if operation is None or (operation.is_mutation and not request.may_write):
            return None
        variables = operation.variables(request.variables)
        prepared = operation.peek(variables)
        if prepared is None or prepared.is_portable or prepared.introspects:
            return None
        return operation, prepared, variables

    def _execute(
        self, call: ExecutionRequest, max_bytes: int, attempt: Attempt, lease: Lease
    ) -> Answer:
        """Run in a worker's thread: compile or find the operation, bind, ask the database."""
        request = call.request
        operation = call.compile()
        if operation.is_mutation and not request.may_write:
            raise HttpProblem(405, "A mutation needs POST.", headers={"Allow": "POST"})
        if operation.is_mutation and call.is_on_replica:
            raise NeedsPrimary
        variables = operation.variables(request.variables)
        prepared = operation.prepare(variables)
        if prepared.is_constant:
            roots = prepared.plan.roots
            known = ((root.key, self._constant(call, operation, root, variables)) for root in roots)
            return Answer(tuple(known), asked=False)
        with lease() as wrapper:
            return self._runner(call, max_bytes, attempt).run(
                wrapper, operation, prepared, variables
            )

    def _constant(
        self,
        call: ExecutionRequest,
        operation: CompiledOperation,
        root: Root,
        variables: dict[str, Any],
    ) -> bytes:
        """Return the JSON of a root field that the schema alone answers."""
        action, built = root.action, call.cached.built
        is_large = isinstance(action, Introspect) and self.rendering.is_large(built)
        if not is_large or not needs_all_types(operation.document):
            return operation.constant(action, variables)
        query, name = call.request.query, call.request.operation_name
        task = Introspection(query, name, root.key, variables)
        return operation.introspect(
            root.key, variables, partial(self.rendering.render, task, built)
        )

    def _runner(self, call: ExecutionRequest, max_bytes: int, attempt: Attempt) -> Runner:
        models = partial(self.registry.models, call.alias)
        return Runner(
            call.alias,
            models,
            call.limits.operation,
            self.cursors,
            call.request.dry_run,
            max_bytes,
            attempt,
            session=call.session,
            source=call.source,
        )

    def _body(self, call: ExecutionRequest, answer: Answer) -> bytes:
        """Return the bytes of an answer."""
        errors = [graphql_error(error, key, call.request_id) for key, error in answer.errors]
        for error in errors:
            self.metrics.count_field_error(error["extensions"]["code"])
        extensions = {"missingColumns": list(answer.absent)} if answer.absent else None
        fragments = None if answer.is_null else answer.fragments
        return data_body(fragments, errors, extensions)
