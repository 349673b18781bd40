"""The way of a request, from its bytes to the answer's, one stage after the other."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import Counter
from collections.abc import Mapping

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.concurrency.garbage_collection import gc_paused, release_frames
from dynamic_databases.database_settings import gives_sessions
from dynamic_databases.errors import NotRegistered
from dynamic_databases.replicas.last_writes import LastWrites
from gateway.access import access_of, limits_of_role, session_of
from gateway.errors import HttpProblem, TooManyAtOnce, problem_of
from gateway.execution.answer_budget import Reservation
from gateway.execution.executor import OperationExecutor
from gateway.execution.jobs import Lease
from gateway.execution.replica_reads import ReplicaReads
from gateway.execution.request import ExecutionRequest
from gateway.http.graphql_over_http import JSON, GraphQLRequest, accepted_media_type
from gateway.http.request import HttpRequest, graphql_request, wants_common, written_at
from gateway.http.response import Response, nothing, problem_response
from gateway.limits import RequestLimits
from gateway.request_log import RequestLog, RequestRecord
from gateway.runtime import Runtime
from schema.access import FULL_ACCESS, Access
from schema.build.cache import CachedSchema
from tenants.errors import EnvironmentUnavailable
from tenants.principals import ANONYMOUS, Principal
from tenants.resolution import ResolvedTenant

_NO_SESSION: Mapping[str, str] = {}


class GraphQLEndpoint:
    """Answers GraphQL requests for whatever tenant they name."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._refresher = runtime.refresher
        self._executor = OperationExecutor(
            runtime.registry,
            runtime.workers,
            runtime.breakers,
            self._refresher,
            runtime.cursors,
            runtime.metrics,
            runtime.answers,
            runtime.rendering,
            ReplicaReads(
                runtime.registry.replicas, runtime.breakers, runtime.readers, runtime.metrics
            ),
        )
        self._writes = LastWrites(runtime.config.data_dir / "last-writes")
        self._request_log = RequestLog(runtime.metrics, runtime.config)
        self._access: dict[str, tuple[Mapping[str, object], Access]] = {}
        self._gives_sessions = gives_sessions()
        self._at_once: Counter[int] = Counter()  # requests under way, by tenant
        # Random once per process, then counted: a random number per request is a system call.
        self._request_ids = (
            f"{head}-{number:x}" for head in [secrets.token_hex(6)] for number in itertools.count(1)
        )

    async def respond(self, http: HttpRequest) -> Response:
        """Return the answer to one request; every error becomes one here."""
        record = RequestRecord(http, next(self._request_ids), time.monotonic())
        media_type = JSON
        try:
            media_type = accepted_media_type(http.headers.get("accept"))
            record.request = graphql_request(http)
            try:
                (body, held), version = await self._answer(record, record.request)
            except NotRegistered:
                # Its database was replaced a moment ago, before anything was asked of it.
                (body, held), version = await self._answer(record, record.request)
            self._request_log.answered(record)
            headers = {**record.headers, "X-Schema-Version": version}
            when_sent = nothing if held is None else held.release
            return Response(200, body, media_type, headers, when_sent)
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
            own_words = self._runtime.config.database_messages
            problem = problem_of(error, record.request_id, own_words=own_words)
            self._request_log.failed(record, error, problem)
            release_frames(error)
            return problem_response(problem, media_type, record.headers)

    async def schema(
        self,
        resolved: ResolvedTenant,
        principal: Principal,
        deadline: Deadline,
        *,
        common: bool = False,
    ) -> CachedSchema:
        """Return the schema of the database for the caller's role, read and built where it must be.

        With `common` it is that of its baseline. A read that takes longer than the caller waits
        goes on, for the next one.
        """
        runtime = self._runtime
        access = self._access_of(principal.role)
        limits = self._limits_of(resolved, principal).operation
        entry = runtime.registry.peek(resolved.alias)
        cached = (
            runtime.schemas.peek(entry, access, limits, common=common)
            if entry is not None
            else None
        )
        if cached is not None:
            return cached

        def build(_lease: Lease) -> CachedSchema:
            with gc_paused():
                entry = runtime.registry.entry(resolved.alias)
                return runtime.schemas.get(entry, access, limits, common=common)

        until = Deadline.after_ms(runtime.config.catalog_deadline_ms, time.monotonic)
        if entry is not None:  # its catalog is known: the database isn't asked
            return await runtime.readers.run(resolved.alias, deadline, build, until)
        with runtime.breakers.guard(resolved.alias):
            return await runtime.readers.run(resolved.alias, deadline, build, until)

    def follow(self, alias: Alias) -> None:
        """After the answer, check if the database's tables changed, where the last check is old."""
        self._refresher.schedule(alias)

    def build_for_admin(self, alias: Alias) -> None:
        """Read a database's catalog and build what its admin sees, in this thread."""
        runtime = self._runtime
        limits = runtime.limits.default.operation
        with gc_paused():
            runtime.schemas.get(runtime.registry.entry(alias), FULL_ACCESS, limits)

    async def _answer(
        self, record: RequestRecord, request: GraphQLRequest
    ) -> tuple[tuple[bytes, Reservation | None], str]:
        """Return the body with the bytes reserved for it, and the version of its schema."""
        runtime, http = self._runtime, record.http
        try:
            resolved, principal = await runtime.authenticator.authenticate(http)
        except EnvironmentUnavailable as error:
            record.tenant, record.environment = error.tenant, error.environment
            raise
        record.tenant, record.environment = resolved.tenant.slug, resolved.environment
        limits = self._limits_of(resolved, principal)
        await runtime.rate.take(_caller(principal, http), limits.requests_per_second)
        if request.size > limits.body_bytes:
            raise HttpProblem(
                413,
                f"The body is above the maximum of {limits.body_bytes} bytes "
                "(GATEWAY_BODY_LIMIT_BYTES).",
            )
        tenant = resolved.tenant.pk
        if self._at_once[tenant] >= limits.requests_at_once:
            raise TooManyAtOnce(limits.requests_at_once)
        self._at_once[tenant] += 1
        try:
            deadline = Deadline(record.started + limits.deadline_ms / 1000, time.monotonic)
            common = wants_common(http.headers)
            cached = await self.schema(resolved, principal, deadline, common=common)
            # Only rules of rows and databases that are given them read them.
            is_read = cached.built.rules or self._gives_sessions
            session = session_of(principal, resolved) if is_read else _NO_SESSION
            call = ExecutionRequest(
                request, resolved, cached, limits, deadline, record.request_id, session
            )
            if runtime.registry.replicas.of(call.alias):
                caller = _caller(principal, http)
                answer = await self._answer_with_replicas(call, record, caller)
                return answer, cached.built.version
            return await self._executor.answer(call), cached.built.version
        finally:
            self._at_once[tenant] -= 1

    def _limits_of(self, resolved: ResolvedTenant, principal: Principal) -> RequestLimits:
        roles = self._runtime.directory.snapshot.roles
        of_role = limits_of_role(principal.role, roles)
        return self._runtime.limits.of(resolved.tenant.limits, of_role)

    async def _answer_with_replicas(
        self, call: ExecutionRequest, record: RequestRecord, caller: str
    ) -> tuple[bytes, Reservation | None]:
        """Let a caller read what it wrote, on this machine or by another, whose time it sends."""
        known = self._writes.of(call.alias, caller)
        call.read_after = max(known, written_at(record.http.headers))
        try:
            return await self._executor.answer(call)
        finally:
            if call.writes:
                record.written_at = self._writes.note(call.alias, caller)

    def _access_of(self, role: str) -> Access:
        """Return a role's access, made once for each state of the roles."""
        roles = self._runtime.directory.snapshot.roles
        known = self._access.get(role)
        if known is None or known[0] is not roles:
            known = (roles, access_of(role, roles))
            self._access[role] = known
        return known[1]


def _caller(principal: Principal, http: HttpRequest) -> str:
    """Return whose requests are counted together: a token's, or those of an address."""
    return f"{http.client}" if principal.name == ANONYMOUS else principal.name
