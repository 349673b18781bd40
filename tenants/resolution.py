"""Path, headers, token and host → `TenantRef` (pure) → the directory → an alias."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from dynamic_databases.aliases import Alias
from tenants.errors import EnvironmentUnavailable, TenantNotFound, Unauthenticated
from tenants.principals import ANONYMOUS, Principal
from tenants.snapshot import DirectoryEntry, Snapshot

_PATH = re.compile(r"/t/(?P<tenant>[^/]+)(?:/(?P<environment>[^/]+))?/(?P<document>[^/]+)")
_COMMON = "/common/"
_PORT = re.compile(r":\d*$")


@dataclass(frozen=True)
class TenantRef:
    """The tenant and environment that a request names; None where it names none.

    `subdomain` is the name before the gateway's own domain, `host` the whole name of the host;
    they count last.
    """

    tenant: str | None
    environment: str | None
    host: str
    subdomain: str = ""


@dataclass(frozen=True)
class ResolvedTenant:
    """The tenant and database that a request goes to."""

    tenant: DirectoryEntry
    environment: str
    alias: Alias


def tenant_ref(
    path: str, query: str, headers: Mapping[str, str], tenant_domain: str = ""
) -> TenantRef:
    """Return what a request names: the path counts before the headers, `?env=` after them.

    The documents at `/common/` have no tenant in their path: there `?tenant=` stands for it.
    `tenant_domain` is the domain below which each tenant has a host, such as `gw.example.com`.
    """
    match = _PATH.fullmatch(path)
    in_path = match.groupdict() if match else {}
    in_query = parse_qs(query) if query else {}
    environment = (
        in_path.get("environment") or headers.get("x-environment") or in_query.get("env", [None])[0]
    )
    common = in_query.get("tenant", [None])[0] if path.startswith(_COMMON) else None
    host = _PORT.sub("", headers.get("host", "")).lower().removesuffix(".")
    return TenantRef(
        in_path.get("tenant") or common or headers.get("x-tenant") or None,
        environment or None,
        host,
        _subdomain(host, tenant_domain) if tenant_domain else "",
    )


def resolve(
    ref: TenantRef,
    principal: Principal | None,
    snapshot: Snapshot,
    *,
    anonymous: bool,
    own_ids: bool = True,
) -> tuple[ResolvedTenant, Principal]:
    """Return the database that `principal` reaches by `ref`, and as whom.

    `own_ids` says whether a number is the id of one of our tenants, `anonymous` whether a tenant's
    anonymous role counts on this connection. Raises Unauthenticated where there is neither a
    principal nor such a role, whether the tenant exists or not; TenantNotFound where the tenant is
    unknown, inactive or not theirs, or there is no such environment; EnvironmentUnavailable where
    the tenant has no database in service in it.
    """
    entry = _entry(ref, principal, snapshot, own_ids)
    if principal is None:
        if not anonymous or (entry is not None and not entry.anonymous_role):
            raise Unauthenticated
        principal = Principal(ANONYMOUS, entry.anonymous_role if entry else "")
    if entry is None:
        raise TenantNotFound
    environment = ref.environment or principal.environment or entry.default_environment
    if not principal.may_enter(entry.pk, environment):
        raise TenantNotFound
    alias = entry.environments.get(environment)
    if alias is None:
        if _is_known(environment, entry, principal, snapshot):
            raise EnvironmentUnavailable(entry.slug, environment)
        raise TenantNotFound
    return ResolvedTenant(entry, environment, alias), principal


def login_target(
    tenant: str, environment: str | None, snapshot: Snapshot, *, own_ids: bool = True
) -> ResolvedTenant | None:
    """Return the database whose people log in; None where there is no such tenant or environment.

    Without an environment it is the tenant's default one. Raises EnvironmentUnavailable where that
    has no database in service.
    """
    entry = snapshot.tenant(tenant, own_ids=own_ids)
    if entry is None:
        return None
    environment = environment or entry.default_environment
    alias = entry.environments.get(environment)
    if alias is None:
        if environment in (entry.default_environment, *entry.disabled):
            raise EnvironmentUnavailable(entry.slug, environment)
        return None
    return ResolvedTenant(entry, environment, alias)


def _is_known(
    environment: str, entry: DirectoryEntry, principal: Principal, snapshot: Snapshot
) -> bool:
    """Return whether the caller may learn that the tenant has no database in service there.

    A tenant that has nothing in an operator's only environment isn't theirs: it answers as unknown.
    """
    if environment in entry.disabled:
        return True
    is_bound_operator = principal.is_operator and principal.environment is not None
    return not is_bound_operator and environment in (
        entry.default_environment,
        *snapshot.environments,
    )


def reachable(
    principal: Principal | None, snapshot: Snapshot, *, anonymous: bool
) -> Iterator[tuple[DirectoryEntry, list[str]]]:
    """Yield each tenant that `resolve` would let the caller enter, with the environments."""
    own = principal.tenant_pks if principal is not None else None
    entries = (
        snapshot.tenants if own is None else filter(None, map(snapshot.tenant_of_pk, sorted(own)))
    )
    for entry in entries:
        as_whom = principal
        if as_whom is None and anonymous and entry.anonymous_role:
            as_whom = Principal(ANONYMOUS, entry.anonymous_role)
        if as_whom is not None:
            found = [name for name in entry.environments if as_whom.may_enter(entry.pk, name)]
            if found:
                yield entry, found


def _entry(
    ref: TenantRef, principal: Principal | None, snapshot: Snapshot, own_ids: bool
) -> DirectoryEntry | None:
    if ref.tenant is not None:
        return snapshot.tenant(ref.tenant, own_ids=own_ids)
    if principal is not None and principal.tenant_pks is not None and len(principal.tenant_pks) < 2:
        own = next(iter(principal.tenant_pks), None)
        return snapshot.tenant_of_pk(own) if own is not None else None
    found = snapshot.tenant_of_subdomain(ref.subdomain, own_ids=own_ids) if ref.subdomain else None
    return found or snapshot.tenant_of_domain(ref.host)


def _subdomain(host: str, tenant_domain: str) -> str:
    """Return the one label before the domain; "" for any other host."""
    label, dot, rest = host.partition(".")
    return label if dot and rest == tenant_domain else ""
