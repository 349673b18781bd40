"""Who is let in where: the tenant that a request names, its database, and as whom."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from dynamic_databases.invalidation import Invalidator
from dynamic_databases.thread_wrappers import close_unused
from gateway.conf import Config
from gateway.deadline import Deadline
from gateway.requests import HttpRequest
from gateway.workers import Workers
from schema.bounded import Bounded
from tenants.authentication.chain import Authenticator, authenticate
from tenants.controller import Controller
from tenants.directory import Directory
from tenants.errors import TenantNotFound, Unauthenticated
from tenants.principals import Principal
from tenants.resolution import ResolvedTenant, TenantRef, reachable, resolve, tenant_ref
from tenants.snapshot import DirectoryEntry, Snapshot

_T = TypeVar("_T")
Admitted = tuple[ResolvedTenant, Principal]
# All that decides, beside the tenant that is named, who is let in where.
_ADMITTING_HEADERS = (
    "authorization",
    "host",
    "x-forwarded-for",
    "forwarded",
)
_CONTROLLER = "controller"  # in the place of an alias: looking customers up is a queue of its own


class Admission:
    """Finds tenants and checks tokens; what it found counts as long as the directory's snapshot does."""

    def __init__(
        self,
        config: Config,
        directory: Directory,
        authenticators: Sequence[Authenticator],
        invalidator: Invalidator,
        controller: Controller | None,
        readers: Workers,
    ) -> None:
        self._config = config
        self._directory = directory
        self._authenticators = authenticators
        self._invalidator = invalidator
        self._controller = controller
        self._readers = readers
        self._admitted: Bounded[tuple[object, ...], tuple[Snapshot, Admitted]] = Bounded(
            config.admitted_entries
        )

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
            if self._directory.may_ask_again():
                await asyncio.to_thread(with_control_database, self._invalidator.poll_now)
            elif self._controller is None:
                raise
            snapshot = await self.snapshot()
            admitted = await self._admit_stranger(ref, http, snapshot)
        self._admitted.put(key, (snapshot, admitted))
        return admitted

    async def snapshot(self) -> Snapshot:
        """Return the tenants, tokens and roles as they are now."""
        if not self._directory.is_stale:
            return self._directory.snapshot
        return await asyncio.to_thread(with_control_database, self._directory.current)

    async def operator(self, http: HttpRequest) -> bool:
        """Return whether the request carries an operator's token."""
        principal = self._principal(http, await self.snapshot())
        return principal is not None and principal.tenant_pk is None

    async def reachable(self, http: HttpRequest) -> Iterator[tuple[DirectoryEntry, list[str]]]:
        """Return the tenants that the caller may enter, each with the environments. Raises Unauthenticated."""
        snapshot = await self.snapshot()
        principal = self._principal(http, snapshot)
        return reachable(principal, snapshot, anonymous=self._lets_in_anonymous(http))

    async def _admit_stranger(
        self, ref: TenantRef, http: HttpRequest, snapshot: Snapshot
    ) -> Admitted:
        """Admit one whose tenant the snapshot lacks: the controller may know it."""
        controller = self._controller
        name = ref.tenant or ref.host
        try:
            return self._admit(ref, http, snapshot)
        except TenantNotFound:
            if controller is None or not name or snapshot.tenant(name, own_ids=False) is not None:
                raise

        def look_up() -> bool:
            is_there = controller.look_up(name)
            if is_there:  # it may have been stored by another process
                self._invalidator.poll_now()
            return is_there

        deadline = Deadline.after_ms(self._config.deadline_ms, time.monotonic)
        found = await self._readers.run(_CONTROLLER, deadline, lambda _: with_control_database(look_up))  # fmt: skip
        if not found:
            raise TenantNotFound
        return self._admit(ref, http, await self.snapshot())

    def _admit(self, ref: TenantRef, http: HttpRequest, snapshot: Snapshot) -> Admitted:
        principal = self._principal(http, snapshot)
        anonymous = principal is None and self._lets_in_anonymous(http)
        # With a controller numbers are its customers' ids: ours would be somebody else.
        own_ids = self._controller is None
        return resolve(ref, principal, snapshot, anonymous=anonymous, own_ids=own_ids)

    def _lets_in_anonymous(self, http: HttpRequest) -> bool:
        return self._config.demo and is_local(http)

    def _principal(self, http: HttpRequest, snapshot: Snapshot) -> Principal | None:
        now = dt.datetime.now(dt.UTC)
        return authenticate(self._authenticators, http.headers, snapshot, now)


def with_control_database(work: Callable[[], _T]) -> _T:
    """Run `work` in a thread that no request of Django's owns: its connection is closed by us."""
    try:
        return work()
    finally:
        close_unused()


def is_local(http: HttpRequest) -> bool:
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


def _has_expired(principal: Principal) -> bool:
    return principal.expires_at is not None and principal.expires_at <= dt.datetime.now(dt.UTC)
