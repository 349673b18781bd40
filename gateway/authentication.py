"""Who is let in where: the tenant that a request names, its database, and as whom."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from dynamic_databases.aliases import Alias
from dynamic_databases.concurrency.deadline import Deadline
from dynamic_databases.concurrency.lru import LruCache
from gateway.config import Config
from gateway.control.database import ControlDatabase
from gateway.control.standby import Standby
from gateway.execution.workers import Workers
from gateway.http.request import HttpRequest, check_naming, wanted_role
from tenants.authentication.chain import Authenticator, authenticate
from tenants.authentication.issuers.authenticator import InvalidJwt, UnknownKey
from tenants.controller import Controller
from tenants.errors import (
    ControlUnavailable,
    EnvironmentUnavailable,
    TenantNotFound,
    TenantProblem,
    Unauthenticated,
)
from tenants.principals import Principal
from tenants.resolution import (
    ResolvedTenant,
    TenantRef,
    login_target,
    reachable,
    resolve,
    tenant_ref,
)
from tenants.snapshot import DirectoryEntry, Snapshot

Authenticated = tuple[ResolvedTenant, Principal]
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
# Stands for a database: looking customers up is a queue of its own.
_CONTROLLER = Alias("controller")
_T = TypeVar("_T")


class RequestAuthenticator:
    """Finds tenants and checks tokens; a result is valid as long as the directory's snapshot."""

    def __init__(
        self,
        config: Config,
        authenticators: Sequence[Authenticator],
        control: ControlDatabase,
        standby: Standby,
        controller: Controller | None,
        readers: Workers,
    ) -> None:
        self._config = config
        self._authenticators = authenticators
        self._control = control
        self._standby = standby
        self._controller = controller
        self._readers = readers
        self._admitted: LruCache[tuple[object, ...], tuple[Snapshot, Authenticated]] = LruCache(
            config.admitted_entries
        )

    async def authenticate(self, http: HttpRequest) -> Authenticated:
        """Return the request's database and principal. Raises TenantProblem, HttpProblem."""
        check_naming(http)
        snapshot = await self.snapshot()
        ref = self._ref(http)
        key = (  # all that decides who may enter where
            ref,
            http.client,
            http.was_forwarded,
            http.headers.get("authorization"),
            http.headers.get("host"),
            http.headers.get("origin"),
            wanted_role(http.headers),
            sum([one.keys_version for one in self._authenticators]),
        )
        known = self._admitted.get(key)
        if known is not None and known[0] is snapshot and not _has_expired(known[1][1]):
            return known[1]
        try:
            admitted = await self._with_keys(partial(self._admit, ref, http, snapshot))
        except InvalidJwt:
            raise  # nothing that the control database holds makes it valid
        except (TenantNotFound, Unauthenticated):
            # It may have been added a moment ago: look before saying no, a few times per second.
            if self._standby.may_learn():
                await self._control.learn()
            elif not self._control.is_answering:
                raise ControlUnavailable from None
            elif self._controller is None:
                raise
            snapshot = await self.snapshot()
            admitted = await self._admit_stranger(ref, http, snapshot)
        self._admitted.put(key, (snapshot, admitted))
        return admitted

    async def addressed(self, http: HttpRequest) -> tuple[str, str] | None:
        """Return the tenant and environment that a refused request was for.

        None where its caller may not know them. Only what is known in this process counts.
        """
        ref = self._ref(http)
        try:
            resolved, _ = self._admit(ref, http, await self.snapshot())
        except EnvironmentUnavailable as error:
            return error.tenant, error.environment
        except TenantProblem:
            return None
        return resolved.tenant.slug, resolved.environment

    async def login_target(self, http: HttpRequest) -> tuple[str, ResolvedTenant | None]:
        """Return the tenant that a log-in's path names, and its database; None where unknown.

        Raises HttpProblem, EnvironmentUnavailable.
        """
        check_naming(http)
        ref = tenant_ref(http.path, http.query, http.headers)
        name, own_ids = ref.tenant or "", self._controller is None
        found = login_target(name, ref.environment, await self.snapshot(), own_ids=own_ids)
        if found is None and self._standby.may_learn():  # it may have been added a moment ago
            await self._control.learn()
            found = login_target(name, ref.environment, await self.snapshot(), own_ids=own_ids)
        return name, found

    async def snapshot(self) -> Snapshot:
        """Return the current snapshot, or the last one. Raises ControlUnavailable."""
        return await self._standby.snapshot()

    async def operator(self, http: HttpRequest) -> Principal | None:
        """Return the operator whose token the request carries, if it carries one."""
        principal = self._principal(http, await self.snapshot())
        return principal if principal is not None and principal.is_operator else None

    async def reachable(self, http: HttpRequest) -> Iterator[tuple[DirectoryEntry, list[str]]]:
        """Return the caller's tenants with their environments. Raises Unauthenticated."""
        snapshot = await self.snapshot()
        principal = await self._with_keys(partial(self._principal, http, snapshot))
        return reachable(principal, snapshot, anonymous=self._lets_in_anonymous(http))

    async def _admit_stranger(
        self, ref: TenantRef, http: HttpRequest, snapshot: Snapshot
    ) -> Authenticated:
        """Admit one whose tenant the snapshot lacks: the controller may know it."""
        controller = self._controller
        name = ref.tenant or ref.subdomain or ref.host
        try:
            return self._admit(ref, http, snapshot)
        except TenantNotFound:
            if controller is None or not name or snapshot.tenant(name, own_ids=False) is not None:
                raise

        def look_up() -> bool:
            is_there = controller.look_up(name)
            if is_there:  # it may have been stored by another process
                self._control.poll()
            return is_there

        deadline = Deadline.after_ms(self._config.deadline_ms, time.monotonic)
        found = await self._readers.run(_CONTROLLER, deadline, lambda _: self._control.run(look_up))
        if not found:
            raise TenantNotFound
        return self._admit(ref, http, await self.snapshot())

    def _ref(self, http: HttpRequest) -> TenantRef:
        return tenant_ref(http.path, http.query, http.headers, self._config.tenant_domain)

    def _admit(self, ref: TenantRef, http: HttpRequest, snapshot: Snapshot) -> Authenticated:
        principal = self._principal(http, snapshot)
        anonymous = principal is None and self._lets_in_anonymous(http)
        # With a controller numbers are its customers' ids: ours would be somebody else.
        own_ids = self._controller is None
        found, caller = resolve(ref, principal, snapshot, anonymous=anonymous, own_ids=own_ids)
        return found, caller.in_role(wanted_role(http.headers))

    async def _with_keys(self, use: Callable[[], _T]) -> _T:
        """Return what `use` returns; a key that a token's issuer may have by now is asked for."""
        try:
            return use()
        except UnknownKey as error:
            keys = error.keys
        # A queue of its own: an issuer that answers late holds up no other.
        queue = Alias(f"issuer {keys.issuer}")
        deadline = Deadline.after_ms(self._config.deadline_ms, time.monotonic)
        await self._readers.run(queue, deadline, lambda _: keys.ask())
        return use()

    def _lets_in_anonymous(self, http: HttpRequest) -> bool:
        return self._config.demo and is_local(http)

    def _principal(self, http: HttpRequest, snapshot: Snapshot) -> Principal | None:
        now = dt.datetime.now(dt.UTC)
        return authenticate(self._authenticators, http.headers, snapshot, now)


def is_local(http: HttpRequest) -> bool:
    """Return whether the request comes from this machine itself.

    No proxy passed it on, it names this machine, and it comes from no page of another site. A
    proxy on this machine that adds no header, keeps no name of its own and isn't named in
    GATEWAY_TRUSTED_PROXIES can't be distinguished from a local caller.
    """
    if http.was_forwarded:
        return False
    origin = http.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != http.headers.get("host"):
        return False
    host = re.sub(r":\d+$", "", http.headers.get("host", ""))
    try:
        return ipaddress.ip_address(http.client or "").is_loopback and host in _LOCAL_NAMES
    except ValueError:
        return False


def _has_expired(principal: Principal) -> bool:
    return principal.expires_at is not None and principal.expires_at <= dt.datetime.now(dt.UTC)
