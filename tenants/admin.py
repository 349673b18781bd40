"""Tenants, environments, tokens and roles for support people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
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

    list_display = ["slug", "name", "active", "default_stage"]
    list_select_related = ["default_environment"]
    list_filter = ["active"]
    search_fields = ["slug", "name"]
    inlines = [TenantDatabaseInline]


@admin.register(Environment)
class EnvironmentAdmin(admin.ModelAdmin[Environment]):
    """The stages."""

    list_display = ["name", "position"]


class TokenForm(forms.ModelForm[ApiToken]):
    """A token that ended stays ended: its end can be brought forward, not put off."""

    def clean_expires_at(self) -> dt.datetime | None:
        wanted: dt.datetime | None = self.cleaned_data["expires_at"]
        before = self.instance.expires_at
        if before is not None and (wanted is None or wanted > before):
            raise ValidationError(
                f"It can't be later than {before:%Y-%m-%d %H:%M} UTC: make a new token instead."
            )
        return wanted


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Tokens can be seen, renamed and revoked; `manage.py token create` makes them."""

    list_display = ["prefix", "name", "tenant", "environment", "role", "expires_at", "revoked_at"]
    list_filter = ["environment"]
    list_select_related = ["tenant", "environment"]
    search_fields = ["prefix", "name", "tenant__slug"]
    readonly_fields = ["prefix", "tenant", "environment", "role", "variables", "created_at"]
    fields = ["name", *readonly_fields, "expires_at", "revoked_at"]
    form = TokenForm

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> list[str]:  # noqa: ARG002 - Django's signature
        """A revoked token stays revoked."""
        ended = ["expires_at", "revoked_at"] if obj is not None and obj.revoked_at else []
        return [*self.readonly_fields, *ended]

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """The hash can't be asked for in the address either."""
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

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
