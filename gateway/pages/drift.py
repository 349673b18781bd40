"""The admin's page of what differs between a tenant's environments, or from the baselines."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from dynamic_databases.connect_causes import explain
from dynamic_databases.errors import DatabaseProblem
from dynamic_databases.models import Database
from dynamic_databases.process import process_registry
from gateway.pages.django_handler import schema_process_of
from gateway.reports.drift import Drift, DriftReader, compare_here, compare_in, with_baseline
from tenants.models import Environment, Tenant, TenantDatabase

PER_PAGE = 50  # databases
_SECONDS = 10.0  # to read them, at most
_FLEET = ("dynamic_databases.view_database", "dynamic_databases.view_baseline")
_PAIR = ("dynamic_databases.view_database", "tenants.view_tenant", "tenants.view_tenantdatabase")


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
    """Compare what the form names; `?fleet=1` compares databases with their baselines, in pages.

    What isn't read in the time that a page has is named as not reached.
    """
    needed = _FLEET if "fleet" in request.GET else _PAIR
    if not request.user.has_perms(needed):
        raise PermissionDenied(f"This needs the permissions {', '.join(needed)}.")
    is_pair = "tenant" in request.GET and "fleet" not in request.GET
    # The form lists environments.
    form = DriftForm(request.GET if is_pair else None) if request.user.has_perms(_PAIR) else None
    seconds = min(_SECONDS, settings.GATEWAY.page_deadline_ms / 2000)
    rendering = schema_process_of(request)
    compare = compare_here if rendering is None else compare_in(rendering)
    reader = DriftReader(process_registry(), settings.GATEWAY, compare)
    drifts: list[Drift] = []
    page: Page[Database] | None = None
    if "fleet" in request.GET:
        page = Paginator(with_baseline(), PER_PAGE).get_page(request.GET.get("page"))
        drifts = reader.fleet(page, seconds)
    if form is not None and form.is_bound and form.is_valid():
        given = form.cleaned_data
        pair = (given["before_database"].database, given["after_database"].database)
        try:
            drifts = [reader.between(*pair, seconds)]
        except DatabaseProblem as error:
            messages.error(request, explain(error))
    context = admin.site.each_context(request) | {
        "title": "Drift",
        "form": form,
        "page": page,
        "drifts": [drift for drift in drifts if drift.is_reached],
        "unreached": [drift for drift in drifts if not drift.is_reached],
        "seconds": seconds,
    }
    return TemplateResponse(request, "admin/drift.html", context)
