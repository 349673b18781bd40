"""The queries and mutations of the management schema. Graphene classes: its vocabulary is fixed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import graphene
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from dynamic_databases import columns
from dynamic_databases.errors import InvalidConfig
from dynamic_databases.models import Baseline, ColumnChange, Database
from dynamic_databases.registry import process_registry
from gateway.manage.caller import Caller
from gateway.manage.types import (
    ATTACHMENTS,
    ManagedBaseline,
    ManagedChange,
    ManagedDatabase,
    ManagedTenant,
    told,
)
from tenants.models import Tenant, TenantDatabase
from tenants.records import environment_named

_Text = graphene.String(required=True)
_Row = TypeVar("_Row", bound=Model)
_PAGE = {
    "limit": graphene.Int(description="At most so many; all where it is left out."),
    "offset": graphene.Int(default_value=0),
    "search": graphene.String(
        default_value="", description="A part of the name, in whatever case."
    ),
}


class Query(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """What there is."""

    databases = graphene.List(graphene.NonNull(ManagedDatabase), required=True, **_PAGE)
    database = graphene.Field(ManagedDatabase, name=_Text, required=True)
    baselines = graphene.List(graphene.NonNull(ManagedBaseline), required=True)
    tenants = graphene.List(graphene.NonNull(ManagedTenant), required=True, **_PAGE)

    @staticmethod
    def resolve_databases(_root: None, info: Any, **page: Any) -> Any:
        return _page(_caller(info).databases(), "name", **page)

    @staticmethod
    def resolve_database(_root: None, info: Any, name: str) -> Database:
        return _caller(info).database(name)

    @staticmethod
    def resolve_baselines(_root: None, info: Any) -> Any:
        _caller(info).check_operator()
        return Baseline.objects.all()

    @staticmethod
    def resolve_tenants(_root: None, info: Any, **page: Any) -> Any:
        pk = _caller(info).tenant_pk
        rows = Tenant.objects.all() if pk is None else Tenant.objects.filter(pk=pk)
        return _page(rows.prefetch_related(ATTACHMENTS), "slug", **page)


def _column_field(description: str, **more: Any) -> graphene.Field:
    return graphene.Field(
        ManagedChange,
        required=True,
        description=description,
        database=_Text,
        table=_Text,
        name=_Text,
        **more,
    )


_Type = graphene.String(
    required=True, description="A GraphQL scalar such as String(120), or a SQL type."
)
_Force = graphene.Boolean(
    default_value=False, description="Even where rows have values that may be lost."
)


class Mutation(graphene.ObjectType):  # type: ignore[misc]
    """What may be done: columns by a tenant's admin, the rest by operators."""

    add_column = _column_field("Add a column.", type=_Type, default=graphene.String())
    rename_column = _column_field("Rename a column.", new_name=_Text)
    widen_column = _column_field("Give a column a larger type.", type=_Type, force=_Force)
    drop_column = _column_field("Drop a column.", force=_Force)
    refresh_schema = graphene.Field(ManagedDatabase, database=_Text, required=True)
    register_database = graphene.Field(ManagedDatabase, name=_Text, url=_Text, baseline=graphene.String(), required=True)  # fmt: skip
    remove_database = graphene.Field(graphene.Boolean, name=_Text, required=True)
    enable_database = graphene.Field(ManagedDatabase, name=_Text, enabled=graphene.Boolean(required=True), required=True)  # fmt: skip
    add_tenant = graphene.Field(ManagedTenant, slug=_Text, name=graphene.String(default_value=""), domains=graphene.List(graphene.NonNull(graphene.String), default_value=[]), required=True)  # fmt: skip
    attach_database = graphene.Field(ManagedTenant, tenant=_Text, environment=_Text, database=_Text, required=True)  # fmt: skip
    capture_baseline = graphene.Field(ManagedBaseline, database=_Text, name=_Text, required=True)
    assign_baseline = graphene.Field(ManagedDatabase, database=_Text, baseline=graphene.String(), required=True)  # fmt: skip

    @staticmethod
    def resolve_add_column(_root: None, info: Any, **given: Any) -> dict[str, Any]:
        return _changed(
            info, columns.add_column, given, "name", "type", default=given.get("default")
        )

    @staticmethod
    def resolve_rename_column(_root: None, info: Any, **given: Any) -> dict[str, Any]:
        return _changed(info, columns.rename_column, given, "name", "new_name")

    @staticmethod
    def resolve_widen_column(_root: None, info: Any, **given: Any) -> dict[str, Any]:
        return _changed(info, columns.widen_column, given, "name", "type", force=given["force"])

    @staticmethod
    def resolve_drop_column(_root: None, info: Any, **given: Any) -> dict[str, Any]:
        return _changed(info, columns.drop_column, given, "name", force=given["force"])

    @staticmethod
    def resolve_refresh_schema(_root: None, info: Any, database: str) -> Database:
        """Read the catalog anew, here and (within a second) in every other process."""
        row = _caller(info).database(database)
        columns.read_everywhere(row)
        return row

    @staticmethod
    def resolve_register_database(_root: None, info: Any, name: str, url: str, baseline: str | None = None) -> Database:  # fmt: skip
        _caller(info).check_operator()
        try:
            with transaction.atomic():
                row = Database.objects.from_url(name, url)
                process_registry().refresh(row.label)  # it must answer
                if baseline is not None:
                    row.baseline = Baseline.objects.named(baseline)
                    row.save()
        except IntegrityError:
            raise InvalidConfig("name", f"there is a database called {name} already") from None
        return row

    @staticmethod
    def resolve_remove_database(_root: None, info: Any, name: str) -> bool:
        caller = _caller(info)
        caller.check_operator()
        caller.database(name).delete()
        return True

    @staticmethod
    def resolve_enable_database(_root: None, info: Any, name: str, enabled: bool) -> Database:
        caller = _caller(info)
        caller.check_operator()
        row = caller.database(name)
        row.enabled = enabled
        row.save()
        return row

    @staticmethod
    def resolve_add_tenant(_root: None, info: Any, slug: str, name: str, domains: list[str]) -> Tenant:  # fmt: skip
        _caller(info).check_operator()
        row = Tenant(slug=slug, name=name, domains=domains)
        row.full_clean()
        row.save()
        return row

    @staticmethod
    def resolve_attach_database(_root: None, info: Any, tenant: str, environment: str, database: str) -> Tenant:  # fmt: skip
        caller = _caller(info)
        caller.check_operator()
        row = Tenant.objects.get(slug=tenant)
        found = caller.database(database)
        # Last: nothing is stored where the others aren't there.
        stage = environment_named(environment)
        TenantDatabase.objects.update_or_create(
            tenant=row, environment=stage, defaults={"database": found}
        )
        return row

    @staticmethod
    def resolve_capture_baseline(_root: None, info: Any, database: str, name: str) -> Baseline:
        caller = _caller(info)
        caller.check_operator()
        return Baseline.capture(caller.database(database), name)

    @staticmethod
    def resolve_assign_baseline(_root: None, info: Any, database: str, baseline: str | None = None) -> Database:  # fmt: skip
        caller = _caller(info)
        caller.check_operator()
        row = caller.database(database)
        row.baseline = Baseline.objects.named(baseline) if baseline is not None else None
        row.save()
        return row


schema = graphene.Schema(query=Query, mutation=Mutation)


def _changed(
    info: Any,
    change: Callable[..., ColumnChange],
    given: dict[str, Any],
    *names: str,
    **options: Any,
) -> dict[str, Any]:
    caller = _caller(info)
    database = caller.database(given["database"])
    values = (given[name] for name in names)
    return told(change(database, given["table"], *values, who=caller.name, **options))


def _page(
    rows: QuerySet[_Row], name: str, limit: int | None = None, offset: int = 0, search: str = ""
) -> QuerySet[_Row]:
    """Return some of the rows, in the order of their names."""
    if offset < 0 or (limit is not None and limit < 0):
        raise ValidationError("limit and offset are numbers of rows, from 0 on.")
    if search:
        rows = rows.filter(**{f"{name}__icontains": search})
    return rows[offset : None if limit is None else offset + limit]


def _caller(info: Any) -> Caller:
    caller: Caller = info.context.caller
    return caller
