"""Tenants as lines of a file or rows of a table: put into the control database, again and again.

What is stored already and equal is left alone, so that nothing is dropped from any cache.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from dynamic_databases.allowed_configs import config_from_text, opened
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Baseline, Database
from tenants.models import SLUG, Environment, Tenant, TenantDatabase
from tenants.snapshot import DEFAULT_ENVIRONMENT


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
    default_environment: str = ""  # asked where a request names none; as it is where left out
    database: str = ""  # its name here; slug_environment where left out
    active: bool = True
    baseline: str = ""
    external_id: str | None = None  # the id that a controller knows it by
    template: Mapping[str, Any] | None = None  # configuration that the connection doesn't say

    @property
    def database_name(self) -> str:
        return self.database or f"{self.slug}_{self.environment}"


def upsert_tenant(record: TenantRecord) -> Outcome:
    """Add or change a tenant, its database and their attachment, all or nothing.

    Raises InvalidConfig, ValidationError or Baseline.DoesNotExist for what is refused.
    """
    with transaction.atomic():
        tenant, outcome = _store_tenant(record)
        outcomes = {outcome}
        if record.connection:
            database, stored = _store_database(record, tenant)
            outcomes |= {stored, _attach(tenant, database, record.environment)}
    if outcome is Outcome.ADDED:
        return Outcome.ADDED
    return Outcome.UNCHANGED if outcomes == {Outcome.UNCHANGED} else Outcome.CHANGED


def stored_states(external_ids: Sequence[str], environment: str) -> dict[str, Hashable]:
    """Return whatever could make `upsert_tenant` act on a controller's tenant: two queries."""
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
        for row in tenants
    }


def deactivate(external_ids: Sequence[str]) -> int:
    """Take tenants of a controller out of service; return how many were in it."""
    rows = list(Tenant.objects.filter(external_id__in=external_ids, active=True))
    for row in rows:
        row.active = False
        row.save()
    return len(rows)


def environment_named(name: str) -> Environment:
    """Return the environment of this name, added where there is none. Raises ValidationError.

    One that is there is not saved again: a changed environment makes all tenants be read again.
    """
    row = Environment.objects.filter(name=name).first()
    if row is None:
        row = Environment(name=name)
        row.full_clean()
        row.save()
    return row


def order_environments(names: Sequence[str]) -> None:
    """Put these environments first, in this order; the others keep theirs after them.

    Raises ValidationError for a name that is given twice or that no environment has.
    """
    rows = {row.name: row for row in Environment.objects.all()}
    unknown = [name for name in names if name not in rows]
    if unknown or len(set(names)) < len(names):
        known = ", ".join(rows) or "none"
        what = f"There is no environment {unknown[0]}" if unknown else "A name is given twice"
        raise ValidationError(f"{what}; there are: {known}.")
    ordered = [*names, *(name for name in rows if name not in names)]
    with transaction.atomic():
        for place, name in enumerate(ordered, 1):
            row = rows[name]
            if row.position != place * 10:
                row.position = place * 10
                row.save()


def _store_tenant(record: TenantRecord) -> tuple[Tenant, Outcome]:
    values: dict[str, Any] = {
        "name": record.name,
        "domains": list(record.domains),
        "active": record.active,
    }
    if record.external_id is None:
        row = Tenant.objects.filter(slug=record.slug).first()
    else:  # never by its slug: that may be one of ours, or another customer's
        row = Tenant.objects.filter(external_id=record.external_id).first()
        values["external_id"] = record.external_id
    # Of a controller's customers it is set once: operators may choose another one later.
    if record.default_environment and (row is None or record.external_id is None):
        values["default_environment"] = environment_named(record.default_environment)
    if row is None:
        row, outcome = Tenant(slug=_free_slug(record), **values), Outcome.ADDED
    else:
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return row, Outcome.UNCHANGED
        for name, value in changed.items():
            setattr(row, name, value)
        outcome = Outcome.CHANGED
    row.full_clean()
    row.save()
    return row, outcome


def _free_slug(record: TenantRecord) -> str:
    """Return the record's slug; for a controller's customer one of its id if that is taken."""
    if record.external_id is None or not Tenant.objects.filter(slug=record.slug).exists():
        return record.slug
    return slug_of_id(record.external_id)


def slug_of_id(key: str) -> str:
    """Return a slug that stands for a customer's id."""
    text = slugify(f"customer-{key}")
    if re.fullmatch(SLUG.regex, text):
        return text
    return f"customer-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _store_database(record: TenantRecord, tenant: Tenant) -> tuple[Database, Outcome]:
    config = {**(record.template or {}), **config_from_text(record.connection)}
    if record.template and "OPTIONS" in record.template:
        config["OPTIONS"] = {**record.template["OPTIONS"], **config.get("OPTIONS", {})}
    baseline = Baseline.objects.named(record.baseline) if record.baseline else None
    row = Database.objects.filter(name=record.database_name).first()
    if row is None:
        added = Database.objects.create(name=record.database_name, config=config, baseline=baseline)
        return added, Outcome.ADDED
    is_same = row.enabled and _is_stored(row, config)
    if is_same and (baseline is None or row.baseline_id == baseline.pk):
        return row, Outcome.UNCHANGED
    _check_is_own(row, tenant, record.environment)
    row.config, row.enabled, row.baseline = config, True, baseline or row.baseline
    row.secrets_given = True  # the whole configuration is
    row.save()
    return row, Outcome.CHANGED


def _check_is_own(row: Database, tenant: Tenant, environment: str) -> None:
    """Raise ValidationError for a database that others have: they would be led elsewhere with it.

    A slug that a tenant gave up still names its database.
    """
    own = Q(tenant=tenant, environment__name=environment)
    others = [str(one) for one in row.attachments.exclude(own).select_related()[:3]]
    if others:
        raise ValidationError(
            f"The database {row.name} is in use ({'; '.join(others)}), "
            "and another connection would be "
            "given to it: name a database of its own in the field database."
        )


def _is_stored(row: Database, config: Mapping[str, Any]) -> bool:
    given = opened(dict(config))
    try:
        return row.opened_config() == given
    except InvalidConfig:  # what is stored can't be used any more
        return False


def _attach(tenant: Tenant, database: Database, name: str) -> Outcome:
    environment = environment_named(name)
    row = TenantDatabase.objects.filter(tenant=tenant, environment=environment).first()
    if row is not None and row.database_id == database.pk:
        return Outcome.UNCHANGED
    row = row or TenantDatabase(tenant=tenant, environment=environment)
    row.database = database
    row.save()
    return Outcome.CHANGED
