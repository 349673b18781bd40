"""Rows of the control tables → values of the snapshot: all of them, or those that changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Model, Q

from dynamic_databases.aliases import Alias
from dynamic_databases.change_log import Change
from dynamic_databases.concurrency.garbage_collection import gc_paused
from dynamic_databases.models import Database
from tenants.domains import check_domains
from tenants.limits import TenantLimits, check_limits
from tenants.models import ApiToken, Environment, Role, TablePermission, Tenant, TenantDatabase
from tenants.roles import (
    ROLE_LIMITS,
    BadGrants,
    check_inherits,
    check_role_limits,
    read_grants,
)
from tenants.session_variables import Variables, check_variables
from tenants.snapshot import DirectoryEntry, Permission, RoleRecord, Snapshot, TokenRecord

_log = logging.getLogger("tenants.snapshot_loader")
AliasOf = Callable[[int], Alias]  # of a database's key
_AT_ONCE = 500  # rows that are read by their keys; of more all are read
TRACKED: tuple[type[Model], ...] = (
    Tenant,
    TenantDatabase,
    Environment,
    ApiToken,
    Role,
    TablePermission,
)


def read_all(alias_of: AliasOf) -> Snapshot:
    """Return the state of the control tables, with queries."""
    with gc_paused():
        entries, tokens = list(_entries(alias_of, None)), _tokens(None)
        stages = Environment.objects.values_list("name", flat=True)
        state = Snapshot().with_environments(stages).with_tenants((), entries)
        return state.with_tokens((), tokens).with_roles(_roles())


def read_changed(before: Snapshot, changes: Sequence[Change], alias_of: AliasOf) -> Snapshot:
    """Return the state `before` with `changes` applied; queries read only the rows they name."""
    models: tuple[type[Model], ...] = (*TRACKED, Database)
    keys = {model: _keys(changes, model) for model in models}
    if keys[Environment] or sum(map(len, keys.values())) > _AT_ONCE:
        return read_all(alias_of)
    tenants = keys[Tenant] | _attached(before, keys[TenantDatabase], keys[Database])
    if len(tenants) > _AT_ONCE:  # many may have one database
        return read_all(alias_of)
    after = before
    if tenants:
        after = after.with_tenants(tenants, list(_entries(alias_of, tenants)))
    if keys[ApiToken]:
        after = after.with_tokens(keys[ApiToken], _tokens(keys[ApiToken]))
    if keys[Role] or keys[TablePermission]:
        after = after.with_roles(_roles())
    return after


def _keys(changes: Sequence[Change], model: type[Model]) -> set[int]:
    return {change.key for change in changes if change.what == model._meta.label_lower}


def _attached(before: Snapshot, attachments: set[int], databases: set[int]) -> set[int]:
    """Return the tenants of these attachments, now or before, and of these databases."""
    if not attachments and not databases:
        return set()
    rows = TenantDatabase.objects.filter(Q(pk__in=attachments) | Q(database_id__in=databases))
    were = {before.tenant_of_attachment.get(key) for key in attachments}
    return {key for key in were if key is not None} | set(rows.values_list("tenant_id", flat=True))


def _entries(alias_of: AliasOf, keys: Collection[int] | None) -> Iterator[DirectoryEntry]:
    """Yield all active tenants, or those of `keys`."""
    attachments = TenantDatabase.objects.all()
    tenants = Tenant.objects.filter(active=True).select_related("default_environment").order_by()
    if keys is not None:
        attachments, tenants = attachments.filter(tenant_id__in=keys), tenants.filter(pk__in=keys)
    aliases: dict[int, dict[str, Alias]] = {}
    rows_of: dict[int, list[int]] = {}
    disabled: dict[int, list[str]] = {}
    columns = ("pk", "tenant_id", "environment__name", "database_id", "database__enabled")
    ordered = attachments.order_by("environment__position", "environment__name")
    for pk, tenant_pk, environment, database_pk, enabled in ordered.values_list(*columns):
        if enabled:
            aliases.setdefault(tenant_pk, {})[environment] = alias_of(database_pk)
        else:
            disabled.setdefault(tenant_pk, []).append(environment)
        rows_of.setdefault(tenant_pk, []).append(pk)
    for row in tenants:
        yield DirectoryEntry(
            row.pk,
            row.slug,
            row.name,
            row.anonymous_role,
            aliases.get(row.pk, {}),
            _limits(row),
            _domains(row),
            row.external_id.lower() if row.external_id is not None else None,
            tuple(rows_of.get(row.pk, ())),
            row.default_stage,
            tuple(disabled.get(row.pk, ())),
        )


def _domains(row: Tenant) -> tuple[str, ...]:
    """Return a tenant's domain names, each once; none if they are no list, which harms only it."""
    try:
        check_domains(row.domains)
    except ValueError as error:
        _log.warning("a tenant's domain names are left out: %s: %s", row.slug, error)
        return ()
    return tuple({domain.lower(): None for domain in row.domains})


def _limits(row: Tenant) -> TenantLimits:
    """Return a tenant's own limits, without those that can't be read, which harm only it."""
    try:
        return check_limits(row.limits)
    except ValueError as error:
        _log.warning("a tenant's limits are left out: %s: %s", row.slug, error)
        return ()


def _tokens(keys: Collection[int] | None) -> list[tuple[int, str, TokenRecord]]:
    """Return all tokens that are not revoked, or those of `keys`."""
    names = dict(Environment.objects.values_list("pk", "name"))
    rows = ApiToken.objects.filter(revoked_at=None)
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    return [
        (
            row.pk,
            row.digest,
            TokenRecord(
                row.prefix,
                row.tenant_id,
                names[row.environment_id] if row.environment_id else None,
                row.role,
                row.expires_at,
                _variables(row),
            ),
        )
        for row in rows
    ]


def _variables(row: ApiToken) -> Variables:
    """Return a token's session variables; none if they can't be read, which harms only it."""
    try:
        return check_variables(row.variables)
    except ValueError as error:
        _log.warning("a token's session variables are left out: %s: %s", row.prefix, error)
        return ()


def _roles() -> Mapping[str, RoleRecord]:
    return {
        role.name: RoleRecord(
            tuple(
                Permission(
                    row.table,
                    _columns(row.select_columns),
                    _columns(row.insert_columns),
                    _columns(row.update_columns),
                    row.can_delete,
                    _grants(role, row),
                )
                for row in role.permissions.all()
            ),
            _inherits(role),
            _role_limits(role),
        )
        for role in Role.objects.prefetch_related("permissions")
    }


def _inherits(role: Role) -> tuple[str, ...]:
    """Return the roles that one inherits from; none if they can't be read, which harms only it."""
    try:
        return check_inherits(role.inherits or ())
    except BadGrants as error:
        _log.warning("what a role inherits is left out: %s: %s", role, error)
        return ()


def _role_limits(role: Role) -> TenantLimits:
    """Return a role's limits. Those that can't be read let nothing through: each is the least."""
    try:
        return check_role_limits(role.limits or {})
    except BadGrants as error:
        _log.warning("a role's limits can't be read, the lowest count: %s: %s", role, error)
        return tuple((name, 1) for name in sorted(ROLE_LIMITS))


def _grants(role: Role, row: TablePermission) -> str:
    """Return the JSON text of a row's grants; those that can't be read permit nothing."""
    if row.grants is None:
        return ""
    try:
        return read_grants(row.grants).text
    except BadGrants as error:
        _log.warning("a role's permission permits nothing: %s: %s: %s", role, row.table, error)
        return "{}"


def _columns(value: Any) -> frozenset[str] | None:
    return None if value is None else frozenset(str(name) for name in value)
