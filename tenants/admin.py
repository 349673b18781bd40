"""Tenants, environments, tokens and roles for support people."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from tenants.models import ApiToken, Environment, Role, TablePermission, Tenant, TenantDatabase


class TenantDatabaseInline(admin.TabularInline[TenantDatabase, Tenant]):
    """The databases of a tenant, on the tenant's page."""

    model = TenantDatabase
    extra = 0
    autocomplete_fields = ["database"]  # a select would list every database for each row


@admin.register(Tenant)
class TenantAdmin(admin.ModelAdmin[Tenant]):
    """Tenants with their databases."""

    list_display = ["slug", "name", "active"]
    list_filter = ["active"]
    search_fields = ["slug", "name"]
    inlines = [TenantDatabaseInline]


@admin.register(Environment)
class EnvironmentAdmin(admin.ModelAdmin[Environment]):
    """The stages."""

    list_display = ["name", "position"]


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Tokens can be seen, renamed and revoked; `manage.py token create` makes them."""

    list_display = ["prefix", "name", "tenant", "environment", "role", "expires_at", "revoked_at"]
    list_filter = ["environment"]
    list_select_related = ["tenant", "environment"]
    search_fields = ["prefix", "name", "tenant__slug"]
    readonly_fields = ["prefix", "tenant", "environment", "role", "created_at"]
    fields = ["name", *readonly_fields, "expires_at", "revoked_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False


class TablePermissionInline(admin.TabularInline[TablePermission, Role]):
    """What a role may do, on the role's page."""

    model = TablePermission
    extra = 1


@admin.register(Role)
class RoleAdmin(admin.ModelAdmin[Role]):
    """Roles with their permissions."""

    inlines = [TablePermissionInline]
