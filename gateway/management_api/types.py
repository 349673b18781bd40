"""What the management schema tells of databases, baselines, tenants and changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import graphene
from django.db.models import Prefetch, prefetch_related_objects
from graphene.types.generic import GenericScalar

from dynamic_databases.aliases import Alias
from dynamic_databases.catalog.diff import dynamic_columns
from dynamic_databases.catalog.types import Column, Table
from dynamic_databases.models import Baseline, ColumnChange, Database
from dynamic_databases.process import process_registry
from gateway.management_api.caller import Caller
from gateway.management_api.rules import ATTACHMENTS, CHANGES
from tenants.models import Tenant, TenantDatabase


class ManagedColumn(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """A column of a table."""

    name = graphene.String(required=True)
    type = graphene.String(required=True, description="As the database spells it.")
    nullable = graphene.Boolean(required=True)
    dynamic = graphene.Boolean(required=True, description="The baseline lacks it.")


class ManagedTable(graphene.ObjectType):  # type: ignore[misc]
    """A table or view."""

    name = graphene.String(required=True)
    columns = graphene.List(graphene.NonNull(ManagedColumn), required=True)


class ManagedChange(graphene.ObjectType):  # type: ignore[misc]
    """A change of a table's columns."""

    id = graphene.ID(required=True)
    database = graphene.String(required=True)
    action = graphene.String(required=True)
    table = graphene.String(required=True)
    column = graphene.String(required=True)
    who = graphene.String(required=True)
    at = graphene.DateTime(required=True)
    before = GenericScalar(description="The column as it was; null where there was none.")
    after = GenericScalar(description="The column as it is to be; null where it goes.")
    state = graphene.String(required=True, description="started, done or failed")
    error = graphene.String()


class ManagedDatabase(graphene.ObjectType):  # type: ignore[misc]
    """A registered database; no secret is shown."""

    name = graphene.String(required=True)
    alias = graphene.String(required=True)
    enabled = graphene.Boolean(required=True)
    config = GenericScalar(required=True)
    replicas = GenericScalar(required=True, description="What differs from config in each.")
    baseline = graphene.String()
    tables = graphene.List(graphene.NonNull(ManagedTable), required=True)
    version = graphene.String(required=True, description="Differs when the catalog does.")
    changes = graphene.List(
        graphene.NonNull(ManagedChange), required=True, limit=graphene.Int(default_value=50)
    )

    @staticmethod
    def resolve_alias(row: Database, _info: Any) -> Alias:
        return row.label

    @staticmethod
    def resolve_config(row: Database, info: Any) -> dict[str, Any]:
        caller: Caller = info.context.caller
        shown = row.shown_config()
        # Hosts and users are the operators' own.
        return shown if caller.tenant_pk is None else {"ENGINE": shown.get("ENGINE")}

    @staticmethod
    def resolve_replicas(row: Database, info: Any) -> list[dict[str, Any]]:
        caller: Caller = info.context.caller
        return row.shown_replicas() if caller.tenant_pk is None else []

    @staticmethod
    def resolve_baseline(row: Database, _info: Any) -> str | None:
        return str(row.baseline) if row.baseline else None

    @staticmethod
    def resolve_version(row: Database, _info: Any) -> str:
        return process_registry().entry(row.label).fingerprint[:16]

    @staticmethod
    def resolve_tables(row: Database, _info: Any) -> list[dict[str, Any]]:
        baseline = row.baseline.catalog if row.baseline else None
        return [
            {"name": str(table.name), "columns": _columns(table, dynamic_columns(table, baseline))}
            for table in row.catalog().tables
        ]

    @staticmethod
    def resolve_changes(row: Database, info: Any, limit: int) -> list[dict[str, Any]]:
        info.context.caller.check_permissions(CHANGES)
        return [
            change_fields(line)
            for line in ColumnChange.objects.filter(database=row)[: max(limit, 0)]
        ]


class ManagedBaseline(graphene.ObjectType):  # type: ignore[misc]
    """A stored catalog."""

    name = graphene.String(required=True)
    version = graphene.Int(required=True)
    label = graphene.String(required=True, description="name@version")
    tables = graphene.Int(required=True)

    @staticmethod
    def resolve_label(row: Baseline, _info: Any) -> str:
        return str(row)

    @staticmethod
    def resolve_tables(row: Baseline, _info: Any) -> int:
        return len(row.catalog.tables)


class ManagedAttachment(graphene.ObjectType):  # type: ignore[misc]
    """The database of a tenant in an environment."""

    environment = graphene.String(required=True)
    database = graphene.String(required=True)


def attachments_of(caller: Caller) -> Prefetch[Any]:
    """Return what reads all tenants' attachments at once, those that the caller may see."""
    rows = caller.attachments().select_related("environment", "database")
    rows = rows.only("tenant_id", "environment__name", "database__name")
    order = ("environment__position", "environment__name")
    return Prefetch("attachments", rows.order_by(*order), to_attr="shown_attachments")


class ManagedTenant(graphene.ObjectType):  # type: ignore[misc]
    """A tenant."""

    slug = graphene.String(required=True)
    name = graphene.String(required=True)
    active = graphene.Boolean(required=True)
    domains = graphene.List(graphene.NonNull(graphene.String), required=True)
    default_environment = graphene.String(
        description="Asked where a request names none; null where it isn't the token's."
    )
    databases = graphene.List(graphene.NonNull(ManagedAttachment), required=True)

    @staticmethod
    def resolve_default_environment(row: Tenant, info: Any) -> str | None:
        caller: Caller = info.context.caller
        stage = row.default_stage
        return stage if caller.environment in (None, stage) else None

    @staticmethod
    def resolve_databases(row: Tenant, info: Any) -> list[dict[str, str]]:
        caller: Caller = info.context.caller
        caller.check_permissions(ATTACHMENTS)
        if not hasattr(row, "shown_attachments"):
            prefetch_related_objects([row], attachments_of(caller))
        rows: list[TenantDatabase] = row.shown_attachments  # type: ignore[attr-defined]  # prefetched
        return [{"environment": a.environment.name, "database": a.database.name} for a in rows]


def change_fields(line: ColumnChange) -> dict[str, Any]:
    """Return a line of the log as its type shows it."""
    return {
        "id": line.pk,
        "database": line.database_name,
        "action": line.action,
        "table": line.table,
        "column": line.column,
        "who": line.who,
        "at": line.started_at,
        "before": line.before,
        "after": line.after,
        "state": line.state,
        "error": line.error or None,
    }


def _columns(table: Table, dynamic: Iterable[str]) -> list[dict[str, Any]]:
    beyond = set(dynamic)
    return [_column(column, dynamic=column.name in beyond) for column in table.columns]


def _column(column: Column, *, dynamic: bool) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type.name,
        "nullable": column.nullable,
        "dynamic": dynamic,
    }
