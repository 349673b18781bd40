"""Rows of the control tables → values of the snapshot: all of them, or those that changed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Model, Q

from dynamic_databases.active import Alias
from dynamic_databases.beside import in_turns, uncollected
from dynamic_databases.models import Database
from dynamic_databases.revisions import Change
from tenants.limits import TenantLimits, check_limits
from tenants.models import ApiToken, Environment, Role, TablePermission, Tenant, TenantDatabase
from tenants.snapshot import DirectoryEntry, Permission, Snapshot, TokenRecord

_log = logging.getLogger("tenants.rows")
_AT_ONCE = 500  # rows that are read by their keys; of more all are read
FOLLOWED: tuple[type[Model], ...] = (Tenant, TenantDatabase, Environment, ApiToken, Role, TablePermission)  # fmt: skip


def read_all(alias_prefix: str) -> Snapshot:
    """Return the state of the control tables, with queries."""
    with uncollected():
        entries, tokens = list(_entries(alias_prefix, None)), _tokens(None)
        return Snapshot().with_tenants((), entries).with_tokens((), tokens).with_roles(_roles())


def read_changed(before: Snapshot, changes: Sequence[Change], alias_prefix: str) -> Snapshot:
    """Return the state after `changes` of what was `before`, with queries of the rows that they name."""
    models: tuple[type[Model], ...] = (*FOLLOWED, Database)
    keys = {model: _keys(changes, model) for model in models}
    if keys[Environment] or sum(map(len, keys.values())) > _AT_ONCE:
        return read_all(alias_prefix)
    tenants = keys[Tenant] | _attached(before, keys[TenantDatabase], keys[Database])
    if len(tenants) > _AT_ONCE:  # many may have one database
        return read_all(alias_prefix)
    after = before
    if tenants:
        after = after.with_tenants(tenants, list(_entries(alias_prefix, tenants)))
    if keys[ApiToken]:
        after = after.with_tokens(keys[ApiToken], _tokens(keys[ApiToken]))
    if keys[Role] or keys[TablePermission]:
        after = after.with_roles(_roles())
    return after


def _keys(changes: Sequence[Change], model: type[Model]) -> set[int]:
    return {change.key for change in changes if change.what == model._meta.label_lower}


def _attached(before: Snapshot, attachments: set[int], databases: set[int]) -> set[int]:
    """Return the tenants that these attachments are or were of, and those that have these databases."""
    if not attachments and not databases:
        return set()
    rows = TenantDatabase.objects.filter(Q(pk__in=attachments) | Q(database_id__in=databases))
    were = {before.tenant_of_attachment.get(key) for key in attachments}
    return {key for key in were if key is not None} | set(rows.values_list("tenant_id", flat=True))


def _entries(alias_prefix: str, keys: Collection[int] | None) -> Iterator[DirectoryEntry]:
    """Yield all active tenants, or those of `keys`."""
    attachments = TenantDatabase.objects.filter(database__enabled=True)
    tenants = Tenant.objects.filter(active=True).order_by()
    if keys is not None:
        attachments, tenants = attachments.filter(tenant_id__in=keys), tenants.filter(pk__in=keys)
    aliases: dict[int, dict[str, Alias]] = {}
    rows_of: dict[int, list[int]] = {}
    columns = ("pk", "tenant_id", "environment__name", "database_id")
    ordered = attachments.order_by("environment__position", "environment__name")
    for pk, tenant_pk, environment, database_pk in in_turns(ordered.values_list(*columns)):
        aliases.setdefault(tenant_pk, {})[environment] = Alias(f"{alias_prefix}{database_pk}")
        rows_of.setdefault(tenant_pk, []).append(pk)
    for row in in_turns(tenants):
        yield DirectoryEntry(
            row.pk,
            row.slug,
            row.name,
            row.anonymous_role,
            aliases.get(row.pk, {}),
            _limits(row),
            tuple({str(domain).lower(): None for domain in row.domains or ()}),
            row.external_id.lower() if row.external_id is not None else None,
            tuple(rows_of.get(row.pk, ())),
        )


def _limits(row: Tenant) -> TenantLimits:
    """Return a tenant's own limits; those that can't be read are left out: they concern nobody else."""
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
            ),
        )
        for row in in_turns(rows)
    ]


def _roles() -> Mapping[str, tuple[Permission, ...]]:
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
