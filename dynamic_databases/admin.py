"""Databases in Django's admin: create, edit, test, change columns; a secret is never shown."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from dynamic_databases.catalog.diff import dynamic_columns
from dynamic_databases.columns import add_column, drop_column, rename_column, widen_column
from dynamic_databases.config.allowed import ENGINES
from dynamic_databases.config.conventional import without_effect
from dynamic_databases.config.replicas import restore_replicas
from dynamic_databases.config.secrets import SECRET_KEYS, hide, is_given, restore
from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import DatabaseProblem, InvalidConfig
from dynamic_databases.models import Baseline, ColumnChange, Database
from dynamic_databases.process import process_registry

_EXAMPLE = """{
  "ENGINE": "django.db.backends.postgresql",
  "HOST": "db.example.com",
  "NAME": "books",
  "USER": "gateway",
  "PASSWORD": "secret",
  "OPTIONS": {"sslmode": "verify-full", "sslrootcert": "system"}
}"""
_EXAMPLE_REPLICAS = '[{"HOST": "replica.example.com", "PASSWORD": "secret"}]'
_SHOWN = {"config": "configuration", "replicas": "shown_replicas"}  # to who may only look
_COLUMNS_PAGE = "dynamic_databases_database_columns"


class ConfigField(forms.JSONField):
    """The configuration as JSON text, its secrets hidden."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(hide(value), indent=2, ensure_ascii=False)
        return value


class ReplicasField(forms.JSONField):
    """The replicas as JSON text, their secrets hidden."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            shown = [hide(one) if isinstance(one, dict) else one for one in value]
            return json.dumps(shown, indent=2, ensure_ascii=False)
        return value


class DatabaseForm(forms.ModelForm[Database]):
    """A hidden secret that comes back as it was shown stays what it was, a reference too."""

    config = ConfigField(
        widget=forms.Textarea(attrs={"rows": 14, "cols": 80, "placeholder": _EXAMPLE}),
        help_text=f"ENGINE ({', '.join(ENGINES)}), NAME, USER, PASSWORD, HOST, PORT, OPTIONS. "
        'A password is stored encrypted, or a reference: {"$env": "NAME"}, {"$file": "path"}. '
        "Leave the dots to keep either, but not with another server, user or TLS.",
    )

    replicas = ReplicasField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 80, "placeholder": _EXAMPLE_REPLICAS}),
        help_text="Read replicas, a list of URLs or of objects that say what differs from config; "
        "each has a password of its own. Leave the dots to keep that of an unchanged one.",
    )

    class Meta:
        model = Database
        fields = ["name", "config", "replicas", "enabled", "baseline"]

    def clean_config(self) -> Any:
        config = self.cleaned_data["config"]
        stored = (
            self.instance.config
            if self.instance.pk and isinstance(self.instance.config, dict)
            else {}
        )
        if not isinstance(config, dict):
            return config
        self.instance.secrets_given = is_given(config)
        return restore(config, stored)

    def clean_replicas(self) -> Any:
        edited = self.cleaned_data["replicas"] or []
        if not isinstance(edited, list):
            return edited
        try:
            return restore_replicas(edited, self.instance.replicas)
        except InvalidConfig as error:
            raise forms.ValidationError(str(error)) from error


class ColumnForm(forms.Form):
    """One change of a column, as `manage.py column` makes it."""

    action = forms.ChoiceField(choices=[(a, a) for a in ("add", "rename", "widen", "drop")])
    table = forms.CharField(help_text="As the database spells it.")
    column = forms.CharField(help_text="As the database spells it.")
    type = forms.CharField(
        required=False,
        help_text="For add and widen: Int, String(120), Decimal(12,2), or a SQL type.",
    )
    default = forms.CharField(required=False, help_text="For add: makes the column NOT NULL.")
    new_name = forms.CharField(required=False, help_text="For rename.")
    force = forms.BooleanField(
        required=False, help_text="Even where rows have values that may be lost."
    )

    _NEEDED = {"add": "type", "widen": "type", "rename": "new_name"}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        needed = self._NEEDED.get(given.get("action", ""))
        if needed and not given.get(needed):
            self.add_error(needed, f"{given['action']} needs this.")
        return given

    def change(self, database: Database, user: str) -> ColumnChange:
        """Make the change. Raises DatabaseProblem."""
        given, who = self.cleaned_data, f"{user} (admin)"
        place = (database, given["table"], given["column"])
        match given["action"]:
            case "add":
                default = given["default"] or None
                return add_column(*place, given["type"], who=who, default=default)
            case "rename":
                return rename_column(*place, given["new_name"], who=who)
            case "widen":
                return widen_column(*place, given["type"], who=who, force=given["force"])
            case _:
                return drop_column(*place, who=who, force=given["force"])


@admin.register(Database)
class DatabaseAdmin(admin.ModelAdmin[Database]):
    """The list of databases with an action that connects to the chosen ones."""

    form = DatabaseForm
    list_display = ["name", "engine", "enabled", "refused", "revision", "updated_at"]
    list_filter = ["enabled"]
    search_fields = ["name"]
    actions = ["test_connection"]
    readonly_fields = ["columns_page", "secret", "revision", "created_at", "updated_at"]

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.columns_view)
        return [path("<int:pk>/columns/", page, name=_COLUMNS_PAGE), *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Database | None = None) -> list[Any]:
        """Who may only look is shown the configuration as everywhere: secrets hidden."""
        fields = list(super().get_fields(request, obj))
        if self.has_change_permission(request, obj) or obj is None:
            return fields
        return [_SHOWN.get(str(name), name) for name in fields]

    def save_model(self, request: HttpRequest, obj: Database, form: Any, change: bool) -> None:
        """Say which parts of the configuration have no effect: they aren't stored."""
        notes = without_effect(obj.config)
        super().save_model(request, obj, form, change)
        for note in notes:
            self.message_user(request, note, messages.WARNING)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """What is hidden can't be asked for in the address either."""
        return not lookup.startswith(tuple(_SHOWN)) and super().lookup_allowed(
            lookup, value, request
        )

    @admin.display(description="config")
    def configuration(self, row: Database) -> str:
        return json.dumps(row.shown_config(), indent=2, ensure_ascii=False)

    @admin.display(description="replicas")
    def shown_replicas(self, row: Database) -> str:
        return json.dumps(row.shown_replicas(), indent=2, ensure_ascii=False)

    @admin.display(description="columns")
    def columns_page(self, row: Database | None) -> str:
        if row is None or row._state.adding:  # on the page that adds one
            return "-"
        return format_html(
            '<a href="{}">show and change</a>', reverse(f"admin:{_COLUMNS_PAGE}", args=[row.pk])
        )

    def columns_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a database's columns, and change one of its own."""
        row = get_object_or_404(Database.objects.with_baselines(), pk=pk)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        form = ColumnForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                line = form.change(row, request.user.get_username())
            except DatabaseProblem as error:
                form.add_error(None, explain(error))
            else:
                messages.success(request, f"{line.action} {line.table}.{line.column}: {line.state}")
                return HttpResponseRedirect(request.path)
        context = self.admin_site.each_context(request)
        try:
            tables = _tables(row)
        except DatabaseProblem as error:
            messages.error(request, explain(error))
            tables = []
        context |= {"title": f"Columns of {row}", "row": row, "form": form, "tables": tables}
        return TemplateResponse(request, "admin/dynamic_databases/database/columns.html", context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuse, as for protected rows, what would take attachments to tenants along."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        dependents = [one for row in objs for one in row.dependents()]
        return deleted, counts, missing, [*protected, *dependents]

    @admin.display(description="engine")
    def engine(self, row: Database) -> str:
        return str(row.shown_config().get("ENGINE", ""))

    @admin.display(description="secret")
    def secret(self, row: Database) -> str:
        """Show what the configuration's dots stand for."""
        shown = row.shown_config()
        return (
            ", ".join(
                f"{key}: {json.dumps(shown[key], ensure_ascii=False)}"
                for key in sorted(SECRET_KEYS & shown.keys())
            )
            or "-"
        )

    @admin.display(description="refused")
    def refused(self, row: Database) -> str:
        return str(row.config_problem() or "")

    @admin.action(
        description="Test the connection of the selected databases", permissions=["change"]
    )
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Database]) -> None:
        for row in queryset:
            if not row.enabled:
                messages.warning(request, f"{row.name}: it is disabled")
                continue
            try:
                catalog = process_registry().refresh(row.label).catalog
                process_registry().replicas.catch_up_all(row.label)
            except DatabaseProblem as error:
                messages.error(request, f"{row.name}: {explain(error)}")
            else:
                messages.success(request, f"{row.name}: connected, {len(catalog.tables)} tables")


@admin.register(ColumnChange)
class ColumnChangeAdmin(admin.ModelAdmin[ColumnChange]):
    """The log of changed columns, to be read."""

    list_display = ["started_at", "who", "database_name", "action", "table", "column", "state"]
    list_filter = ["state", "action"]
    search_fields = ["database_name", "table", "column", "who"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: ColumnChange | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ColumnChange | None = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Baseline)
class BaselineAdmin(admin.ModelAdmin[Baseline]):
    """Baselines are captured by `manage.py baseline capture`, not typed."""

    list_display = ["name", "version", "created_at"]
    readonly_fields = ["name", "version", "catalog_json", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False


def _tables(row: Database) -> list[dict[str, Any]]:
    baseline = row.baseline.catalog if row.baseline else None
    return [
        {
            "name": str(table.name),
            "columns": [
                {
                    "name": c.name,
                    "type": c.type.name,
                    "nullable": c.nullable,
                    "own": c.name in beyond,
                }
                for c in table.columns
            ],
        }
        for table in row.catalog().tables
        for beyond in [set(dynamic_columns(table, baseline))]
    ]
