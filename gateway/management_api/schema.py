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
from dynamic_databases.process import process_registry
from gateway.management_api.caller import Caller
from gateway.management_api.roles import RoleMutation, RoleQuery
from gateway.management_api.rules import ADD_ENVIRONMENT
from gateway.management_api.types import (
    ManagedBaseline,
    ManagedChange,
    ManagedDatabase,
    ManagedTenant,
    attachments_of,
    change_fields,
)
from tenants.authentication.tokens import revoke_token
from tenants.models import Environment, Tenant, TenantDatabase
from tenants.provisioning import environment_named

_Text = graphene.String(required=True)
_Row = TypeVar("_Row", bound=Model)
_PAGE = {
    "limit": graphene.Int(description="At most so many; all where it is left out."),
    "offset": graphene.Int(default_value=0),
    "search": graphene.String(
        default_value="", description="A part of the name, in whatever case."
    ),
}


class Query(RoleQuery):
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
        _caller(info)
        return Baseline.objects.all()

    @staticmethod
    def resolve_tenants(_root: None, info: Any, **page: Any) -> Any:
        caller = _caller(info)
        rows = caller.tenants().select_related("default_environment")
        rows = rows.prefetch_related(attachments_of(caller))
        return _page(rows, "slug", **page)


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


class Mutation(RoleMutation):
    """What may be done: columns by a tenant's admin, the rest by operators."""

    add_column = _column_field("Add a column.", type=_Type, default=graphene.String())
    rename_column = _column_field("Rename a column.", new_name=_Text)
    widen_column = _column_field("Give a column a larger type.", type=_Type, force=_Force)
    drop_column = _column_field("Drop a column.", force=_Force)
    refresh_schema = graphene.Field(ManagedDatabase, database=_Text, required=True)
    register_database = graphene.Field(
        ManagedDatabase,
        name=_Text,
        url=_Text,
        replicas=graphene.List(
            graphene.NonNull(graphene.String), default_value=[], description="URLs."
        ),
        baseline=graphene.String(),
        required=True,
    )
    remove_database = graphene.Field(
        graphene.Boolean,
        name=_Text,
        force=graphene.Boolean(
            default_value=False, description="Even while it is attached to a tenant."
        ),
        required=True,
    )
    enable_database = graphene.Field(
        ManagedDatabase, name=_Text, enabled=graphene.Boolean(required=True), required=True
    )
    add_tenant = graphene.Field(
        ManagedTenant,
        slug=_Text,
        name=graphene.String(default_value=""),
        domains=graphene.List(graphene.NonNull(graphene.String), default_value=[]),
        default_environment=graphene.String(),
        required=True,
    )
    set_default_environment = graphene.Field(
        ManagedTenant,
        tenant=_Text,
        environment=_Text,
        required=True,
        description="Asked where a request names none.",
    )
    attach_database = graphene.Field(
        ManagedTenant, tenant=_Text, environment=_Text, database=_Text, required=True
    )
    revoke_token = graphene.Field(
        graphene.Boolean,
        token=_Text,
        required=True,
        description="Revoke a token, given by its prefix or as it is; also on a full disk.",
    )
    capture_baseline = graphene.Field(ManagedBaseline, database=_Text, name=_Text, required=True)
    assign_baseline = graphene.Field(
        ManagedDatabase, database=_Text, baseline=graphene.String(), required=True
    )

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
        """Read the catalog again, here and (within a second) in every other process."""
        row = _caller(info).database(database)
        columns.read_everywhere(row)
        return row

    @staticmethod
    def resolve_register_database(
        _root: None,
        info: Any,
        name: str,
        url: str,
        replicas: list[str],
        baseline: str | None = None,
    ) -> Database:
        _caller(info)
        try:
            with transaction.atomic():
                row = Database.objects.from_url(name, url, replicas)
                process_registry().refresh(row.label)  # it must answer
                process_registry().replicas.catch_up_all(row.label)
                if baseline is not None:
                    row.baseline = Baseline.objects.named(baseline)
                    row.save()
        except IntegrityError:
            raise InvalidConfig("name", f"there is a database called {name} already") from None
        return row

    @staticmethod
    def resolve_remove_database(_root: None, info: Any, name: str, force: bool) -> bool:
        caller = _caller(info)
        caller.database_to_change(name).remove(force=force)
        return True

    @staticmethod
    def resolve_enable_database(_root: None, info: Any, name: str, enabled: bool) -> Database:
        caller = _caller(info)
        row = caller.database_to_change(name)
        row.enabled = enabled
        row.save()
        return row

    @staticmethod
    def resolve_add_tenant(
        _root: None,
        info: Any,
        slug: str,
        name: str,
        domains: list[str],
        default_environment: str | None = None,
    ) -> Tenant:
        caller = _caller(info)
        row = Tenant(slug=slug, name=name, domains=domains)
        row.full_clean()
        if default_environment is not None:
            row.default_environment = _environment(caller, default_environment)
        row.save()
        return row

    @staticmethod
    def resolve_set_default_environment(
        _root: None, info: Any, tenant: str, environment: str
    ) -> Tenant:
        caller = _caller(info)
        row = caller.tenant(tenant)
        row.default_environment = _environment(caller, environment)
        row.save()
        return row

    @staticmethod
    def resolve_attach_database(
        _root: None, info: Any, tenant: str, environment: str, database: str
    ) -> Tenant:
        caller = _caller(info)
        caller.check_environment(environment)
        row = caller.tenant(tenant)
        found = caller.database_to_change(database)
        # Last: nothing is stored where the others aren't there.
        stage = _environment(caller, environment)
        TenantDatabase.objects.update_or_create(
            tenant=row, environment=stage, defaults={"database": found}
        )
        return row

    @staticmethod
    def resolve_revoke_token(_root: None, info: Any, token: str) -> bool:
        _caller(info)
        revoke_token(token)
        return True

    @staticmethod
    def resolve_capture_baseline(_root: None, info: Any, database: str, name: str) -> Baseline:
        caller = _caller(info)
        return Baseline.capture(caller.database(database), name)

    @staticmethod
    def resolve_assign_baseline(
        _root: None, info: Any, database: str, baseline: str | None = None
    ) -> Database:
        caller = _caller(info)
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
    database = caller.database_to_change(given["database"])
    values = (given[name] for name in names)
    return change_fields(change(database, given["table"], *values, who=caller.name, **options))


def _environment(caller: Caller, name: str) -> Environment:
    """Return the environment of this name, added where the caller may add one."""
    if not Environment.objects.filter(name=name).exists():
        caller.check_permissions(ADD_ENVIRONMENT)
    return environment_named(name)


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
    """Return the caller. Raises NotYours where the operation is not theirs."""
    caller: Caller = info.context.caller
    caller.check(info.field_name)
    return caller
