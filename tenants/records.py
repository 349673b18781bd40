"""Tenants as lines of a file or rows of a table: put into the control database, again and again.

What is there already and equal is left alone, so that nothing is dropped from any cache.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from dynamic_databases.beside import in_turns
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Baseline, Database, config_from_text, opened
from tenants.models import DEFAULT_ENVIRONMENT, Environment, Tenant, TenantDatabase


class Outcome(StrEnum):
    """What became of a record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class TenantRecord:
    """One tenant with its database in one environment."""

    slug: str
    connection: str  # a URL or a SQL Server connection string
    name: str = ""
    domains: tuple[str, ...] = ()
    environment: str = DEFAULT_ENVIRONMENT
    database: str = ""  # its name here; slug_environment where left out
    active: bool = True
    baseline: str = ""
    external_id: str | None = None  # the id that a controller knows it by
    template: Mapping[str, Any] | None = None  # configuration that the connection doesn't say

    @property
    def database_name(self) -> str:
        return self.database or f"{self.slug}_{self.environment}"


def store(record: TenantRecord) -> Outcome:
    """Add or change a tenant, its database and their attachment, all or nothing.

    Raises InvalidConfig, ValidationError or Baseline.DoesNotExist for what is refused.
    """
    with transaction.atomic():
        outcomes = [
            _store_tenant(record),
            *([_store_database(record)] if record.connection else []),
        ]
        if record.connection:
            outcomes.append(_attach(record))
    if outcomes[0] is Outcome.ADDED:
        return Outcome.ADDED
    is_same = all(outcome is Outcome.UNCHANGED for outcome in outcomes)
    return Outcome.UNCHANGED if is_same else Outcome.CHANGED


def stored_states(external_ids: Sequence[str], environment: str) -> dict[str, Hashable]:
    """Return what differs whenever `store` might have something to do of a controller's tenant: two queries."""
    tenants = Tenant.objects.filter(external_id__in=external_ids)
    attached = TenantDatabase.objects.filter(
        tenant__external_id__in=external_ids, environment__name=environment
    )
    columns = ("tenant_id", "database_id", "database__revision", "database__name")
    databases = {row[0]: row for row in attached.values_list(*columns)}
    return {
        str(row.external_id): (
            row.name,
            tuple(row.domains or ()),
            row.active,
            databases.get(row.pk),
        )
        for row in in_turns(tenants)
    }


def deactivate(external_ids: Sequence[str]) -> int:
    """Take tenants of a controller out of service; return how many were in it."""
    rows = list(Tenant.objects.filter(external_id__in=external_ids, active=True))
    for row in rows:
        row.active = False
        row.save()
    return len(rows)


def _store_tenant(record: TenantRecord) -> Outcome:
    row = None
    if record.external_id is not None:
        row = Tenant.objects.filter(external_id=record.external_id).first()
    row = row or Tenant.objects.filter(slug=record.slug).first()
    values: dict[str, Any] = {"name": record.name, "domains": list(record.domains), "active": record.active}  # fmt: skip
    if record.external_id is not None:
        values["external_id"] = record.external_id
    if row is None:
        row = Tenant(slug=record.slug, **values)
        outcome = Outcome.ADDED
    else:
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return Outcome.UNCHANGED
        for name, value in changed.items():
            setattr(row, name, value)
        outcome = Outcome.CHANGED
    row.full_clean()
    row.save()
    return outcome


def _store_database(record: TenantRecord) -> Outcome:
    config = {**(record.template or {}), **config_from_text(record.connection)}
    if record.template and "OPTIONS" in record.template:
        config["OPTIONS"] = {**record.template["OPTIONS"], **config.get("OPTIONS", {})}
    baseline = Baseline.objects.named(record.baseline) if record.baseline else None
    row = Database.objects.filter(name=record.database_name).first()
    if row is None:
        Database.objects.create(name=record.database_name, config=config, baseline=baseline)
        return Outcome.ADDED
    is_same = row.enabled and _is_stored(row, config)
    if is_same and (baseline is None or row.baseline_id == baseline.pk):
        return Outcome.UNCHANGED
    row.config, row.enabled, row.baseline = config, True, baseline or row.baseline
    row.save()
    return Outcome.CHANGED


def _is_stored(row: Database, config: Mapping[str, Any]) -> bool:
    given = opened(dict(config))
    try:
        return row.opened_config() == given
    except InvalidConfig:  # what is stored can't be used any more
        return False


def _attach(record: TenantRecord) -> Outcome:
    environment = Environment.objects.filter(name=record.environment).first()
    if environment is None:
        environment = Environment(name=record.environment)
        environment.full_clean()
        environment.save()
    tenant = (
        Tenant.objects.get(external_id=record.external_id)
        if record.external_id is not None
        else Tenant.objects.get(slug=record.slug)
    )
    database = Database.objects.get(name=record.database_name)
    row = TenantDatabase.objects.filter(tenant=tenant, environment=environment).first()
    if row is not None and row.database_id == database.pk:
        return Outcome.UNCHANGED
    row = row or TenantDatabase(tenant=tenant, environment=environment)
    row.database = database
    row.save()
    return Outcome.CHANGED
