"""The way of a request, from its bytes to the answer's, one stage after the other."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dynamic_databases.beside import as_traffic, beside_traffic
from dynamic_databases.errors import NotRegistered
from dynamic_databases.invalidation import Invalidator
from dynamic_databases.registry import Registry
from gateway.access import access_of
from gateway.admission import Admission
from gateway.breaker import Breakers
from gateway.calls import Call, Calls
from gateway.conf import Config
from gateway.deadline import Deadline
from gateway.errors import TooManyAtOnce, problem_of
from gateway.following import Follower
from gateway.http import JSON, GraphQLRequest, HttpProblem, accepted_media_type
from gateway.journal import Journal, Seen
from gateway.limits import LimitsOfTenants
from gateway.metrics import Metrics
from gateway.rate import Rate
from gateway.requests import HttpRequest, graphql_request, wants_common
from gateway.responses import Response, problem_response
from gateway.watchdog import Watchdog
from gateway.workers import Lease, Workers
from schema.access import FULL_ACCESS, Access
from schema.cache import CachedSchema, SchemaCache
from schema.cursors import Cursors
from tenants.controller import Controller
from tenants.directory import Directory
from tenants.principals import ANONYMOUS, Principal
from tenants.resolution import ResolvedTenant


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


class GraphQLEndpoint:
    """Answers GraphQL requests for whatever tenant they name."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._follower = Follower(services.registry, services.readers, services.config)
        self._calls = Calls(
            services.registry,
            services.workers,
            services.breakers,
            self._follower,
            services.cursors,
            services.metrics,
        )
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
            return cached

        def build(_lease: Lease) -> CachedSchema:
            with beside_traffic():
                entry = services.registry.entry(resolved.alias)
                return services.schemas.get(entry, access, limits, common=common)

        until = Deadline.after_ms(services.config.catalog_deadline_ms, time.monotonic)
        if entry is not None:  # its catalog is known: the database isn't asked
            return await services.readers.run(resolved.alias, deadline, build, until)
        with services.breakers.guarding(resolved.alias):
            return await services.readers.run(resolved.alias, deadline, build, until)

    def follow(self, alias: str) -> None:
        """Ask the database, behind the answer, whether its tables changed, where the last look is old enough."""
        self._follower.look(alias)

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
            call = Call(request, resolved, cached, limits, deadline, seen.request_id)
            with as_traffic():
                return await self._calls.answer(call), cached.built.version
        finally:
            self._at_once[tenant] -= 1

    def _access_of(self, role: str) -> Access:
        """Return a role's access, made once for each state of the roles."""
        roles = self._services.directory.snapshot.roles
        known = self._access.get(role)
        if known is None or known[0] is not roles:
            known = (roles, access_of(role, roles))
            self._access[role] = known
        return known[1]


def _caller(principal: Principal, http: HttpRequest) -> str:
    """Return whose requests are counted together: a token's, or those of an address."""
    return f"{http.client}" if principal.name == ANONYMOUS else principal.name
