"""What a request asks of a database: the way from a document to its answer's bytes.

Small reads of PostgreSQL are asked in the event loop itself, the others in a worker's thread. A
database whose breaker is open is asked nothing; what needs none is answered all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple, NoReturn

from dynamic_databases.errors import CannotConnect, SchemaChanged, Unavailable
from dynamic_databases.registry import Registry
from gateway.breaker import Breakers, TenantDown
from gateway.deadline import Deadline
from gateway.errors import graphql_error
from gateway.following import Follower
from gateway.http import GraphQLRequest, HttpProblem
from gateway.lane import Lane, NoConnection
from gateway.limits import RequestLimits
from gateway.metrics import Metrics
from gateway.responses import data_body
from gateway.workers import Lease, Workers
from schema.cache import CachedSchema
from schema.cursors import Cursors
from schema.errors import TooComplex
from schema.operations import CompiledOperation, Prepared
from schema.runner import Answer, Runner
from tenants.resolution import ResolvedTenant

_LANE_BYTES = 64_000  # of a request whose values are coerced and bound in the event loop
Ready = tuple[CompiledOperation, Prepared, Mapping[str, object]]


class Call(NamedTuple):
    """One request that was let in, on its way."""

    request: GraphQLRequest
    resolved: ResolvedTenant
    cached: CachedSchema
    limits: RequestLimits
    deadline: Deadline
    request_id: str

    @property
    def alias(self) -> str:
        return self.resolved.alias


class Calls:
    """Answers calls."""

    def __init__(
        self,
        registry: Registry,
        workers: Workers,
        breakers: Breakers,
        follower: Follower,
        cursors: Cursors,
        metrics: Metrics,
    ) -> None:
        self._registry = registry
        self._workers = workers
        self._lane = Lane(workers, registry.connections)
        self._breakers = breakers
        self._follower = follower
        self._cursors = cursors
        self._metrics = metrics

    async def answer(self, call: Call) -> bytes:
        """Return the body of the answer. Raises what `gateway.errors.problem_of` tells the client."""
        try:
            with self._breakers.guarding(call.alias) as guard:
                answer = await self._run(call)
                guard.asked = answer.asked
        except TenantDown as down:
            answer = await self._without_database(call, down)
        finally:
            self._follower.look(call.alias)  # now: the connection that was used is free again
        return self._body(call, answer)

    async def _without_database(self, call: Call, down: TenantDown) -> Answer:
        """Return the answer that the schema alone gives. Raises `down` where it takes the database."""
        operation = _known_operation(call)
        if operation is not None:
            prepared = operation.peek(operation.variables(call.request.variables))
            if prepared is not None and not prepared.is_constant:
                raise down

        def no_lease() -> NoReturn:
            raise down

        return await self._workers.run(
            call.alias, call.deadline, lambda _: self._execute(call, no_lease)
        )

    async def _run(self, call: Call) -> Answer:
        """A read whose connection was lost is asked once more, on a fresh one; a write never is."""
        try:
            return await self._ask(call)
        except SchemaChanged as error:
            changed = await self._follower.read_now(
                call.alias, call.deadline, call.cached.built.names
            )
            raise SchemaChanged(str(error), changed) from error
        except CannotConnect:
            raise
        except Unavailable:
            if not _reads(call):
                raise
            return await self._ask(call)

    async def _ask(self, call: Call) -> Answer:
        ready = self._ready(call)
        if ready is not None:
            with suppress(NoConnection):
                talk = partial(self._runner(call).talk, *ready)
                return await self._lane.run(call.alias, call.deadline, talk)
        return await self._workers.run(call.alias, call.deadline, partial(self._execute, call))

    def _ready(self, call: Call) -> Ready | None:
        """Return what the event loop may run: what is prepared already, of PostgreSQL, and small."""
        request = call.request
        vendor = call.cached.built.key.capabilities.vendor
        if vendor != "postgresql" or request.size > _LANE_BYTES:
            return None
        operation = _known_operation(call)
        if operation is None or (operation.is_mutation and not request.may_write):
            return None
        variables = operation.variables(request.variables)
        prepared = operation.peek(variables)
        if prepared is None or prepared.is_portable or prepared.introspects:
            return None
        return operation, prepared, variables

    def _execute(self, call: Call, lease: Lease) -> Answer:
        """Run in a worker's thread: compile or find the operation, bind, ask the database."""
        request = call.request
        operation = call.cached.operations.compile(request.query, request.operation_name)
        if operation.is_mutation and not request.may_write:
            raise HttpProblem(405, "A mutation needs POST.", headers={"Allow": "POST"})
        variables = operation.variables(request.variables)
        prepared = operation.prepare(variables)
        if prepared.is_constant:
            roots = prepared.plan.roots
            known = ((root.key, operation.constant(root.action, variables)) for root in roots)
            return Answer(tuple(known), asked=False)
        with lease() as wrapper:
            return self._runner(call).run(wrapper, operation, prepared, variables)

    def _runner(self, call: Call) -> Runner:
        models = partial(self._registry.models, call.alias)
        return Runner(
            call.alias, models, call.limits.operation, self._cursors, call.request.dry_run
        )

    def _body(self, call: Call, answer: Answer) -> bytes:
        """Return the bytes of an answer. Raises TooComplex where they are too many."""
        size = sum(len(text) for _, text in answer.fragments)
        # What was written is acknowledged, and a schema is as large as it is.
        if size > call.limits.answer_bytes and answer.asked and _reads(call):
            raise TooComplex(
                f"The answer has {size} bytes, above the maximum of {call.limits.answer_bytes} (GATEWAY_ANSWER_LIMIT_BYTES); "
                "ask for fewer rows or columns."
            )
        errors = [graphql_error(error, key, call.request_id) for key, error in answer.errors]
        for error in errors:
            self._metrics.count_field_error(error["extensions"]["code"])
        extensions = {"missingColumns": list(answer.absent)} if answer.absent else None
        return data_body(answer.fragments, errors, extensions)


def _known_operation(call: Call) -> CompiledOperation | None:
    return call.cached.operations.peek(call.request.query, call.request.operation_name)


def _reads(call: Call) -> bool:
    operation = _known_operation(call)
    return operation is not None and not operation.is_mutation
