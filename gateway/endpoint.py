"""The way of a request, from its bytes to the answer's, one stage after the other."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

from dynamic_databases.errors import (
    CannotConnect,
    NotRegistered,
    OutcomeUnknown,
    SchemaChanged,
    StatementFailed,
    Unavailable,
)
from dynamic_databases.invalidation import Invalidator
from dynamic_databases.registry import Registry
from gateway.access import access_of
from gateway.admission import Admission
from gateway.beside import beside_traffic
from gateway.breaker import Breakers, TenantDown
from gateway.conf import Config
from gateway.deadline import Deadline
from gateway.errors import TooManyAtOnce, graphql_error, problem_of
from gateway.following import Follower
from gateway.http import JSON, GraphQLRequest, HttpProblem, accepted_media_type
from gateway.journal import Journal, Seen
from gateway.lane import Lane, NoConnection
from gateway.limits import LimitsOfTenants, RequestLimits
from gateway.metrics import Metrics
from gateway.rate import Rate
from gateway.requests import HttpRequest, graphql_request, wants_common
from gateway.responses import Response, data_body, problem_response
from gateway.watchdog import Watchdog
from gateway.workers import Lease, Workers
from schema.access import FULL_ACCESS, Access
from schema.cache import CachedSchema, SchemaCache
from schema.cursors import Cursors
from schema.errors import TooComplex
from schema.limits import Limits
from schema.operations import CompiledOperation, Prepared
from schema.plan.nodes import Introspect, Typename
from schema.runner import Answer, Runner
from tenants.controller import Controller
from tenants.directory import Directory
from tenants.principals import ANONYMOUS, Principal
from tenants.resolution import ResolvedTenant

_T = TypeVar("_T")
_LANE_BYTES = 64_000  # of a request whose values are coerced and bound in the event loop
Ready = tuple[CompiledOperation, Prepared, Mapping[str, object]]


@dataclass(frozen=True)
class Services:
    """The owners of this process's state, made once in `gateway.asgi`."""

    config: Config
    registry: Registry
    invalidator: Invalidator
    directory: Directory
    schemas: SchemaCache
    workers: Workers
    readers: (
        Workers  # read catalogs and build schemas, so that a slow database holds up no statement
    )
    watchdog: Watchdog
    breakers: Breakers
    admission: Admission
    limits: LimitsOfTenants
    rate: Rate
    metrics: Metrics
    cursors: Cursors
    controller: Controller | None  # a table of customers elsewhere


class _Call(NamedTuple):
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


class GraphQLEndpoint:
    """Answers GraphQL requests for whatever tenant they name."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lane = Lane(services.workers, services.registry.connections)
        self._follower = Follower(services.registry, services.readers, services.config)
        self._journal = Journal(services.metrics, services.config)
        self._access: dict[str, tuple[Mapping[str, object], Access]] = {}
        self._at_once: Counter[int] = Counter()  # requests under way, by tenant
        # Random once per process, then counted: a random number per request is a system call.
        self._request_ids = (
            f"{head}-{number:x}" for head in [secrets.token_hex(6)] for number in itertools.count(1)
        )

    async def respond(self, http: HttpRequest) -> Response:
        """Return the answer to one request; every error becomes one here."""
        seen = Seen(http, next(self._request_ids), time.monotonic())
        media_type = JSON
        try:
            media_type = accepted_media_type(http.headers.get("accept"))
            seen.request = graphql_request(http)
            try:
                body, version = await self._answer(seen, seen.request)
            except NotRegistered:
                # Its database was replaced a moment ago, before anything was asked of it.
                body, version = await self._answer(seen, seen.request)
            self._journal.answered(seen)
            headers = {"X-Request-Id": seen.request_id, "X-Schema-Version": version}
            return Response(200, body, media_type, headers)
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
            problem = problem_of(error, seen.request_id)
            self._journal.failed(seen, error, problem)
            return problem_response(problem, media_type, seen.request_id)

    async def schema(
        self,
        resolved: ResolvedTenant,
        principal: Principal,
        deadline: Deadline,
        *,
        common: bool = False,
    ) -> CachedSchema:
        """Return the schema of the database for the caller's role, read and built where it must be.

        With `common` it is that of its baseline. A read that takes longer than the caller waits goes
        on, for the next one.
        """
        services = self._services
        access = self._access_of(principal.role)
        limits = services.limits.of(resolved.tenant.limits).operation
        entry = services.registry.peek(resolved.alias)
        cached = (
            services.schemas.peek(entry, access, limits, common=common)
            if entry is not None
            else None
        )
        if cached is not None:
            self._follower.look(resolved.alias)
            return cached

        def build(_lease: Lease) -> CachedSchema:
            with beside_traffic():
                entry = services.registry.entry(resolved.alias)
                return services.schemas.get(entry, access, limits, common=common)

        until = Deadline.after_ms(services.config.catalog_deadline_ms, time.monotonic)
        reading = services.readers.run(resolved.alias, deadline, build, until)
        return await self._guarded(resolved.alias, reading)

    def build_for_admin(self, alias: str) -> None:
        """Read a database's catalog and build what its admin sees, in this thread."""
        services = self._services
        limits = services.limits.default.operation
        with beside_traffic():
            services.schemas.get(services.registry.entry(alias), FULL_ACCESS, limits)

    async def _answer(self, seen: Seen, request: GraphQLRequest) -> tuple[bytes, str]:
        """Return the body, and the version of the schema that it is of."""
        services, http = self._services, seen.http
        resolved, principal = await services.admission.admit(http)
        seen.tenant, seen.environment = resolved.tenant.slug, resolved.environment
        limits = services.limits.of(resolved.tenant.limits)
        await services.rate.take(_caller(principal, http), limits.requests_per_second)
        if request.size > limits.body_bytes:
            raise HttpProblem(413, f"The body is above the maximum of {limits.body_bytes} bytes (GATEWAY_BODY_LIMIT_BYTES).")  # fmt: skip
        tenant = resolved.tenant.pk
        if self._at_once[tenant] >= limits.requests_at_once:
            raise TooManyAtOnce(limits.requests_at_once)
        self._at_once[tenant] += 1
        try:
            deadline = Deadline(seen.started + limits.deadline_ms / 1000, time.monotonic)
            common = wants_common(http.headers)
            cached = await self.schema(resolved, principal, deadline, common=common)
            call = _Call(request, resolved, cached, limits, deadline, seen.request_id)
            answer = await self._guarded(resolved.alias, self._run(call))
        finally:
            self._at_once[tenant] -= 1
        return self._body(call, answer), cached.built.version

    async def _guarded(self, alias: str, asked: Coroutine[object, object, _T]) -> _T:
        """Return what is asked of a database, and tell its breaker what becomes of it.

        Raises TenantDown where the breaker is open: nothing is asked then.
        """
        breakers = self._services.breakers
        try:
            breakers.enter(alias)
        except TenantDown:
            asked.close()
            raise
        try:
            answer = await asked
        except (Unavailable, OutcomeUnknown):
            breakers.failed(alias)
            raise
        except StatementFailed:
            breakers.succeeded(alias)
            raise
        except BaseException:
            breakers.left(alias)
            raise
        breakers.succeeded(alias)
        return answer

    def _access_of(self, role: str) -> Access:
        """Return a role's access, made once for each state of the roles."""
        roles = self._services.directory.snapshot.roles
        known = self._access.get(role)
        if known is None or known[0] is not roles:
            known = (roles, access_of(role, roles))
            self._access[role] = known
        return known[1]

    async def _run(self, call: _Call) -> Answer:
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

    async def _ask(self, call: _Call) -> Answer:
        ready = self._ready(call)
        if ready is not None:
            with suppress(NoConnection):
                talk = partial(self._runner(call).talk, *ready)
                return await self._lane.run(call.alias, call.deadline, talk)
        return await self._services.workers.run(
            call.alias, call.deadline, partial(self._execute, call)
        )

    def _ready(self, call: _Call) -> Ready | None:
        """Return what the event loop may run: what is prepared already, of PostgreSQL, and small."""
        cached, request = call.cached, call.request
        if cached.built.key.capabilities.vendor != "postgresql" or request.size > _LANE_BYTES:
            return None
        operation = cached.operations.peek(request.query, request.operation_name)
        if operation is None or (operation.is_mutation and not request.may_write):
            return None
        variables = operation.variables(request.variables)
        prepared = operation.peek(variables)
        if prepared is None or prepared.is_portable or prepared.introspects:
            return None
        return operation, prepared, variables

    def _execute(self, call: _Call, lease: Lease) -> Answer:
        """Run in a worker's thread: compile or find the operation, bind, ask the database."""
        request = call.request
        operation = call.cached.operations.compile(request.query, request.operation_name)
        if operation.is_mutation and not request.may_write:
            raise HttpProblem(405, "A mutation needs POST.", headers={"Allow": "POST"})
        variables = operation.variables(request.variables)
        prepared = operation.prepare(variables)
        if all(isinstance(root.action, Introspect | Typename) for root in prepared.plan.roots):
            return Answer(
                tuple(
                    (root.key, operation.constant(root.action, variables))
                    for root in prepared.plan.roots
                )
            )
        with lease() as wrapper:
            return self._runner(call).run(wrapper, operation, prepared, variables)

    def _runner(self, call: _Call) -> Runner:
        models = partial(self._services.registry.models, call.alias)
        limits: Limits = call.limits.operation
        return Runner(call.alias, models, limits, self._services.cursors, call.request.dry_run)

    def _body(self, call: _Call, answer: Answer) -> bytes:
        """Return the bytes of an answer. Raises TooComplex where they are too many."""
        size = sum(len(text) for _, text in answer.fragments)
        if size > call.limits.answer_bytes and _reads(call):  # what was written is acknowledged
            raise TooComplex(
                f"The answer has {size} bytes, above the maximum of {call.limits.answer_bytes} (GATEWAY_ANSWER_LIMIT_BYTES); "
                "ask for fewer rows or columns."
            )
        errors = [graphql_error(error, key, call.request_id) for key, error in answer.errors]
        for error in errors:
            self._services.metrics.count_field_error(error["extensions"]["code"])
        extensions = {"missingColumns": list(answer.absent)} if answer.absent else None
        return data_body(answer.fragments, errors, extensions)


def _reads(call: _Call) -> bool:
    operation = call.cached.operations.peek(call.request.query, call.request.operation_name)
    return operation is not None and not operation.is_mutation


def _caller(principal: Principal, http: HttpRequest) -> str:
    """Return whose requests are counted together: a token's, or those of an address."""
    return f"{http.client}" if principal.name == ANONYMOUS else principal.name
