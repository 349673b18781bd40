"""The way of a request, from its bytes to the answer's, one stage after the other."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import itertools
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from django.db import close_old_connections

from dynamic_databases.errors import NotRegistered, SchemaChanged
from dynamic_databases.invalidation import Invalidator
from dynamic_databases.registry import Registry
from gateway.access import access_of
from gateway.beside import beside_traffic
from gateway.conf import Config
from gateway.deadline import Deadline
from gateway.errors import Problem, graphql_error, problem_of
from gateway.following import Follower
from gateway.http import (
    JSON,
    GraphQLRequest,
    HttpProblem,
    accepted_media_type,
    request_of_body,
    request_of_query_string,
)
from gateway.lane import Lane, NoConnection
from gateway.limits import limits_of
from gateway.responses import Response, data_body, problem_response
from gateway.workers import Lease, Workers
from schema.access import FULL_ACCESS, Access
from schema.bounded import Bounded
from schema.cache import CachedSchema, SchemaCache
from schema.cursors import Cursors
from schema.operations import CompiledOperation, Prepared
from schema.plan.nodes import Introspect, Typename
from schema.runner import Answer, Runner
from tenants.authentication.chain import Authenticator, authenticate
from tenants.controller import Controller
from tenants.directory import Directory, Snapshot
from tenants.errors import TenantNotFound, Unauthenticated
from tenants.principals import Principal
from tenants.resolution import ResolvedTenant, TenantRef, resolve, tenant_ref

_T = TypeVar("_T")
Admitted = tuple[ResolvedTenant, Principal]
# All that decides, beside the tenant that is named, who is let in where.
_ADMITTING_HEADERS = (
    "authorization",
    "host",
    "x-forwarded-for",
    "forwarded",
)
_ADMITTED_ENTRIES = 10_000
_CONTROLLER = "controller"  # in the place of an alias: looking customers up is a queue of its own
_LANE_BYTES = 64_000  # of a request whose values are coerced and bound in the event loop
Ready = tuple[CompiledOperation, Prepared, Mapping[str, object]]
_log = logging.getLogger("gateway.request")


@dataclass(frozen=True)
class HttpRequest:
    """An HTTP request whose body was read; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str | None


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
    authenticators: Sequence[Authenticator]
    cursors: Cursors
    controller: Controller | None  # a table of customers elsewhere


class GraphQLEndpoint:
    """Answers GraphQL requests for whatever tenant they name."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._limits = limits_of(services.config)
        self._admitted: Bounded[tuple[object, ...], tuple[Snapshot, Admitted]] = Bounded(
            _ADMITTED_ENTRIES
        )
        self._lane = Lane(services.workers, services.registry.connections)
        self._follower = Follower(services.registry, services.readers, services.config)
        self._access: dict[str, tuple[Mapping[str, object], Access]] = {}
        # Random once per process, then counted: a random number per request is a system call.
        self._request_ids = (
            f"{head}-{number:x}" for head in [secrets.token_hex(6)] for number in itertools.count(1)
        )

    async def respond(self, http: HttpRequest) -> Response:
        """Return the answer to one request; every error becomes one here."""
        request_id = next(self._request_ids)
        started = time.monotonic()
        media_type = JSON
        try:
            media_type = accepted_media_type(http.headers.get("accept"))
            request = _read(http)
            deadline = Deadline.after_ms(self._services.config.deadline_ms, time.monotonic)
            try:
                body, version = await self._answer(http, request, deadline, request_id)
            except NotRegistered:
                # Its database was replaced a moment ago, before anything was asked of it.
                body, version = await self._answer(http, request, deadline, request_id)
            headers = {"X-Request-Id": request_id, "X-Schema-Version": version}
            return Response(200, body, media_type, headers)
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the client gets an answer
            problem = problem_of(error, request_id)
            _log_problem(error, problem, request_id, http, started)
            return problem_response(problem, media_type, request_id)

    async def _answer(
        self, http: HttpRequest, request: GraphQLRequest, deadline: Deadline, request_id: str
    ) -> tuple[bytes, str]:
        """Return the body, and the version of the schema that it is of."""
        resolved, principal = await self.admit(http)
        common = wants_common(http.headers)
        cached = await self.schema(resolved, principal, deadline, common=common)
        body = await self._run(resolved, cached, request, deadline, request_id)
        return body, cached.built.version

    async def admit(self, http: HttpRequest) -> Admitted:
        """Return which database the request may reach, and as whom. Raises TenantProblem."""
        snapshot = await self.snapshot()
        ref = tenant_ref(http.path, http.query, http.headers)
        key = (ref, http.client, *(http.headers.get(name) for name in _ADMITTING_HEADERS))
        known = self._admitted.get(key)
        if known is not None and known[0] is snapshot and not _has_expired(known[1][1]):
            return known[1]
        try:
            admitted = self._admit(ref, http, snapshot)
        except (TenantNotFound, Unauthenticated):
            # It may have been added a moment ago: look before saying no, a few times per second.
            if self._services.directory.may_ask_again():
                await asyncio.to_thread(with_control_database, self._services.invalidator.poll_now)
            elif self._services.controller is None:
                raise
            snapshot = await self.snapshot()
            admitted = await self._admit_stranger(ref, http, snapshot)
        self._admitted.put(key, (snapshot, admitted))
        return admitted

    async def _admit_stranger(
        self, ref: TenantRef, http: HttpRequest, snapshot: Snapshot
    ) -> Admitted:
        """Admit one whose tenant the snapshot lacks: the controller may know it."""
        controller = self._services.controller
        name = ref.tenant or ref.host
        try:
            return self._admit(ref, http, snapshot)
        except TenantNotFound:
            if controller is None or not name or snapshot.tenant(name) is not None:
                raise
        work = partial(with_control_database, partial(controller.look_up, name))
        deadline = Deadline.after_ms(self._services.config.deadline_ms, time.monotonic)
        if not await self._services.readers.run(_CONTROLLER, deadline, lambda _: work()):
            raise TenantNotFound
        return self._admit(ref, http, await self.snapshot())

    async def schema(
        self,
        resolved: ResolvedTenant,
        principal: Principal,
        deadline: Deadline,
        *,
        common: bool = False,
    ) -> CachedSchema:
        """Return the schema of the database for the caller's role, read and built where it must be.

        With `common` it is that of its baseline.
        """
        services = self._services
        access = self._access_of(principal.role)
        entry = services.registry.peek(resolved.alias)
        cached = (
            services.schemas.peek(entry, access, self._limits, common=common)
            if entry is not None
            else None
        )
        if cached is not None:
            self._follower.look(resolved.alias)
            return cached

        def build(_lease: Lease) -> CachedSchema:
            with beside_traffic():
                entry = services.registry.entry(resolved.alias)
                return services.schemas.get(entry, access, self._limits, common=common)

        return await services.readers.run(resolved.alias, deadline, build)

    def build_for_admin(self, alias: str) -> None:
        """Read a database's catalog and build what its admin sees, in this thread."""
        services = self._services
        with beside_traffic():
            services.schemas.get(services.registry.entry(alias), FULL_ACCESS, self._limits)

    def _access_of(self, role: str) -> Access:
        """Return a role's access, made once for each state of the roles."""
        roles = self._services.directory.snapshot.roles
        known = self._access.get(role)
        if known is None or known[0] is not roles:
            known = (roles, access_of(role, roles))
            self._access[role] = known
        return known[1]

    async def snapshot(self) -> Snapshot:
        """Return the tenants, tokens and roles as they are now."""
        directory = self._services.directory
        if not directory.is_stale:
            return directory.snapshot
        return await asyncio.to_thread(with_control_database, directory.current)

    def _admit(self, ref: TenantRef, http: HttpRequest, snapshot: Snapshot) -> Admitted:
        now = dt.datetime.now(dt.UTC)
        principal = authenticate(self._services.authenticators, http.headers, snapshot, now)
        anonymous = principal is None and self._services.config.demo and _is_local(http)
        return resolve(ref, principal, snapshot, anonymous=anonymous)

    async def _run(
        self,
        resolved: ResolvedTenant,
        cached: CachedSchema,
        request: GraphQLRequest,
        deadline: Deadline,
        request_id: str,
    ) -> bytes:
        def work(lease: Lease) -> bytes:
            return self._execute(resolved, cached, request, lease, request_id)

        try:
            ready = self._ready(cached, request)
            if ready is not None:
                with suppress(NoConnection):
                    talk = partial(self._runner(resolved.alias, request).talk, *ready)
                    answer = await self._lane.run(resolved.alias, deadline, talk)
                    return _body(answer, request_id)
            return await self._services.workers.run(resolved.alias, deadline, work)
        except SchemaChanged as error:
            changed = await self._follower.read_now(resolved.alias, deadline, cached.built.names)
            raise SchemaChanged(str(error), changed) from error

    def _ready(self, cached: CachedSchema, request: GraphQLRequest) -> Ready | None:
        """Return what the event loop may run: what is prepared already, of PostgreSQL, and small."""
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

    def _execute(
        self,
        resolved: ResolvedTenant,
        cached: CachedSchema,
        request: GraphQLRequest,
        lease: Lease,
        request_id: str,
    ) -> bytes:
        """Run in a worker's thread: compile or find the operation, bind, ask the database."""
        operation = cached.operations.compile(request.query, request.operation_name)
        if operation.is_mutation and not request.may_write:
            raise HttpProblem(405, "A mutation needs POST.", headers={"Allow": "POST"})
        variables = operation.variables(request.variables)
        prepared = operation.prepare(variables)
        if all(isinstance(root.action, Introspect | Typename) for root in prepared.plan.roots):
            fragments = [
                (root.key, operation.constant(root.action, variables))
                for root in prepared.plan.roots
            ]
            return data_body(fragments)
        with lease() as wrapper:
            runner = self._runner(resolved.alias, request)
            answer = runner.run(wrapper, operation, prepared, variables)
        return _body(answer, request_id)

    def _runner(self, alias: str, request: GraphQLRequest) -> Runner:
        models = partial(self._services.registry.models, alias)
        return Runner(alias, models, self._limits, self._services.cursors, request.dry_run)


def _body(answer: Answer, request_id: str) -> bytes:
    errors = [graphql_error(error, key, request_id) for key, error in answer.errors]
    extensions = {"missingColumns": list(answer.absent)} if answer.absent else None
    return data_body(answer.fragments, errors, extensions)


def with_control_database(work: Callable[[], _T]) -> _T:
    """Run `work` in a thread that no request of Django's owns: its connection is closed by us."""
    try:
        return work()
    finally:
        close_old_connections()


def wants_common(headers: Mapping[str, str]) -> bool:
    """Return whether the schema of the baseline is asked for. Raises HttpProblem for another word."""
    given = headers.get("x-schema", "").strip().lower()
    if given not in ("", "baseline"):
        raise HttpProblem(400, "X-Schema must be 'baseline', or left out for the database's own.")
    return given == "baseline"


def _has_expired(principal: Principal) -> bool:
    return principal.expires_at is not None and principal.expires_at <= dt.datetime.now(dt.UTC)


def _read(http: HttpRequest) -> GraphQLRequest:
    if http.method == "POST":
        request = request_of_body(http.headers.get("content-type"), http.body)
        dry_run = http.headers.get("x-dry-run", "false").strip().lower()
        if dry_run not in ("true", "false"):
            raise HttpProblem(400, "X-Dry-Run must be true or false.")
        return replace(request, dry_run=True) if dry_run == "true" else request
    if http.method == "GET":
        return request_of_query_string(http.query)
    raise HttpProblem(
        405, f"{http.method} isn't answered here; use POST or GET.", headers={"Allow": "GET, POST"}
    )


def _is_local(http: HttpRequest) -> bool:
    """Return whether the request comes from this machine, by this machine's own name, with no proxy between."""
    if "x-forwarded-for" in http.headers or "forwarded" in http.headers:
        return False
    host = re.sub(r":\d+$", "", http.headers.get("host", ""))
    try:
        return ipaddress.ip_address(http.client or "").is_loopback and host in (
            "localhost",
            "127.0.0.1",
            "[::1]",
        )
    except ValueError:
        return False


def _log_problem(
    error: Exception, problem: Problem, request_id: str, http: HttpRequest, started: float
) -> None:
    event = {
        "requestId": request_id,
        "code": problem.code,
        "method": http.method,
        "path": http.path,
        "ms": round((time.monotonic() - started) * 1000),
        "error": type(error).__name__,
    }
    if problem.is_internal:
        _log.error("request failed", extra={"event": event}, exc_info=error)
    else:
        cause = (
            {"cause": str(error.__cause__)}
            if problem.code == "TENANT_UNAVAILABLE" and error.__cause__
            else {}
        )
        _log.info("request refused", extra={"event": event | cause})
