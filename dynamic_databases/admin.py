"""Databases in Django's admin: create, edit, test the connection; a secret is never shown."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from dynamic_databases.config.secrets import redact, restore
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Baseline, Database
from dynamic_databases.registry import process_registry


class ConfigField(forms.JSONField):
    """The configuration as JSON text, its secrets hidden."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(redact(value), indent=2, ensure_ascii=False)
        return value


class DatabaseForm(forms.ModelForm[Database]):
    """A hidden secret that comes back as it was shown stays what it was."""

    config = ConfigField(
        widget=forms.Textarea(attrs={"rows": 14, "cols": 80}),
        help_text="ENGINE, NAME, USER, PASSWORD, HOST, PORT, OPTIONS. A password is stored encrypted; "
        'leave the dots to keep it, or refer to it: {"$env": "NAME"}, {"$file": "path"}.',
    )

    class Meta:
        model = Database
        fields = ["name", "config", "enabled", "baseline"]

    def clean_config(self) -> Any:
        config = self.cleaned_data["config"]
        stored = (
            self.instance.config
            if self.instance.pk and isinstance(self.instance.config, dict)
            else {}
        )
        return restore(config, stored) if isinstance(config, dict) else config


@admin.register(Database)
class DatabaseAdmin(admin.ModelAdmin[Database]):
    """The list of databases with an action that connects to the chosen ones."""

    form = DatabaseForm
    list_display = ["name", "engine", "enabled", "revision", "updated_at"]
    list_filter = ["enabled"]
    search_fields = ["name"]
    actions = ["test_connection"]
    readonly_fields = ["revision", "created_at", "updated_at"]

    @admin.display(description="engine")
    def engine(self, row: Database) -> str:
        return str(row.config.get("ENGINE", ""))

    @admin.action(description="Test the connection of the selected databases")
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Database]) -> None:
        for row in queryset:
            if not row.enabled:
                messages.warning(request, f"{row.name}: it is disabled")
                continue
            try:
                catalog = process_registry().refresh(row.label).catalog
            except DatabaseProblem as error:
                messages.error(request, f"{row.name}: {error}")
            else:
                messages.success(request, f"{row.name}: connected, {len(catalog.tables)} tables")


@admin.register(Baseline)
class BaselineAdmin(admin.ModelAdmin[Baseline]):
    """Baselines are captured by `manage.py baseline capture`, not typed."""

    list_display = ["name", "created_at"]
    readonly_fields = ["catalog_json", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False
