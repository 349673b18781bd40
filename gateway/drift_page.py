"""The admin's page of what differs between a tenant's environments, or from the baselines."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.registry import process_registry
from gateway.drift import Drift, DriftReader
from tenants.models import Environment, Tenant, TenantDatabase

_PERMISSION = "dynamic_databases.view_database"


class DriftForm(forms.Form):
    """Which databases to compare."""

    # Typed, not chosen: a select would list every tenant.
    tenant = forms.ModelChoiceField(
        Tenant.objects.all(),
        to_field_name="slug",
        label="tenant's slug",
        widget=forms.TextInput,
        error_messages={"invalid_choice": "There is no such tenant."},
    )
    before = forms.ModelChoiceField(Environment.objects.all(), to_field_name="name", label="from")
    after = forms.ModelChoiceField(Environment.objects.all(), to_field_name="name", label="to")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in ("before", "after"):
            if given.get("tenant") and given.get(name):
                rows = TenantDatabase.objects.filter(
                    tenant=given["tenant"], environment=given[name]
                )
                given[f"{name}_database"] = rows.select_related("database").first()
                if given[f"{name}_database"] is None:
                    self.add_error(name, "The tenant has no database in this environment.")
        return given


def drift_page(request: HttpRequest) -> HttpResponse:
    """Compare what the form names; `?fleet=1` compares every database with its baseline."""
    if not request.user.has_perm(_PERMISSION):
        raise PermissionDenied
    reader = DriftReader(process_registry(), settings.GATEWAY)
    form = DriftForm(request.GET if "tenant" in request.GET else None)
    drifts: list[Drift] = list(reader.fleet()) if "fleet" in request.GET else []
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        pair = (given["before_database"].database, given["after_database"].database)
        try:
            drifts = [reader.between(*pair)]
        except DatabaseProblem as error:
            messages.error(request, str(error))
    context = admin.site.each_context(request) | {"title": "Drift", "form": form, "drifts": drifts}
    return TemplateResponse(request, "admin/drift.html", context)
