"""What the management schema tells of databases, baselines, tenants and changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import graphene
from django.db.models import Prefetch
from graphene.types.generic import GenericScalar

from dynamic_databases.catalog.compare import dynamic_columns
from dynamic_databases.catalog.types import Column, Table
from dynamic_databases.models import Baseline, ColumnChange, Database
from dynamic_databases.registry import process_registry
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
    baseline = graphene.String()
    tables = graphene.List(graphene.NonNull(ManagedTable), required=True)
    version = graphene.String(required=True, description="Differs when the catalog does.")
    changes = graphene.List(
        graphene.NonNull(ManagedChange), required=True, limit=graphene.Int(default_value=50)
    )

    @staticmethod
    def resolve_alias(row: Database, _info: Any) -> str:
        return row.label

    @staticmethod
    def resolve_config(row: Database, _info: Any) -> dict[str, Any]:
        return row.shown_config()

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
    def resolve_changes(row: Database, _info: Any, limit: int) -> list[dict[str, Any]]:
        return [told(line) for line in ColumnChange.objects.filter(database=row)[: max(limit, 0)]]


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


# Read once for all tenants that are told of, without the databases' configurations.
ATTACHMENTS = Prefetch(
    "attachments",
    TenantDatabase.objects.select_related("environment", "database")
    .only("tenant_id", "environment__name", "database__name")
    .order_by("environment__position", "environment__name"),
)


class ManagedTenant(graphene.ObjectType):  # type: ignore[misc]
    """A tenant."""

    slug = graphene.String(required=True)
    name = graphene.String(required=True)
    active = graphene.Boolean(required=True)
    domains = graphene.List(graphene.NonNull(graphene.String), required=True)
    databases = graphene.List(graphene.NonNull(ManagedAttachment), required=True)

    @staticmethod
    def resolve_databases(row: Tenant, _info: Any) -> list[dict[str, str]]:
        rows = row.attachments.all()
        return [{"environment": a.environment.name, "database": a.database.name} for a in rows]


def told(line: ColumnChange) -> dict[str, Any]:
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
