"""Roles on the databases of tenants: what they name wrongly, and what they see there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings

from dynamic_databases.aliases import Alias
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.process import process_registry
from gateway.access import access_of
from gateway.limits import limits_of
from gateway.reports.role_check import Explanation, explain, problems_of
from tenants.process import process_directory
from tenants.session_variables import check_variables
from tenants.snapshot import DirectoryEntry, Snapshot

_Place = tuple[DirectoryEntry, str, Alias]


def check_roles(
    roles: Sequence[str], tenants: Sequence[str] | None, environment: str | None
) -> tuple[int, list[dict[str, str]]]:
    """Return how many databases were checked, and what roles name that these don't have.

    `tenants` and `environment` are those to look at: all where they are None. Raises LookupError
    where there is none.
    """
    snapshot = process_directory().current()
    places = list(_places(snapshot, tenants, environment))
    if not places:
        raise LookupError("No tenant has a database there: nothing was checked.")
    found = [
        line
        for tenant, stage, alias in places
        for line in _problems(f"{tenant.slug}/{stage}", alias, roles, snapshot)
    ]
    return len(places), found


def explain_role(
    role: str, table: str, tenant: str, environment: str | None, session: Mapping[str, str]
) -> Explanation:
    """Return what a role sees of a tenant's table; `session` are variables, as user-id=7.

    Raises LookupError, UnknownRole, OperationProblem, and ValueError for a bad variable.
    """
    snapshot = process_directory().current()
    entry, stage, alias = _place(snapshot, tenant, environment)
    full = {n if n.lower().startswith("x-") else f"X-Gateway-{n}": v for n, v in session.items()}
    return explain(
        process_registry().entry(alias),
        access_of(role, snapshot.roles),
        settings.GATEWAY.names,
        limits_of(settings.GATEWAY),
        table,
        dict(check_variables(full))
        | {
            "x-gateway-tenant": entry.slug,
            "x-gateway-environment": stage,
            "x-gateway-role": role,
        },
    )


def _places(snapshot: Snapshot, names: Sequence[str] | None, stage: str | None) -> Iterator[_Place]:
    """Yield the databases of these tenants, or of all. Raises LookupError."""
    entries = snapshot.tenants if names is None else [snapshot.tenant(name) for name in names]
    for entry in entries:
        if entry is None:
            raise LookupError(f"There is no active tenant called {', '.join(names or ())}.")
        for environment, alias in entry.environments.items():
            if stage in (None, environment):
                yield entry, environment, alias


def _place(snapshot: Snapshot, name: str, stage: str | None) -> _Place:
    """Return a tenant's database in an environment, or in its default. Raises LookupError."""
    for place in _places(snapshot, [name], stage):
        if stage is not None or place[1] == place[0].default_environment:
            return place
    raise LookupError(f"{name} has no database in {stage or 'its default environment'}.")


def _problems(
    place: str, alias: Alias, roles: Sequence[str], snapshot: Snapshot
) -> Iterator[dict[str, Any]]:
    try:
        entry = process_registry().refresh(alias)
    except DatabaseProblem as error:
        yield {"place": place, "role": "", "table": "", "problem": str(error)}
        return
    for role in roles:
        for one in problems_of(entry, access_of(role, snapshot.roles), settings.GATEWAY.names):
            yield {"place": place, "role": role, "table": one.table, "problem": one.text}
