"""All tenants, tokens and roles of this process as one immutable snapshot.

Look-ups by slug, id, domain or token are dictionary look-ups: no query on the way of a request.
The snapshot is replaced as a whole when the control database's revision grows.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.db.models import Q

from dynamic_databases.active import Alias
from dynamic_databases.beside import giving_way, in_turns
from tenants.limits import TenantLimits, check_limits
from tenants.models import DEFAULT_ENVIRONMENT, ApiToken, Environment, Role, Tenant, TenantDatabase

if TYPE_CHECKING:
    from tenants.apps import TenantsConfig

_log = logging.getLogger("tenants.directory")
_RESTS_SECONDS = 0.3  # behind the requests: what was revoked elsewhere is let in meanwhile


@dataclass(frozen=True)
class DirectoryEntry:
    """One active tenant and the alias of its database in each environment."""

    pk: int
    slug: str
    name: str
    anonymous_role: str
    environments: Mapping[str, Alias]
    limits: TenantLimits = ()

    @property
    def default_environment(self) -> str:
        """Production where the tenant has it, else its first."""
        if DEFAULT_ENVIRONMENT in self.environments:
            return DEFAULT_ENVIRONMENT
        return next(iter(self.environments), DEFAULT_ENVIRONMENT)


@dataclass(frozen=True)
class TokenRecord:
    """What a token opens, by its hash."""

    prefix: str
    tenant_pk: int | None  # None: every tenant
    environment: str | None
    role: str
    expires_at: dt.datetime | None


@dataclass(frozen=True)
class Permission:
    """One row of `TablePermission` as a value; None: not permitted."""

    table: str
    select: frozenset[str] | None
    insert: frozenset[str] | None
    update: frozenset[str] | None
    delete: bool


@dataclass(frozen=True)
class Snapshot:
    """One state of the control tables."""

    tenants: tuple[DirectoryEntry, ...] = ()
    by_name: Mapping[str, DirectoryEntry] = field(default_factory=dict)
    by_pk: Mapping[int, DirectoryEntry] = field(default_factory=dict)
    tokens: Mapping[str, TokenRecord] = field(default_factory=dict)
    roles: Mapping[str, tuple[Permission, ...]] = field(default_factory=dict)

    def tenant(self, name: str) -> DirectoryEntry | None:
        """Return the active tenant of this slug, numeric id or domain name."""
        return self.by_name.get(name.lower())

    def tenant_of_pk(self, pk: int) -> DirectoryEntry | None:
        return self.by_pk.get(pk)


class Directory:
    """The owner of the current snapshot."""

    _MISS_SECONDS = 0.2  # how often an unknown name may cost a query

    def __init__(self, alias_prefix: str) -> None:
        self._alias_prefix = alias_prefix
        self._lock = threading.Lock()
        self._version = 1  # grows with every change
        self._loaded_version = 0  # of the snapshot
        self._next_miss = 0.0
        self.snapshot = Snapshot()

    def invalidate(self) -> None:
        """Have the snapshot read anew before anybody uses it."""
        self._version += 1

    def follow(self) -> None:
        """Read the snapshot anew in this thread, with queries; who asks meanwhile gets the former one."""
        if not self._loaded_version:
            return
        version = self._version
        try:
            with giving_way(at_most_seconds=_RESTS_SECONDS):
                snapshot = _read_snapshot(self._alias_prefix)
        except BaseException:
            self.invalidate()  # the change must not be missed
            raise
        with self._lock:
            if self._loaded_version <= version:
                self.snapshot, self._loaded_version = snapshot, version

    @property
    def is_stale(self) -> bool:
        return self._loaded_version != self._version

    def current(self) -> Snapshot:
        """Return the snapshot, read anew (with queries) where it is stale; others wait for the read."""
        with self._lock:
            if self.is_stale:
                version = self._version  # before the read: a change during it counts again
                self.snapshot = _read_snapshot(self._alias_prefix)
                self._loaded_version = version
        return self.snapshot

    def may_ask_again(self) -> bool:
        """Return whether an unknown name may be looked for in the control database now."""
        now = time.monotonic()
        if now < self._next_miss:
            return False
        self._next_miss = now + self._MISS_SECONDS
        return True


def process_directory() -> Directory:
    """Return this process's directory, which the app made when it got ready."""
    return cast("TenantsConfig", apps.get_app_config("tenants")).directory


def _read_snapshot(alias_prefix: str) -> Snapshot:
    aliases: dict[int, dict[str, Alias]] = {}
    attachments = TenantDatabase.objects.filter(database__enabled=True).order_by(
        "environment__position", "environment__name"
    )
    columns = ("tenant_id", "environment__name", "database_id")
    for tenant_pk, environment, database_pk in in_turns(attachments.values_list(*columns)):
        aliases.setdefault(tenant_pk, {})[environment] = Alias(f"{alias_prefix}{database_pk}")
    tenants: list[DirectoryEntry] = []
    by_name: dict[str, DirectoryEntry] = {}
    by_pk: dict[int, DirectoryEntry] = {}
    for row in in_turns(Tenant.objects.filter(active=True)):
        entry = DirectoryEntry(
            row.pk,
            row.slug,
            row.name,
            row.anonymous_role,
            aliases.get(row.pk, {}),
            _limits(row),
        )
        tenants.append(entry)
        for domain in row.domains or []:
            by_name[str(domain).lower()] = entry
        by_name[row.slug] = entry
        # A controller's customers go by its own ids, which come before ours.
        if row.external_id is not None:
            by_name[row.external_id.lower()] = entry
        else:
            by_name.setdefault(str(row.pk), entry)
        by_pk[row.pk] = entry
    return Snapshot(tuple(tenants), by_name, by_pk, _tokens(), _roles())


def _limits(row: Tenant) -> TenantLimits:
    """Return a tenant's own limits; those that can't be read are left out: they concern nobody else."""
    try:
        return check_limits(row.limits)
    except ValueError as error:
        _log.warning("a tenant's limits are left out: %s: %s", row.slug, error)
        return ()


def _tokens() -> dict[str, TokenRecord]:
    names = dict(Environment.objects.values_list("pk", "name"))
    of_whom = Q(tenant__active=True) | Q(tenant=None)
    rows = ApiToken.objects.filter(of_whom, revoked_at=None)
    return {
        row.digest: TokenRecord(
            row.prefix,
            row.tenant_id,
            names[row.environment_id] if row.environment_id else None,
            row.role,
            row.expires_at,
        )
        for row in in_turns(rows)
    }


def _roles() -> dict[str, tuple[Permission, ...]]:
    return {
        role.name: tuple(
            Permission(
                row.table,
                _columns(row.select_columns),
                _columns(row.insert_columns),
                _columns(row.update_columns),
                row.can_delete,
            )
            for row in role.permissions.all()
        )
        for role in Role.objects.prefetch_related("permissions")
    }


def _columns(value: Any) -> frozenset[str] | None:
    return None if value is None else frozenset(str(name) for name in value)
